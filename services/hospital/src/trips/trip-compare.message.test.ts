import { describe, expect, it } from "@jest/globals";
import { anAssignedTrip, aMilestone, aPendingTrip, at } from "./trip.builder.ts";
import { differingFields } from "./trip-compare.message.ts";
import { messageFromTrip } from "./trip.message.ts";

const [pending, assigned] = [aPendingTrip(), anAssignedTrip()].map((trip) => messageFromTrip(trip, "OWNER", at(10)));

describe("two versions of a trip", () => {
  it("differ in the paths of what is not the same", () => {
    if (!pending || !assigned) throw new Error("no messages");
    const fields = differingFields(pending, assigned);
    expect(fields).toEqual(fields.toSorted());
    expect(fields).toEqual(
      expect.arrayContaining(["accept_time", "assigned_agency_id", "assigned_unit_id", "etag", "status", "version"]),
    );
    for (const same of ["id", "origin", "patient_id", "milestones", "transport_level"]) {
      expect(fields).not.toContain(same);
    }
  });

  it("differ in a part of a field by the whole field", () => {
    const before = messageFromTrip(anAssignedTrip(), "OWNER", at(30));
    const after = messageFromTrip(anAssignedTrip({ milestones: [aMilestone()] }), "OWNER", at(30));
    expect(differingFields(before, after)).toEqual(["milestones"]);
  });

  it("that are the same do not differ", () => {
    if (!pending) throw new Error("no message");
    expect(differingFields(pending, { ...pending })).toEqual([]);
  });

  it("differ in all that is set if there is no first", () => {
    expect(differingFields(undefined, { id: "trip-1", patientId: "", version: 1n })).toEqual(["id", "version"]);
  });
});
