import type { DescService } from "@bufbuild/protobuf";
import { describe, expect, it } from "@jest/globals";
import { Health } from "#gen/grpc/health/v1/health_pb.ts";
import { ServerReflection } from "#gen/grpc/reflection/v1/reflection_pb.ts";
import { AuthService } from "#gen/medport/center/v1/auth_service_pb.ts";
import { FacilityService } from "#gen/medport/hospital/v1/facility_service_pb.ts";
import { TripClaimService } from "#gen/medport/hospital/v1/trip_claim_service_pb.ts";
import { assertEveryMethodHasPolicy, fullNameOf, isIdempotent, isPublic, timeoutMsOf } from "./policy.ts";

describe("a method's policy", () => {
  it("sets its time, five seconds if it names none, and none for a stream", () => {
    expect(timeoutMsOf(TripClaimService.method.claimTrip)).toBe(2_000);
    expect(timeoutMsOf(FacilityService.method.getFacility)).toBe(5_000);
    expect(timeoutMsOf(Health.method.watch)).toBeUndefined();
    expect(timeoutMsOf(Health.method.check)).toBe(5_000);
  });

  it("says what needs no token", () => {
    expect(isPublic(AuthService.method.login)).toBe(true);
    expect(isPublic(Health.method.check)).toBe(true);
    expect(isPublic(ServerReflection.method.serverReflectionInfo)).toBe(true);
    expect(isPublic(FacilityService.method.getFacility)).toBe(false);
  });

  it("says what may be sent twice", () => {
    expect(isIdempotent(FacilityService.method.getFacility)).toBe(true);
    expect(isIdempotent(FacilityService.method.createFacility)).toBe(false);
  });

  it("stands on every method of ours", () => {
    expect(() => assertEveryMethodHasPolicy([FacilityService, TripClaimService, AuthService, Health])).not.toThrow();
  });

  it("is missed before the service starts", () => {
    const foreign = { ...Health, typeName: "medport.hospital.v1.Forgotten" } as DescService;
    const methods = foreign.methods.map((method) => ({ ...method, parent: foreign }));
    expect(() => assertEveryMethodHasPolicy([{ ...foreign, methods }])).toThrow(
      "medport.hospital.v1.Forgotten/Watch has no medport.policy.v1.policy",
    );
  });

  it("is spoken of by the method's full name", () => {
    expect(fullNameOf(FacilityService.method.getFacility)).toBe("medport.hospital.v1.FacilityService/GetFacility");
  });
});
