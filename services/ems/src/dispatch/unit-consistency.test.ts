import type { DescMessage } from "@bufbuild/protobuf";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "@jest/globals";
import { UnitStatus } from "#gen/medport/ems/v1/unit_pb.ts";
import {
  TripAcceptedSchema,
  TripCancelledSchema,
  TripCompletedSchema,
  TripReleasedSchema,
  TripStartedSchema,
  TripUnitAssignedSchema,
} from "#gen/medport/events/v1/trip_events_pb.ts";
import { TransportStatus } from "#gen/medport/transport/v1/trip_pb.ts";
import { reasonOf } from "#platform/rpc/refusal.ts";
import { eventually } from "#platform/testing/eventually.ts";
import { anAgencyDispatcher, startTestEms, type TestEms } from "../ems.builder.ts";
import { answering, type StandInHospital, type StandInTrip } from "../stand-in-hospital.builder.ts";

const { PENDING, ASSIGNED, IN_PROGRESS, COMPLETED, CANCELLED } = TransportStatus;

/** Everybody at once: dispatchers who hold, name and swap units and take them out of service, and Hospital. */
describe("units and assignments", () => {
  let test: TestEms;
  beforeAll(async () => {
    test = await startTestEms();
  });
  afterAll(async () => {
    await test[Symbol.asyncDispose]();
  });
  afterEach(() => {
    test.hospital.script = answering;
  });

  it.each([1, 2])(
    "agree at every moment, and at the end with Hospital, whatever is done at once (seed %i)",
    async (seed) => {
      const scene = await aScene(test, seed);
      const finished = new AbortController();
      const breaches = watchForBreaches(test, finished.signal);
      const workers = Array.from({ length: 6 }, (_, index) => workAtRandom(scene, randomFrom(seed * 100 + index)));
      const endings = (await Promise.all(workers)).flat();
      test.hospital.script = scene.telling;
      await untilNothingIsInDoubt(scene);
      finished.abort();
      expect(await breaches).toEqual([]);
      expect(endings.filter((ending) => !mayEnd.has(ending))).toEqual([]);
      // Had nearly everything been refused, nothing would have been tried.
      expect(endings.filter((ending) => ending === "OK").length).toBeGreaterThan(endings.length / 5);
      expect(await confirmedAssignments(scene)).toEqual(awardsOf(scene));
      expect(await unitsWithoutTheirEvents(test)).toEqual([]);
    },
    120_000,
  );
});

const steps = 35;

/** How an attempt may end; INTERNAL where the way to Hospital is lost on purpose. */
const mayEnd: ReadonlySet<string> = new Set([
  ...["OK", "INTERNAL", "CONCURRENT_CHANGE", "INVALID_STATE_TRANSITION", "RESOURCE_NOT_FOUND"],
  ...["UNIT_NOT_AVAILABLE", "UNIT_IN_USE", "UNIT_NOT_ASSIGNED", "BID_HELD"],
  ...["TRIP_ALREADY_ASSIGNED", "TRIP_NOT_PENDING", "TRIP_CANCELLED", "TRIP_CHANGED"],
]);

type Random = () => number;

interface Scene {
  readonly test: TestEms;
  readonly hospitalId: string;
  /** The units of each agency. */
  readonly fleets: ReadonlyMap<string, readonly string[]>;
  /** Trips that are not over; whoever ends one puts another in its place. */
  readonly open: string[];
  /** Events on their way. */
  readonly told: Promise<void>[];
  /** Answers calls, and tells what they change as Hospital's relay would. */
  readonly telling: StandInHospital["script"];
}

