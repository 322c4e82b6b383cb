import { timestampFromDate, timestampMs } from "@bufbuild/protobuf/wkt";
import { AcceptanceState, type Assignment } from "#gen/medport/ems/v1/bid_pb.ts";
import {
  AwardPolicy,
  MilestoneType,
  Priority,
  TransportLevel,
  TransportStatus,
  type Trip,
  type TripHistoryEntry,
} from "#gen/medport/transport/v1/trip_pb.ts";
import { newId } from "#platform/id.ts";
import type { ServiceName } from "#platform/service-name.ts";
import type { AgencyPlayer, Cast } from "./cast.ts";
import type { Recorder } from "./step.ts";
import { undefinedIfNotFound, waitFor, whileRefusedWith } from "../../../client/waiting.ts";

/** One trip as a story tells it. */
export interface PlayedTrip {
  readonly trip: Trip;
  readonly history: readonly TripHistoryEntry[];
  /** Milliseconds from the trip's commit in Hospital to its visibility in EMS. */
  readonly visibleInEmsAfterMs: number;
}

/** Plays steps of one story with the names filled in. */
export type Play = <T>(actor: string, name: string, silos: readonly ServiceName[], act: () => Promise<T>) => Promise<T>;

/** Makes the function with which one story plays its steps. */
export function playing(recorder: Recorder, story: string): Play {
  return (actor, name, silos, act) => recorder.step({ story, name, actor, silos }, act);
}

/** The whole way: a hospital asks, two agencies bid, one wins, a unit drives, Center sees it. */
export async function playTripToCompletion(cast: Cast, recorder: Recorder, index: number): Promise<PlayedTrip> {
  const story = "a trip from request to hand-over";
  const play = playing(recorder, story);
  const { coordinator, overseer, agencies } = cast;
  // The agencies take turns, so that the units of both are on the road when many trips are played.
  const winner = agencies[index % 2 === 0 ? 0 : 1];

  const created = await createTrip(cast, play, AwardPolicy.MANUAL);
  const visibleInEmsAfterMs = await seeInEms(play, created, winner);
  const bids = await Promise.all(
    agencies.map((agency, rank) => play(agency.name, "submit bid", ["ems"], () => submitBid(agency, created.id, rank))),
  );
  const seen = await play("hospital coordinator", "read the bids", ["ems"], () =>
    coordinator.ems.bids.listBids({ tripId: created.id }),
  );
  recorder.expect(story, "the hospital sees the bids of both agencies", seen.bids.length === 2);
  const winningBid = bids.find((bid) => bid.agencyId === winner.agencyId);
  if (!winningBid) throw new Error("the winner's bid was not answered");
  await play("hospital coordinator", "accept bid", ["ems", "hospital"], () => acceptBid(cast, winningBid.id));

  const completed = await winner.units.withUnit(async (unitId) => {
    await assignUnit(play, winner, created.id, unitId);
    return drive(play, winner, created.id);
  });
  const seenByCenter = await play("center", "read the trip", ["center", "hospital"], () =>
    overseer.center.oversight.getTrip({ tripId: created.id }),
  );
  recorder.expect(story, "Center sees the trip completed", seenByCenter.trip?.status === TransportStatus.COMPLETED);
  recorder.expect(
    story,
    "the history begins with the creation and ends with the completion",
    isWhole(seenByCenter.history),
  );
  return { trip: seenByCenter.trip ?? completed, history: seenByCenter.history, visibleInEmsAfterMs };
}

/** The coordinator asks for a trip. */
export async function createTrip(cast: Cast, play: Play, awardPolicy: AwardPolicy): Promise<Trip> {
  const { trip } = await play("hospital coordinator", "create trip", ["hospital"], () =>
    cast.coordinator.hospital.trips.createTrip({
      originFacilityId: cast.origin.id,
      destinationFacilityId: cast.destination.id,
      transportLevel: TransportLevel.BLS,
      priority: Priority.MEDIUM,
      awardPolicy,
    }),
  );
  if (!trip) throw new Error("CreateTrip answered without a trip");
  return trip;
}

