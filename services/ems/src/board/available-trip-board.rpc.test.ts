import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { UnitType } from "#gen/medport/transport/v1/unit_type_pb.ts";
import type { AvailableTripOnBoard, WatchAvailableTripsResponse } from "#gen/medport/ems/v1/bid_service_pb.ts";
import {
  TripBiddingReopenedSchema,
  TripReleasedSchema,
  TripUpdatedSchema,
} from "#gen/medport/events/v1/trip_events_pb.ts";
import { Priority, TransportLevel, TransportStatus } from "#gen/medport/transport/v1/trip_pb.ts";
import { watching, type Watching } from "#platform/feed/watching.builder.ts";
import { reasonOf } from "#platform/rpc/refusal.ts";
import { eventually } from "#platform/testing/eventually.ts";
import {
  aHospitalDispatcher,
  anAgencyDispatcher,
  anOverseer,
  type EmsClients,
  startTestEms,
  type TestEms,
} from "../ems.builder.ts";
import type { StandInTrip } from "../stand-in-hospital.builder.ts";

/** What may happen to a trip that waits, and waits on. */
type PendingChange = typeof TripUpdatedSchema | typeof TripReleasedSchema | typeof TripBiddingReopenedSchema;
type Request = Parameters<EmsClients["bids"]["watchAvailableTrips"]>[0];

