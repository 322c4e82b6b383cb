import { describe, expect, it } from "@jest/globals";
import { aDirectory, aTrip } from "./dossier.builder.ts";
import { tripHospital } from "./trip-hospital.ts";

const directory = aDirectory();

describe("the hospital that answers for a trip", () => {
  it.each([
    ["that of whoever asked for it", { createdById: "nurse", originFacilityId: "mercy" }, "mercy", []],
    [
      "the same if it begins elsewhere",
      { createdById: "nurse", originFacilityId: "general" },
      "mercy",
      ["TRIP_ORIGIN_FOREIGN"],
    ],
    [
      "the owner of the origin if the creator has none",
      { createdById: "operator", originFacilityId: "general" },
      "general",
      [],
    ],
    [
      "the owner of the origin if the creator is not known",
      { createdById: "nobody", originFacilityId: "mercy" },
      "mercy",
      [],
    ],
    [
      "the shared one if the origin is nobody's either",
      { createdById: "operator", originFacilityId: "nursing-home" },
      "hosp_shared_directory",
      ["TRIP_HOSPITAL_UNKNOWN"],
    ],
    [
      "the creator's if the origin is nobody's",
      { createdById: "nurse", originFacilityId: "nursing-home" },
      "mercy",
      ["TRIP_ORIGIN_FOREIGN"],
    ],
  ])("is %s", (_, over, hospitalId, kinds) => {
    const trip = aTrip(over);
    const origin = directory.facility(trip.originFacilityId);
    if (!origin) throw new Error("no such place");
    const { value, findings } = tripHospital(trip, origin, directory);
    expect(value).toBe(hospitalId);
    expect(findings.map(({ kind }) => kind)).toEqual(kinds);
  });
});
