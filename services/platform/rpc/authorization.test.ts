import type { DescMethod } from "@bufbuild/protobuf";
import { describe, expect, it } from "@jest/globals";
import { AuthService } from "#gen/medport/center/v1/auth_service_pb.ts";
import { AgencyService } from "#gen/medport/ems/v1/agency_service_pb.ts";
import { FacilityService } from "#gen/medport/hospital/v1/facility_service_pb.ts";
import { TripClaimService } from "#gen/medport/hospital/v1/trip_claim_service_pb.ts";
import { aCenterUser, aUser } from "#platform/auth/auth.builder.ts";
import type { Caller } from "#platform/auth/caller.ts";
import { assertAuthorized } from "./authorization.ts";
import { reasonOf } from "./refusal.ts";

const withToken = <T>(user: T): T & { token: string } => ({ ...user, token: "t" });
const nobody: Caller = {};
const dispatcher: Caller = { user: withToken(aUser()) };
const viewer: Caller = { user: withToken(aUser({ roles: ["viewer"] })) };
const admin: Caller = { user: withToken(aUser({ roles: ["billing", "orgAdmin"] })) };
const medic: Caller = { user: withToken(aUser({ userType: "EMS", roles: ["dispatcher"] })) };
const center: Caller = { user: withToken(aCenterUser()) };
const ems: Caller = { service: "ems" };

const { getFacility, createFacility } = FacilityService.method;
const { claimTrip, resolveClaim, setTripUnit } = TripClaimService.method;
const { setAgencyStatus } = AgencyService.method;

function verdict(method: DescMethod, caller: Caller): string {
  try {
    assertAuthorized(method, caller);
    return "yes";
  } catch (error) {
    return reasonOf(error) ?? String(error);
  }
}

describe("authorization", () => {
  it.each<[string, DescMethod, Caller, string]>([
    ["lets everybody call what is public", AuthService.method.login, nobody, "yes"],
    ["lets a user call what the type may", getFacility, viewer, "yes"],
    ["lets a user call through a service", getFacility, { ...dispatcher, ...ems }, "yes"],
    ["lets one of several roles suffice", createFacility, admin, "yes"],
    ["demands the user's token", getFacility, nobody, "TOKEN_MISSING"],
    ["demands the user's token of a service, too", getFacility, ems, "TOKEN_MISSING"],
    ["refuses the wrong role", createFacility, dispatcher, "METHOD_NOT_ALLOWED"],
    [
      "refuses the wrong type",
      createFacility,
      { user: withToken(aUser({ userType: "EMS", roles: ["orgAdmin"] })) },
      "METHOD_NOT_ALLOWED",
    ],
    ["demands the service's token where services are named", claimTrip, medic, "METHOD_NOT_ALLOWED"],
    ["demands some token where services are named", claimTrip, nobody, "TOKEN_MISSING"],
    ["demands the user's token beside it", setAgencyStatus, { service: "center" }, "TOKEN_MISSING"],
    ["lets both together pass", claimTrip, { ...medic, ...ems }, "yes"],
    ["refuses another service", claimTrip, { ...medic, service: "center" }, "METHOD_NOT_ALLOWED"],
    ["refuses the wrong user even through the right service", claimTrip, { ...viewer, ...ems }, "METHOD_NOT_ALLOWED"],
    ["lets the system call what is the system's", resolveClaim, ems, "yes"],
    ["refuses the system's methods to people", resolveClaim, center, "METHOD_NOT_ALLOWED"],
    ["lets the system call in place of a user where the policy says so", setTripUnit, ems, "yes"],
    ["holds a user to the roles there all the same", setTripUnit, { ...viewer, ...ems }, "METHOD_NOT_ALLOWED"],
  ])("%s", (_rule, method, caller, expected) => {
    expect(verdict(method, caller)).toBe(expected);
  });
});
