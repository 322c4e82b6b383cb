import { describe, expect, it } from "@jest/globals";
import { filterFromProto } from "../trips/trip-list.message.ts";
import type { TripFilter } from "../trips/trip-list.ts";
import {
  aCompletedTrip,
  anAssignedTrip,
  aPendingTrip,
  aPlace,
  blair,
  overseer,
  owner,
  receiver,
  rival,
  stranger,
} from "../trips/trip.builder.ts";
import type { TripActor } from "../trips/trip-actor.ts";
import type { Trip } from "../trips/trip.ts";
import { fateOnBoard, tripView } from "./trip-view.ts";

const all = filterFromProto(undefined);

function fate(before: Trip | undefined, after: Trip, actor: TripActor, filter: Partial<TripFilter> = {}): string {
  const told = fateOnBoard({ ...(before && { before }), after }, tripView(actor, { ...all, ...filter }));
  return "relation" in told ? `${told.kind} ${told.relation ?? "nobody"}` : told.kind;
}

describe("what becomes of a trip on somebody's board", () => {
  const pending = aPendingTrip();
  const assigned = anAssignedTrip();
  const completed = aCompletedTrip();
  const elsewhere = aPendingTrip({ origin: aPlace({ county: "Elk" }) });

  it.each<[string, Trip | undefined, Trip, TripActor, string]>([
    ["a new trip of the own hospital", undefined, pending, owner, "ON_BOARD OWNER"],
    ["a new trip that is on its way to us", undefined, pending, receiver, "ON_BOARD INBOUND"],
    ["a new trip of somebody else", undefined, pending, stranger, "UNSEEN"],
    ["a new trip for Center", undefined, pending, overseer, "ON_BOARD OVERSEER"],
    ["a new trip in the agency's county", undefined, pending, rival, "ON_BOARD OFFERED"],
    ["a new trip in another county", undefined, elsewhere, rival, "UNSEEN"],
    ["a trip that another agency has won", pending, assigned, rival, "OFF_BOARD nobody"],
    ["a trip that the own agency has won", pending, assigned, blair, "ON_BOARD ASSIGNED"],
    ["a trip that waits again", assigned, pending, rival, "ON_BOARD OFFERED"],
    ["a trip that now begins in another county", pending, elsewhere, rival, "OFF_BOARD nobody"],
    ["a completed trip, for its hospital", assigned, completed, owner, "OFF_BOARD OWNER"],
    ["a completed trip, for its agency", assigned, completed, blair, "OFF_BOARD ASSIGNED"],
    ["a completed trip, for another agency", assigned, completed, rival, "UNSEEN"],
    ["a correction of a completed trip", completed, completed, overseer, "UNSEEN"],
  ])("%s", (_what, before, after, actor, expected) => {
    expect(fate(before, after, actor)).toBe(expected);
  });

  it("looks at what the viewer asked for, before and after", () => {
    const onlyUrgent: Partial<TripFilter> = { priorities: ["URGENT"] };
    const urgent = aPendingTrip({ priority: "URGENT" });
    expect(fate(undefined, pending, owner, onlyUrgent)).toBe("UNSEEN");
    expect(fate(pending, urgent, owner, onlyUrgent)).toBe("ON_BOARD OWNER");
    expect(fate(urgent, pending, owner, onlyUrgent)).toBe("OFF_BOARD OWNER");
    expect(fate(pending, assigned, owner, { statuses: ["PENDING"] })).toBe("OFF_BOARD OWNER");
  });
});

describe("a view of the board", () => {
  it("is another one when something else is open to the agency, in whatever order it is named", () => {
    const key = (isActive: boolean, counties: readonly string[]): string =>
      tripView({ ...rival, reach: { isActive, counties } }, all).key;
    expect(key(true, ["blair", "elk"])).toBe(key(true, ["elk", "blair"]));
    expect(new Set([key(true, ["blair"]), key(false, ["blair"]), key(true, ["blair", "elk"])]).size).toBe(3);
  });
});