async function aScene(test: TestEms, seed: number): Promise<Scene> {
  const hospitalId = `mercy-${seed}`;
  const fleets = new Map<string, readonly string[]>();
  for (const agencyId of [`blair-${seed}`, `rival-${seed}`]) {
    await test.agency(agencyId);
    fleets.set(agencyId, await Promise.all(Array.from({ length: 5 }, () => test.unit(agencyId))));
  }
  const open = await Promise.all(Array.from({ length: 8 }, () => test.trip({ hospitalId })));
  const told: Promise<void>[] = [];
  const telling: Scene["telling"] = (method, proceed) => {
    const before = new Map([...test.hospital.trips].map(([tripId, { version }]) => [tripId, version]));
    const answer = proceed();
    const schema = method === "claimTrip" ? TripAcceptedSchema : TripUnitAssignedSchema;
    for (const [tripId, { version }] of test.hospital.trips) {
      if (version !== before.get(tripId)) told.push(tell(test, tripId, schema));
    }
    return answer;
  };
  const random = randomFrom(seed);
  test.hospital.script = (method, proceed) => {
    const fate = random();
    if (fate < 0.15) throw new Error("the call was lost");
    const answer = telling(method, proceed);
    if (fate > 0.85) throw new Error("the answer was lost");
    return answer;
  };
  return { test, hospitalId, fleets, open, told, telling };
}

/** Tells how Hospital's trip is now. */
function tell(test: TestEms, tripId: string, schema: DescMessage): Promise<void> {
  const { version, ...trip } = tripOf(test, tripId);
  // Each of them has the trip in its first field.
  return test.tell(schema as typeof TripAcceptedSchema, { trip }, tripId, version);
}

function tripOf({ hospital }: TestEms, tripId: string): StandInTrip {
  const trip = hospital.trips.get(tripId);
  if (!trip) throw new Error("the trip is not there");
  return trip;
}

/** Does one thing after the other, as chance has it. @returns how each ended. */
async function workAtRandom(scene: Scene, random: Random): Promise<readonly string[]> {
  const endings: string[] = [];
  for (let step = 0; step < steps; step += 1) {
    const ending = await act(scene, random).then(
      () => "OK",
      (error: unknown) => reasonOf(error) ?? String(error),
    );
    endings.push(ending);
  }
  return endings;
}

async function act(scene: Scene, random: Random): Promise<unknown> {
  const { test, fleets, open } = scene;
  const kind = random();
  if (kind < 0.2) {
    const [agencyId, unitId] = aUnit(fleets, random);
    const { bids } = test.as(anAgencyDispatcher(agencyId));
    return bids.acceptTrip({ tripId: oneOf(open, random), ...(random() < 0.5 && { unitId }) });
  }
  if (kind < 0.65) {
    const taken = open.filter((tripId) => tripOf(test, tripId).status === ASSIGNED);
    const tripId = oneOf(taken.length > 0 ? taken : open, random);
    // Mostly the agency that has the trip; the other one tries, too.
    const owner = random() < 0.9 ? tripOf(test, tripId).assignedAgencyId : undefined;
    const [agencyId, unitId] = aUnit(fleets, random, owner);
    const { dispatch } = test.as(anAgencyDispatcher(agencyId));
    return kind < 0.35 ? dispatch.assignUnit({ tripId, unitId }) : dispatch.swapUnit({ tripId, unitId });
  }
  if (kind < 0.85) {
    const [agencyId, unitId] = aUnit(fleets, random);
    return test.as(anAgencyDispatcher(agencyId)).units.setUnitStatus({ unitId, status: aStatus(random) });
  }
  return letHospitalAct(scene, oneOf(open, random), random);
}

/** One of an agency's units; the agency's by chance unless it is given. */
function aUnit(fleets: Scene["fleets"], random: Random, owner?: string): readonly [agencyId: string, unitId: string] {
  const agencyId = owner || oneOf([...fleets.keys()], random);
  return [agencyId, oneOf(fleets.get(agencyId) ?? [], random)];
}

function aStatus(random: Random): UnitStatus {
  const { AVAILABLE, OUT_OF_SERVICE, MAINTENANCE } = UnitStatus;
  return oneOf([AVAILABLE, AVAILABLE, AVAILABLE, OUT_OF_SERVICE, MAINTENANCE], random);
}

const nobody = { assignedAgencyId: "", assignedUnitId: "", acceptedAttemptId: "" };