describe("WatchAvailableTrips", () => {
  let test: TestEms;
  let blair: EmsClients;

  beforeAll(async () => {
    test = await startTestEms();
    blair = await test.agency("blair");
    await test.unit("blair", UnitType.ALS);
    await test.agency("elk", { profile: { serviceArea: ["county:Elk"] } });
    await test.unit("elk", UnitType.CCT);
  });
  afterAll(async () => {
    await test[Symbol.asyncDispose]();
  });

  const watch = (clients: EmsClients, request: Request = {}): Watching<WatchAvailableTripsResponse> =>
    watching((signal) => clients.bids.watchAvailableTrips(request, { signal }));
  interface Opened {
    readonly board: Watching<WatchAvailableTripsResponse>;
    readonly trips: readonly AvailableTripOnBoard[];
  }
  const open = async (clients: EmsClients, request?: Request): Promise<Opened> => {
    const board = watch(clients, request);
    const trips: AvailableTripOnBoard[] = [];
    for (;;) {
      const [message] = await board.next();
      if (message?.item.case === "trip") trips.push(message.item.value);
      if (message?.item.case === "snapshotCompleted") return { board, trips };
    }
  };
  const told = async (board: Watching<WatchAvailableTripsResponse>, count = 1): Promise<readonly string[]> =>
    (await board.next(count)).map(shortly);
  /** Lets a trip change at Hospital, and tells it. */
  const change = async (tripId: string, over: Partial<StandInTrip>, schema?: PendingChange): Promise<void> => {
    const trip = test.hospital.trips.get(tripId);
    if (!trip) throw new Error("there is no such trip");
    Object.assign(trip, { ...over, version: trip.version + 1 });
    if (!schema) return test.tellTrip(tripId);
    const { version, ...state } = trip;
    await test.tell(schema, { trip: state }, tripId, version);
  };

  it("begins with what is open to the caller's agency, and for Center with all", async () => {
    const here = await test.trip();
    const there = await test.trip({ origin: { facilityId: "f", name: "E", city: "R", state: "PA", county: "Elk" } });
    const critical = await test.trip({ transportLevel: TransportLevel.CCT });
    const gone = await test.trip({ status: TransportStatus.CANCELLED });
    const ids = async (clients: EmsClients, request?: Request): Promise<readonly string[]> => {
      const { board, trips } = await open(clients, request);
      await board[Symbol.asyncDispose]();
      return trips.flatMap(({ trip }) => trip?.tripId ?? []).filter((id) => [here, there, critical, gone].includes(id));
    };
    const center = test.as(anOverseer());
    expect(await ids(blair)).toEqual([here]);
    expect(await ids(test.as(anAgencyDispatcher("elk")))).toEqual([there]);
    expect((await ids(center)).toSorted()).toEqual([here, there, critical].toSorted());
    expect(await ids(center, { agencyId: "blair" })).toEqual([here]);
    expect(await ids(center, { agencyId: "unheard-of" })).toEqual([]);
    expect(await ids(blair, { transportLevels: [TransportLevel.BLS] })).toEqual([]);
  });

  it("tells what comes, what changes and what goes, once and in order, and to nobody else", async () => {
    const { board } = await open(blair);
    const { board: elk } = await open(test.as(anAgencyDispatcher("elk")));
    const tripId = await test.trip();
    await change(tripId, { priority: Priority.URGENT }, TripUpdatedSchema);
    await change(tripId, { status: TransportStatus.ASSIGNED, assignedAgencyId: "other" });
    await change(tripId, { status: TransportStatus.PENDING, assignedAgencyId: "" }, TripReleasedSchema);
    await change(tripId, { status: TransportStatus.CANCELLED });
    expect(await told(board, 5)).toEqual(["created 1", "updated 2", "gone 3", "released 4", "gone 5"]);
    const there = await test.trip({ origin: { facilityId: "f", name: "E", city: "R", state: "PA", county: "Elk" } });
    const [first] = await elk.next();
    expect(first?.item).toMatchObject({ case: "trip", value: { trip: { tripId: there } } });
    for (const each of [board, elk]) await each[Symbol.asyncDispose]();
  });

  it("lets a trip go when bidding on it closes, and brings it back when it is reopened", async () => {
    const { board } = await open(blair);
    const soon = (ms: number) => timestampFromDate(new Date(Date.now() + ms));
    const tripId = await test.trip({ biddingCloseTime: soon(500) });
    expect(await told(board, 2)).toEqual(["created 1", "gone 1"]);
    await change(tripId, { biddingCloseTime: soon(60_000) }, TripBiddingReopenedSchema);
    expect(await told(board)).toEqual(["bidding_reopened 2"]);
    const { board: later, trips } = await open(blair);
    expect(trips.map(({ trip }) => trip?.tripId)).toContain(tripId);
    for (const each of [board, later]) await each[Symbol.asyncDispose]();
  });

  it("shows the agency's own bid and its refusals, and nobody else's", async () => {
    const [bidOn, declined] = [await test.trip(), await test.trip()];
    const { bid } = await blair.bids.submitBid({ tripId: bidOn });
    await blair.bids.declineTrip({ tripId: declined });
    const { board, trips } = await eventually(async () => {
      const opened = await open(blair);
      const shown = opened.trips.find(({ trip }) => trip?.tripId === bidOn)?.trip;
      expect(shown?.ownBidId).toBe(bid?.id);
      return opened;
    });
    expect(trips.find(({ trip }) => trip?.tripId === declined)?.trip).toMatchObject({ ownBidId: "", declined: true });
    const { board: all, trips: seen } = await open(test.as(anOverseer()));
    expect(seen.every(({ trip }) => trip?.ownBidId === "" && !trip.declined)).toBe(true);
    for (const each of [board, all]) await each[Symbol.asyncDispose]();
  });

  it("goes on from a cursor after a restart of the service, without gap and without repetition", async () => {
    const { board } = await open(blair);
    const first = await test.trip();
    await board.next();
    const ended = board.end();
    await test.stop();
    expect(reasonOf(await ended)).toBe("DRAINING");
    await test.start();
    await change(first, { status: TransportStatus.CANCELLED });
    await test.trip();
    const again = watch(test.as(anAgencyDispatcher("blair")), { cursor: board.cursor() });
    expect(await told(again, 2)).toEqual(["gone 2", "created 1"]);
    await again[Symbol.asyncDispose]();
    blair = test.as(anAgencyDispatcher("blair"));
  });

  it("begins anew, and says so, when what came after the cursor was removed", async () => {
    const { board } = await open(blair);
    await test.trip();
    await board.next();
    await board[Symbol.asyncDispose]();
    await test.trip();
    await test.query("delete from available_trip_change where seq < (select max(seq) from available_trip_change)");
    await test.stop();
    await test.start();
    blair = test.as(anAgencyDispatcher("blair"));
    const again = watch(blair, { cursor: board.cursor() });
    expect((await again.next())[0]?.item).toMatchObject({ case: "snapshotStarted", value: { gap: true } });
    await again[Symbol.asyncDispose]();
  });

  it("begins anew when the agency's units reach further", async () => {
    const clients = await test.agency("growing");
    await test.unit("growing", UnitType.BLS);
    const critical = await test.trip({ transportLevel: TransportLevel.CCT });
    const { board, trips } = await open(clients);
    expect(trips.map(({ trip }) => trip?.tripId)).not.toContain(critical);
    await test.unit("growing", UnitType.CCT);
    // It is looked at once a second, and when there is something to tell.
    await eventually(async () => {
      await test.trip({ transportLevel: TransportLevel.BLS });
      expect((await board.next())[0]?.item).toMatchObject({ case: "snapshotStarted", value: { gap: false } });
    });
    const seen: (string | undefined)[] = [];
    for (let item = (await board.next())[0]?.item; item?.case === "trip"; item = (await board.next())[0]?.item) {
      seen.push(item.value.trip?.tripId);
    }
    expect(seen).toContain(critical);
    await board[Symbol.asyncDispose]();
  });

  it("keeps what is needed to go on for a week, and the newest for ever", async () => {
    const rows = async (): Promise<number> => (await test.query("select from available_trip_change")).length;
    await test.trip();
    const before = await rows();
    expect(before).toBeGreaterThan(1);
    await test.query("update available_trip_change set recorded_at = now() - interval '8 days'");
    await test.stop();
    await test.start();
    await eventually(async () => expect(await rows()).toBe(1));
    blair = test.as(anAgencyDispatcher("blair"));
  });

  it("is not for hospitals, and an agency looks through its own eyes alone", async () => {
    const refusal = async (clients: EmsClients, request?: Request): Promise<unknown> =>
      reasonOf(await watch(clients, request).end());
    expect(await refusal(test.as(aHospitalDispatcher("mercy")))).toBe("METHOD_NOT_ALLOWED");
    expect(await refusal(blair, { agencyId: "elk" })).toBe("RESOURCE_NOT_FOUND");
    const { board } = await open(blair);
    await board[Symbol.asyncDispose]();
    expect(await refusal(test.as(anAgencyDispatcher("elk")), { cursor: board.cursor() })).toBe("PAGE_TOKEN_MISMATCH");
  });

  it("carries no free text, and nothing about the patient", async () => {
    await test.trip();
    const { board, trips } = await open(test.as(anOverseer()));
    await board[Symbol.asyncDispose]();
    const text = JSON.stringify(trips, (_key, value: unknown) => (typeof value === "bigint" ? String(value) : value));
    expect(text).not.toMatch(/patient|requirements|reason/i);
  });
});

function shortly({ item }: WatchAvailableTripsResponse): string {
  switch (item.case) {
    case "trip":
      return `${item.value.change} ${item.value.version}`;
    case "gone":
      return `gone ${item.value.version}`;
    default:
      return item.case ?? "nothing";
  }
}
