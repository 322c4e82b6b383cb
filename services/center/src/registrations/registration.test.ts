import { describe, expect, it } from "@jest/globals";
import { Reason } from "#gen/medport/errors/v1/reason_pb.ts";
import { reasonName } from "#platform/rpc/refusal.ts";
import type { AgencyId } from "../agencies/agency.ts";
import { meaningOfRefusal } from "./registration.ts";

const agencyId = "agency-1" as AgencyId;
const named = (...reasons: readonly Reason[]) => reasons.map((reason) => [reasonName(reason), reason] as const);

describe("a refusal of EMS", () => {
  it.each(named(Reason.VALIDATION_FAILED, Reason.INVALID_STATE_TRANSITION))(
    "to what is told of the agency ends the registration (%s)",
    (_name, reason) => {
      expect(meaningOfRefusal(reason, undefined, agencyId)).toBe("REFUSED");
    },
  );

  it("for another record with the same identity ends the registration", () => {
    expect(meaningOfRefusal(Reason.RESOURCE_EXISTS, undefined, agencyId)).toBe("REFUSED");
    expect(meaningOfRefusal(Reason.RESOURCE_EXISTS, "agency-2", agencyId)).toBe("REFUSED");
  });

  it("that names the agency itself says that the agency exists", () => {
    expect(meaningOfRefusal(Reason.RESOURCE_EXISTS, agencyId, agencyId)).toBe("EXISTS");
  });

  it.each(
    named(
      Reason.DEPENDENCY_DOWN,
      Reason.HANDLER_TIMEOUT,
      Reason.CONCURRENT_CHANGE,
      Reason.METHOD_NOT_ALLOWED,
      Reason.SESSION_ENDED,
      Reason.RATE_LIMITED,
      Reason.REQUEST_ID_REUSED,
      Reason.INTERNAL,
    ),
  )("for any other reason leaves the outcome open (%s)", (_name, reason) => {
    expect(meaningOfRefusal(reason, undefined, agencyId)).toBe("UNDECIDED");
  });
});