/** Hospital's own changes: the trip is released, started, completed or cancelled. */
async function letHospitalAct(scene: Scene, tripId: string, random: Random): Promise<void> {
  const { test, told, open, hospitalId } = scene;
  const trip = tripOf(test, tripId);
  const change = (schema: DescMessage, over: Partial<StandInTrip>): void => {
    Object.assign(trip, over, { version: trip.version + 1 });
    told.push(tell(test, tripId, schema));
  };
  const chance = random();
  if (trip.status === ASSIGNED && chance < 0.4) change(TripReleasedSchema, { status: PENDING, ...nobody });
  else if (trip.status === ASSIGNED && chance < 0.7 && trip.assignedUnitId) {
    change(TripStartedSchema, { status: IN_PROGRESS });
  } else if (trip.status === IN_PROGRESS) change(TripCompletedSchema, { status: COMPLETED });
  else if (trip.status === PENDING || trip.status === ASSIGNED) change(TripCancelledSchema, { status: CANCELLED });
  if (trip.status !== COMPLETED && trip.status !== CANCELLED) return;
  const place = open.indexOf(tripId);
  if (place >= 0) open[place] = await test.trip({ hospitalId });
}

/** Looks all the time whether a unit is in use without exactly one assignment that keeps it, or the other way round. */
async function watchForBreaches(test: TestEms, signal: AbortSignal): Promise<readonly object[]> {
  while (!signal.aborted) {
    const breaches = await test.query<object>(
      `select u.id, u.status, u.agency_id, array_agg(a.trip_id) as trips, array_agg(a.agency_id) as agencies
         from unit u
         left join assignment a on u.id in (a.unit_id, a.previous_unit_id) and a.state in ('HELD', 'CONFIRMED')
        group by u.id
       having count(a.attempt_id) <> case u.status when 'IN_USE' then 1 else 0 end
           or bool_or(a.agency_id <> u.agency_id)`,
    );
    if (breaches.length > 0) return breaches;
  }
  return [];
}

async function untilNothingIsInDoubt({ test, hospitalId, told }: Scene): Promise<void> {
  await eventually(
    async () => {
      await Promise.all(told);
      test.elapse(1_000);
      const [row] = await test.query<{ count: number }>(
        "select count(*)::int as count from assignment where check_at is not null",
      );
      expect(row?.count).toBe(0);
      const copies = await test.query<{ id: string; version: number }>("select id, version from trip_copy");
      const heard = new Map(copies.map(({ id, version }) => [id, version]));
      const ours = [...test.hospital.trips.values()].filter((trip) => trip.hospitalId === hospitalId);
      expect(ours.filter(({ tripId, version }) => heard.get(tripId) !== version)).toEqual([]);
    },
    { withinMs: 60_000, everyMs: 100 },
  );
}

interface Award {
  readonly trip_id: string;
  readonly attempt_id: string;
  readonly unit_id: string | null;
}

/** Who has which trip, as EMS has it. */
function confirmedAssignments({ test, hospitalId }: Scene): Promise<readonly Award[]> {
  return test.query<Award>(
    `select a.trip_id, a.attempt_id, a.unit_id from assignment a join trip_copy t on t.id = a.trip_id
      where a.state = 'CONFIRMED' and t.hospital_id = $1 order by a.trip_id collate "C"`,
    [hospitalId],
  );
}

/** Who has which trip, as Hospital has it. */
function awardsOf({ test, hospitalId }: Scene): readonly Award[] {
  return [...test.hospital.trips.values()]
    .filter((trip) => trip.hospitalId === hospitalId && (trip.status === ASSIGNED || trip.status === IN_PROGRESS))
    .map((trip) => ({
      trip_id: trip.tripId,
      attempt_id: trip.acceptedAttemptId ?? "",
      unit_id: trip.assignedUnitId || null,
    }))
    .toSorted((one, other) => (one.trip_id < other.trip_id ? -1 : 1));
}

/** Units of which not every version was told exactly once. */
function unitsWithoutTheirEvents(test: TestEms): Promise<readonly object[]> {
  return test.query<object>(
    `select u.id, u.version, count(e.seq) as events
       from unit u left join outbox_event e on e.aggregate_type = 'unit' and e.aggregate_id = u.id
      group by u.id
     having count(e.seq) <> u.version or count(distinct e.aggregate_ver) <> u.version or max(e.aggregate_ver) <> u.version`,
  );
}

function oneOf<T>(values: readonly T[], random: Random): T {
  const value = values[Math.floor(random() * values.length)];
  if (value === undefined) throw new Error("there is nothing to choose from");
  return value;
}

/** Numbers in [0, 1) that a seed determines (mulberry32). */
function randomFrom(seed: number): Random {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
