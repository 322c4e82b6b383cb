import { describe, expect, it } from "@jest/globals";
import { anAssignedTrip, aPendingTrip, at, blair, overseer, owner, receiver, rival, stranger } from "./trip.builder.ts";
import { pastTime, relationThen } from "./trip-as-of.ts";

describe("a trip as it was", () => {
  it.each([
    { who: "the hospital that asked", actor: owner, relation: "OWNER" },
    { who: "the hospital at the destination", actor: receiver, relation: "INBOUND" },
    { who: "Center", actor: overseer, relation: "OVERSEER" },
  ] as const)("is to $who what it is", ({ actor, relation }) => {
    expect(relationThen(relation, aPendingTrip(), actor)).toBe(relation);
    expect(relationThen(relation, anAssignedTrip(), actor)).toBe(relation);
  });

  it("shows the agency that has it now no more than was open to it then", () => {
    expect(relationThen("ASSIGNED", aPendingTrip(), blair)).toBe("OFFERED");
    expect(relationThen("ASSIGNED", anAssignedTrip(), blair)).toBe("ASSIGNED");
  });

  it("shows the agency that had it no more than is open to it now", () => {
    expect(relationThen("OFFERED", anAssignedTrip(), blair)).toBe("OFFERED");
  });

  it("shows nothing to those who could not see it", () => {
    expect(relationThen("OFFERED", anAssignedTrip(), rival)).toBeUndefined();
    expect(relationThen("INBOUND", aPendingTrip(), stranger)).toBeUndefined();
  });
});

describe("a time to look at", () => {
  it("is now, or before", () => {
    expect(pastTime("as_of_time", at(5), at(5))).toEqual({ ok: true, value: at(5) });
    const refused = pastTime("as_of_time", at(6), at(5));
    expect(refused).toMatchObject({
      refusal: { reason: "VALIDATION_FAILED", sentence: "as_of_time lies in the future" },
    });
  });
});
