import { describe, expect, it } from "@jest/globals";
import { anAssignedTrip, aPendingTrip, blair, overseer, owner, receiver, rival, stranger } from "./trip.builder.ts";
import { countiesServed, noReach, reaches, type TripActor } from "./trip-actor.ts";
import { relationTo, seesPatientData } from "./trip-scope.ts";
import { canServe, transportLevels, unitTypes } from "./transport.ts";

describe("what somebody is to a trip", () => {
  it.each<{ who: string; actor: TripActor; pending: string | undefined; assigned: string | undefined }>([
    { who: "the hospital that asked", actor: owner, pending: "OWNER", assigned: "OWNER" },
    { who: "the hospital at the destination", actor: receiver, pending: "INBOUND", assigned: "INBOUND" },
    { who: "another hospital", actor: stranger, pending: undefined, assigned: undefined },
    { who: "an agency of the county that wins it", actor: blair, pending: "OFFERED", assigned: "ASSIGNED" },
    { who: "an agency of the county that does not", actor: rival, pending: "OFFERED", assigned: undefined },
    { who: "Center", actor: overseer, pending: "OVERSEER", assigned: "OVERSEER" },
  ])("$who: $pending while it waits, $assigned once it is assigned", ({ actor, pending, assigned }) => {
    expect(relationTo(aPendingTrip(), actor)).toBe(pending);
    expect(relationTo(anAssignedTrip(), actor)).toBe(assigned);
  });

  it("is nothing for an agency that we have not heard of", () => {
    const unheard = { ...rival, reach: noReach } as TripActor;
    expect(relationTo(aPendingTrip(), unheard)).toBeUndefined();
  });

  it("lets those whom it is only offered see nothing of the patient", () => {
    expect(seesPatientData("OFFERED")).toBe(false);
    expect(seesPatientData("ASSIGNED")).toBe(true);
  });
});

describe("an agency's reach", () => {
  it("is made of the counties in its service area, however they are written", () => {
    expect(countiesServed(["county:Blair", " County: Centre ", "city:Altoona", "anywhere"])).toEqual([
      "blair",
      "centre",
      "",
    ]);
    expect(reaches({ isActive: true, counties: ["blair"] }, "BLAIR")).toBe(true);
    expect(reaches({ isActive: true, counties: ["blair"] }, " Blair ")).toBe(true);
    expect(reaches({ isActive: false, counties: ["blair"] }, "Blair")).toBe(false);
  });

  it("has every place in it whose county nobody knows, as long as the agency takes part", () => {
    const counties = countiesServed([]);
    expect(reaches({ isActive: true, counties }, "")).toBe(true);
    expect(reaches({ isActive: true, counties }, "  ")).toBe(true);
    expect(reaches({ isActive: true, counties }, "Blair")).toBe(false);
    expect(reaches({ isActive: false, counties }, "")).toBe(false);
  });
});

describe("a unit", () => {
  it("serves its own level and those below, and every unit serves OTHER", () => {
    const served = unitTypes.map((type) => [type, transportLevels.filter((level) => canServe(type, level))]);
    expect(Object.fromEntries(served)).toEqual({
      BLS: ["BLS", "OTHER"],
      ALS: ["BLS", "ALS", "OTHER"],
      CCT: ["BLS", "ALS", "CCT", "OTHER"],
      WHEELCHAIR: ["OTHER"],
      MEDICAL_TAXI: ["OTHER"],
    });
  });
});
