import { create } from "@bufbuild/protobuf";
import { FieldMaskSchema } from "@bufbuild/protobuf/wkt";
import { ConnectError } from "@connectrpc/connect";
import { describe, expect, it } from "@jest/globals";
import { BadRequestSchema } from "#gen/google/rpc/error_details_pb.ts";
import { FacilityDetailsSchema } from "#gen/medport/hospital/v1/facility_service_pb.ts";
import { TripDetailsSchema } from "#gen/medport/hospital/v1/trip_service_pb.ts";
import { maskedFields } from "./field-mask.ts";
import { reasonOf } from "./refusal.ts";

const mask = (...paths: readonly string[]) => create(FieldMaskSchema, { paths: [...paths] });

function errorFor(read: () => unknown): ConnectError {
  try {
    read();
  } catch (error) {
    if (error instanceof ConnectError) return error;
    throw error;
  }
  throw new Error("the mask was not refused");
}

describe("a field mask", () => {
  it("names fields by their names in TypeScript", () => {
    expect(maskedFields(FacilityDetailsSchema, mask("name", "zip_code", "operating_hours"))).toEqual(
      new Set(["name", "zipCode", "operatingHours"]),
    );
  });

  it("may name a field twice", () => {
    expect(maskedFields(FacilityDetailsSchema, mask("name", "name"))).toEqual(new Set(["name"]));
  });

  it("names every field with a star", () => {
    expect(maskedFields(TripDetailsSchema, mask("*"))).toEqual(
      new Set([
        "originFacilityId",
        "destinationFacilityId",
        "transportLevel",
        "priority",
        "specialRequirements",
        "pickupWindow",
        "awardPolicy",
      ]),
    );
  });

  it.each([
    ["is absent", undefined],
    ["names nothing", mask()],
    ["names a field that there is not", mask("name", "nothing")],
    ["names a field as TypeScript does", mask("zipCode")],
    ["names a part of a field", mask("coordinates.latitude")],
    ["names an empty path", mask("")],
  ])("is refused if it %s", (_what, bad) => {
    const error = errorFor(() => maskedFields(FacilityDetailsSchema, bad));
    expect(reasonOf(error)).toBe("VALIDATION_FAILED");
  });

  it("tells which field of the request is wrong", () => {
    const error = errorFor(() => maskedFields(FacilityDetailsSchema, mask("nothing")));
    const [detail] = error.findDetails(BadRequestSchema);
    expect(detail?.fieldViolations).toMatchObject([
      { field: "update_mask", description: "FacilityDetails has no field nothing" },
    ]);
  });
});