/** Waits until the agency sees the trip. @returns milliseconds from its commit until EMS had it. */
export async function seeInEms(play: Play, trip: Trip, agency: AgencyPlayer): Promise<number> {
  const visible = await play(agency.name, "see the trip", ["ems"], () =>
    waitFor(`trip ${trip.tripNumber} in EMS`, () =>
      undefinedIfNotFound(async () => (await agency.mesh.ems.bids.getAvailableTrip({ tripId: trip.id })).trip),
    ),
  );
  if (!visible.receiveTime || !trip.createTime) throw new Error("a trip without its times");
  return timestampMs(visible.receiveTime) - timestampMs(trip.createTime);
}

async function submitBid(
  agency: AgencyPlayer,
  tripId: string,
  rank: number,
): Promise<{ readonly id: string; readonly agencyId: string }> {
  const inMinutes = (minutes: number) => timestampFromDate(new Date(Date.now() + minutes * 60_000));
  // The event reaches both agencies at once, yet the second one has not waited for it.
  const { bid } = await whileRefusedWith(["RESOURCE_NOT_FOUND"], () =>
    agency.mesh.ems.bids.submitBid({
      tripId,
      amount: rank === 0 ? "412.50" : "398.00",
      estimatedArrivalTime: inMinutes(15 + rank * 5),
      estimatedPickupTime: inMinutes(30 + rank * 5),
    }),
  );
  if (!bid) throw new Error("SubmitBid answered without a bid");
  return bid;
}

async function acceptBid(cast: Cast, bidId: string): Promise<Assignment> {
  // One request_id for all tries: each of them asks for the outcome of the same attempt.
  const requestId = newId();
  return waitFor("the outcome of accepting a bid", async () => {
    const { state, assignment } = await cast.coordinator.ems.bids.acceptBid({ bidId, requestId });
    return state === AcceptanceState.CONFIRMED ? assignment : undefined;
  });
}

async function assignUnit(play: Play, agency: AgencyPlayer, tripId: string, unitId: string): Promise<void> {
  // The unit's last trip may have ended in Hospital a moment before EMS hears of it.
  await play(agency.name, "assign unit", ["ems", "hospital"], () =>
    whileRefusedWith(["UNIT_NOT_AVAILABLE"], () => agency.mesh.ems.dispatch.assignUnit({ tripId, unitId })),
  );
}

/** The agency's unit drives and reports each step until the patient is handed over. */
export async function drive(play: Play, agency: AgencyPlayer, tripId: string): Promise<Trip> {
  const { trips } = agency.mesh.hospital;
  const milestone = (type: MilestoneType, name: string) =>
    play(agency.name, `milestone ${name}`, ["hospital"], () => trips.recordMilestone({ tripId, type }));

  await milestone(MilestoneType.ACKNOWLEDGED, "ACKNOWLEDGED");
  await milestone(MilestoneType.EN_ROUTE, "EN_ROUTE");
  await milestone(MilestoneType.AT_ORIGIN, "AT_ORIGIN");
  await milestone(MilestoneType.AT_PATIENT, "AT_PATIENT");
  await play(agency.name, "start transport", ["hospital"], () => trips.startTransport({ tripId }));
  await milestone(MilestoneType.AT_DESTINATION, "AT_DESTINATION");
  const { trip } = await play(agency.name, "complete trip", ["hospital"], () => trips.completeTrip({ tripId }));
  if (!trip) throw new Error("CompleteTrip answered without a trip");
  return trip;
}

function isWhole(history: readonly TripHistoryEntry[]): boolean {
  const contiguous = history.every((entry, index) => entry.version === BigInt(index + 1));
  return contiguous && history[0]?.change === "created" && history.some((entry) => entry.change === "completed");
}
