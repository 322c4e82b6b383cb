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

function fate(
  before: Trip | undefined,
  after: Trip,
  actor: TripActor,
  { now = after, ...filter }: Partial<TripFilter> & { readonly now?: Trip } = {},
): string {
  const told = fateOnBoard({ ...(before && { before }), after }, tripView(actor, { ...all, ...filter }), now);
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

  const other = aPlace({ hospitalId: stranger.type === "HOSPITAL" ? stranger.hospitalId : "", county: "Elk" });
  const elsewhereNow = aPendingTrip({ destination: other });
  const othersNow = anAssignedTrip({ award: { ...anAssignedTrip().award, agencyId: "another" } });
  it.each<[string, Trip | undefined, Trip, TripActor, Trip, string]>([
    ["was on its way to us, and no longer is", undefined, pending, receiver, elsewhereNow, "UNSEEN"],
    ["goes to another hospital", pending, elsewhereNow, receiver, elsewhereNow, "OFF_BOARD nobody"],
    ["was the own agency's, and is another's", pending, assigned, blair, othersNow, "OFF_BOARD nobody"],
    ["was the own agency's, and is offered to all", pending, assigned, blair, pending, "ON_BOARD OFFERED"],
    ["was completed by us, and was still ours", assigned, completed, blair, completed, "OFF_BOARD ASSIGNED"],
    ["was offered, and is another's", undefined, pending, rival, assigned, "ON_BOARD OFFERED"],
    ["is the own hospital's, whoever has it", undefined, pending, owner, othersNow, "ON_BOARD OWNER"],
  ])(
    "tells nobody who is late more of a patient than may be seen now: a trip that %s",
    (_what, before, after, actor, now, expected) => {
      expect(fate(before, after, actor, { now })).toBe(expected);
    },
  );

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
