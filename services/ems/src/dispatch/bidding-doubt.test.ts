import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "@jest/globals";
import { AcceptanceState } from "#gen/medport/ems/v1/bid_pb.ts";
import { ConfigurationChangedSchema } from "#gen/medport/events/v1/configuration_events_pb.ts";
import { TripBiddingReopenedSchema, TripUpdatedSchema } from "#gen/medport/events/v1/trip_events_pb.ts";
import { AwardPolicy, TransportStatus } from "#gen/medport/transport/v1/trip_pb.ts";
import { newId } from "#platform/id.ts";
import { eventually } from "#platform/testing/eventually.ts";
import { startTestCluster } from "#platform/testing/test-cluster.ts";
import { testPostgresOn } from "#platform/testing/test-postgres.ts";
import { aHospitalDispatcher, type EmsClients, startTestEms, type TestEms } from "../ems.builder.ts";
import { answering, losingAnswers, losingCalls, type StandInTrip } from "../stand-in-hospital.builder.ts";

const ttlMs = 60_000;
const { LOWEST_COST, MANUAL } = AwardPolicy;

/** A test's EMS with a clock that can leap, and two agencies. */
async function startScene(options: Parameters<typeof startTestEms>[0] = {}) {
  const test = await startTestEms(options);
  const [blair, rival] = [await test.agency("blair"), await test.agency("rival")] as const;
  await Promise.all([test.unit("blair"), test.unit("rival")]);
  let leaptMs = 0;
  const closing = (): StandInTrip["biddingCloseTime"] => timestampFromDate(new Date(Date.now() + leaptMs + ttlMs));
  return {
    test,
    blair,
    rival,
    closing,
    leap: (ms: number): void => {
      leaptMs += ms;
      test.elapse(ms);
    },
    aTrip: (awardPolicy: AwardPolicy, over: Partial<StandInTrip> = {}): Promise<string> =>
      test.trip({ awardPolicy, biddingCloseTime: closing(), ...over }),
    bid: async (clients: EmsClients, tripId: string, over: object = {}): Promise<string> =>
      (await clients.bids.submitBid({ tripId, ...over })).bid?.id ?? "",
    /** Agencies with the status of their bids and why they ended. */
    bidsOf: async (tripId: string): Promise<readonly string[]> => {
      const rows = await test.query<{ line: string }>(
        "select concat_ws(' ', agency_id, status, end_reason) as line from bid where trip_id = $1 order by submitted_at, id",
        [tripId],
      );
      return rows.map(({ line }) => line);
    },
    attemptsOf: async (tripId: string): Promise<readonly string[]> => {
      const rows = await test.query<{ line: string }>(
        "select concat_ws(' ', state, release_reason) as line from assignment where trip_id = $1 order by created_at",
        [tripId],
      );
      return rows.map(({ line }) => line);
    },
    [Symbol.asyncDispose]: () => test[Symbol.asyncDispose](),
  };
}
type Scene = Awaited<ReturnType<typeof startScene>>;

const soon = (assertion: () => Promise<void>): Promise<void> => eventually(assertion, { withinMs: 20_000 });

describe("bidding that ends while something is in doubt", () => {
  let scene: Scene;
  let test: TestEms;
  beforeAll(async () => {
    scene = await startScene();
    ({ test } = scene);
  });
  afterAll(async () => {
    await scene[Symbol.asyncDispose]();
  });
  afterEach(() => {
    test.hospital.script = answering;
  });

  const { statusOf, claimsOf } = {
    statusOf: (tripId: string) => test.hospital.trips.get(tripId)?.status,
    claimsOf: () => test.hospital.calls.filter(({ method }) => method === "claimTrip").length,
  };

  it("is not won by a claim that comes after it was given up, and is awarded by another", async () => {
    const { aTrip, bid, blair, leap, attemptsOf, bidsOf } = scene;
    const tripId = await aTrip(LOWEST_COST);
    await bid(blair, tripId, { amount: "1", unitId: await test.unit("blair") });
    const [held, late] = [Promise.withResolvers<void>(), Promise.withResolvers<unknown>()];
    test.hospital.script = async (method, proceed) => {
      if (method !== "claimTrip") return proceed();
      test.hospital.script = answering;
      await held.promise;
      const answer = proceed();
      late.resolve(answer);
      return answer;
    };
    leap(ttlMs);
    await soon(async () => expect(await attemptsOf(tripId)).toEqual(["HELD"]));
    leap(5_000);
    await soon(async () => expect((await attemptsOf(tripId))[0]).toBe("RELEASED ABANDONED"));
    held.resolve();
    await late.promise;
    leap(60_000);
    await soon(async () => expect(await attemptsOf(tripId)).toEqual(["RELEASED ABANDONED", "CONFIRMED"]));
    expect(await bidsOf(tripId)).toEqual(["blair ACCEPTED"]);
  });

  it("hears by the event that it has won, when the answer was lost", async () => {
    const { aTrip, bid, blair, leap, attemptsOf } = scene;
    const tripId = await aTrip(LOWEST_COST);
    await bid(blair, tripId, { amount: "1" });
    test.hospital.script = losingAnswers("claimTrip");
    leap(ttlMs);
    await soon(async () => expect(await attemptsOf(tripId)).toEqual(["HELD"]));
    await soon(() => Promise.resolve(expect(statusOf(tripId)).toBe(TransportStatus.ASSIGNED)));
    await test.tellTrip(tripId);
    expect(await attemptsOf(tripId)).toEqual(["CONFIRMED"]);
  });

  it("waits for what a person has begun before, and then goes its way", async () => {
    const { aTrip, bid, blair, rival, leap, attemptsOf, bidsOf } = scene;
    const tripId = await aTrip(MANUAL);
    const bidId = await bid(blair, tripId);
    await bid(rival, tripId);
    test.hospital.script = losingCalls("claimTrip", "resolveClaim");
    const { state } = await test.as(aHospitalDispatcher("mercy")).bids.acceptBid({ bidId });
    expect(state).toBe(AcceptanceState.CONFIRMING);
    // Another trip whose time was over later is ended, so the first one was passed over by then.
    const later = await aTrip(MANUAL);
    await bid(rival, later);
    leap(ttlMs);
    await soon(async () => expect(await bidsOf(later)).toEqual(["rival EXPIRED BIDDING_CLOSED"]));
    expect(await bidsOf(tripId)).toEqual(["blair PENDING", "rival PENDING"]);
    test.hospital.script = answering;
    leap(60_000);
    await soon(async () => expect(await attemptsOf(tripId)).toEqual(["RELEASED ABANDONED"]));
    await soon(async () =>
      expect(await bidsOf(tripId)).toEqual(["blair EXPIRED BIDDING_CLOSED", "rival EXPIRED BIDDING_CLOSED"]),
    );
  });

  it("is kept waiting by no other trip, however many are in doubt", async () => {
    const { aTrip, bid, rival, leap, bidsOf } = scene;
    const tripId = await aTrip(MANUAL);
    await bid(rival, tripId);
    const doubtful = newId();
    await test.query(
      `insert into trip_copy
       select (jsonb_populate_record(t, jsonb_build_object('id', $2 || n,
         'bidding_close_time', t.bidding_close_time - interval '1 second'))).*
         from trip_copy t, generate_series(1, 120) n where t.id = $1`,
      [tripId, doubtful],
    );
    await test.query(
      `insert into assignment (attempt_id, trip_id, agency_id, state, release_reason, seen_material_version,
         requested_by_user_id, check_at, check_count, created_at, updated_at)
       select gen_random_uuid(), t.id, 'blair', 'HELD', null, 1, '', now() + interval '1 day', 0, now(), now()
         from trip_copy t where t.id like $1 || '%'`,
      [doubtful],
    );
    leap(ttlMs);
    await soon(async () => expect(await bidsOf(tripId)).toEqual(["rival EXPIRED BIDDING_CLOSED"]));
    await test.query("delete from assignment where trip_id like $1 || '%'", [doubtful]);
    await test.query("delete from trip_copy where id like $1 || '%'", [doubtful]);
  });

  it("tries ever more rarely what came to nothing again and again, up to once a minute", async () => {
    const { aTrip, bid, blair, rival, leap, bidsOf, attemptsOf } = scene;
    const tripId = await aTrip(LOWEST_COST);
    await bid(blair, tripId, { amount: "1" });
    const later = await aTrip(MANUAL);
    await bid(rival, later);
    await test.query(
      `insert into assignment (attempt_id, trip_id, agency_id, state, release_reason, seen_material_version,
         requested_by_user_id, check_count, created_at, updated_at)
       select gen_random_uuid(), id, 'blair', 'RELEASED', 'ABANDONED', 1, '', 0, bidding_close_time,
         bidding_close_time + interval '5 seconds' from trip_copy, generate_series(1, 6) where id = $1`,
      [tripId],
    );
    leap(ttlMs + 10_000);
    await soon(async () => expect(await bidsOf(later)).toEqual(["rival EXPIRED BIDDING_CLOSED"]));
    expect((await attemptsOf(tripId)).filter((attempt) => attempt !== "RELEASED ABANDONED")).toEqual([]);
    leap(60_000);
    await soon(async () => expect(await bidsOf(tripId)).toEqual(["blair ACCEPTED"]));
  });

  it("is ended once by several instances together, and gives each trip to one", async () => {
    const { aTrip, bid, blair, rival, leap, bidsOf, attemptsOf } = scene;
    await using others = new AsyncDisposableStack();
    others.use(await test.startAnother());
    others.use(await test.startAnother());
    const trips = await Promise.all(Array.from({ length: 12 }, () => aTrip(LOWEST_COST)));
    for (const tripId of trips) {
      await bid(blair, tripId, { amount: "2", unitId: await test.unit("blair") });
      await bid(rival, tripId, { amount: "1", unitId: await test.unit("rival") });
    }
    leap(ttlMs);
    for (const tripId of trips) {
      await soon(async () => expect(await bidsOf(tripId)).toEqual(["blair REJECTED TRIP_ASSIGNED", "rival ACCEPTED"]));
      expect((await attemptsOf(tripId)).filter((attempt) => attempt === "CONFIRMED")).toHaveLength(1);
    }
    const untold = await test.query(
      `select id from bid where trip_id = any($1) and version <>
        (select count(*) from outbox_event where aggregate_type = 'bid' and aggregate_id = bid.id)`,
      [trips],
    );
    expect(untold).toEqual([]);
  });

  it("passes over what was meant for the trip as it was before", async () => {
    const { aTrip, bid, blair, rival, leap, bidsOf } = scene;
    const tripId = await aTrip(LOWEST_COST);
    await bid(blair, tripId, { amount: "1" });
    const trip = test.hospital.trips.get(tripId);
    if (!trip) throw new Error("the trip is not there");
    Object.assign(trip, { version: 2, materialVersion: 2n });
    const { version, ...state } = trip;
    await test.tell(TripUpdatedSchema, { trip: state, material: true }, tripId, version);
    await soon(async () =>
      expect(await test.query("select from trip_copy where id = $1 and version = 2", [tripId])).toHaveLength(1),
    );
    await bid(rival, tripId, { amount: "2" });
    leap(ttlMs);
    await soon(async () => expect(await bidsOf(tripId)).toEqual(["blair REJECTED TRIP_ASSIGNED", "rival ACCEPTED"]));
  });

  it("begins anew, and ends anew, when the hospital reopens it", async () => {
    const { aTrip, bid, blair, closing, leap, bidsOf } = scene;
    const tripId = await aTrip(MANUAL);
    await bid(blair, tripId);
    leap(ttlMs);
    const expired = "blair EXPIRED BIDDING_CLOSED";
    await soon(async () => expect(await bidsOf(tripId)).toEqual([expired]));
    // Nobody looks at it again.
    const isEnded = "select from trip_copy where id = $1 and bidding_closed_for = bidding_close_time";
    expect(await test.query(isEnded, [tripId])).toHaveLength(1);
    const trip = test.hospital.trips.get(tripId);
    if (!trip) throw new Error("the trip is not there");
    Object.assign(trip, { version: 2, biddingCloseTime: closing() });
    const { version, ...state } = trip;
    await test.tell(TripBiddingReopenedSchema, { trip: state }, tripId, version);
    await soon(async () => {
      await bid(blair, tripId);
    });
    expect((await blair.bids.getAvailableTrip({ tripId })).trip?.tripId).toBe(tripId);
    leap(ttlMs);
    await soon(async () => expect(await bidsOf(tripId)).toEqual([expired, expired]));
  });

  it("tries no more bids than Center allows", async () => {
    const { aTrip, bid, blair, rival, leap, bidsOf } = scene;
    const [tripId, busy] = [await aTrip(LOWEST_COST), await test.unit("blair")];
    await blair.bids.acceptTrip({ tripId: await test.trip(), unitId: busy });
    await bid(blair, tripId, { amount: "1", unitId: busy });
    await bid(rival, tripId, { amount: "2" });
    const key = "award.max_considered";
    await test.tell(ConfigurationChangedSchema, { configuration: { key, value: "1", category: "award" } }, key);
    await soon(async () => expect(await test.query("select from configuration where key = $1", [key])).toHaveLength(1));
    const claimed = claimsOf();
    leap(ttlMs);
    await soon(async () =>
      expect(await bidsOf(tripId)).toEqual(["blair EXPIRED BIDDING_CLOSED", "rival EXPIRED BIDDING_CLOSED"]),
    );
    expect(claimsOf()).toBe(claimed);
  });
});

describe("a trip that was awarded by its policy in the moment when EMS lost its database", () => {
  it("is confirmed when the database is back", async () => {
    await using cluster = await startTestCluster("ems-bidding");
    await using scene = await startScene({ postgres: testPostgresOn(cluster) });
    const { test, aTrip, bid, blair, leap, attemptsOf, bidsOf } = scene;
    const tripId = await aTrip(LOWEST_COST);
    await bid(blair, tripId, { amount: "1", unitId: await test.unit("blair") });
    const killed = Promise.withResolvers<void>();
    test.hospital.script = async (method, proceed) => {
      const answer = proceed();
      if (method !== "claimTrip") return answer;
      test.hospital.script = answering;
      await cluster.kill();
      killed.resolve();
      return answer;
    };
    leap(ttlMs);
    await killed.promise;
    await cluster.restart();
    expect(await attemptsOf(tripId)).toEqual(["HELD"]);
    leap(60_000);
    await soon(async () => expect(await attemptsOf(tripId)).toEqual(["CONFIRMED"]));
    expect(await bidsOf(tripId)).toEqual(["blair ACCEPTED"]);
  });
});
