import { cpus, totalmem } from "node:os";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { Priority, TransportLevel, TransportStatus, TripOrder } from "#gen/medport/transport/v1/trip_pb.ts";
import { endTestServers } from "#platform/testing/global-teardown.ts";
import {
  aDispatcher,
  anAgencyDispatcher,
  anOverseer,
  type HospitalClients,
  startTestHospital,
  type TestHospital,
} from "../services/hospital/src/hospital.builder.ts";
import { fillWithTrips, region } from "./volume-database.ts";
import { plansOfMainQueries, type QueryPlan } from "./volume-plans.ts";

// Whether reading and writing trips costs the same with a million of them as with ten thousand. `node bench/volume.ts`
// builds a Hospital database of each size, for the same region at work for ten days and for a thousand, calls the service
// on both in turn, one call at a time, and prints what stands in RESULTS.md. `node bench/volume.ts 1000 20000 50` compares
// other sizes, with as many calls of each kind as the last number says. What it makes, it removes.

const sizes = [Number(process.argv[2] ?? 10_000), Number(process.argv[3] ?? 1_000_000)] as const;
const calls = Number(process.argv[4] ?? 300);
/** Calls that are made before those that count. */
const warmUps = 10;
const dayMs = 86_400_000;

/** A Hospital with its trips, and who calls it. */
interface Volume extends AsyncDisposable {
  readonly trips: number;
  readonly test: TestHospital;
  readonly adminUrl: string;
  readonly center: HospitalClients;
  /** Of the busiest hospital. */
  readonly busy: HospitalClients;
  /** Of the one with the fewest trips. */
  readonly quiet: HospitalClients;
  readonly agency: HospitalClients;
  /** Trips at random: of the busy hospital, and of the agency. */
  readonly busyTrips: readonly string[];
  readonly agencyTrips: readonly string[];
  readonly secondsToFill: number;
  readonly secondsToStart: number;
  readonly gigabytes: number;
}

/** One kind of call; `round` counts them. */
interface Operation {
  readonly name: string;
  readonly call: (volume: Volume, round: number) => Promise<unknown>;
}

async function openVolume(trips: number): Promise<Volume> {
  const filled = { adminUrl: "", seconds: 0, at: 0 };
  const test = await startTestHospital({
    fill: async (adminUrl) => {
      const startedAt = performance.now();
      await fillWithTrips(adminUrl, trips);
      Object.assign(filled, { adminUrl, seconds: secondsSince(startedAt), at: performance.now() });
    },
  });
  const secondsToStart = secondsSince(filled.at);
  const some = async (where: string): Promise<readonly string[]> => {
    const rows = await test.query<{ id: string }>(`select id from trip where ${where} order by md5(id) limit ${calls}`);
    return rows.map(({ id }) => id);
  };
  const [size] = await test.query<{ bytes: string }>("select pg_database_size(current_database()) as bytes");
  return {
    ...{ trips, test, secondsToStart, secondsToFill: filled.seconds, adminUrl: filled.adminUrl },
    center: test.as(anOverseer()),
    busy: test.as(aDispatcher("hospital-1")),
    quiet: test.as(aDispatcher(`hospital-${region.hospitals}`)),
    agency: test.as(anAgencyDispatcher("agency-7")),
    busyTrips: await some("hospital_id = 'hospital-1'"),
    agencyTrips: await some("assigned_agency_id = 'agency-7'"),
    gigabytes: Number(size?.bytes ?? 0) / 2 ** 30,
    [Symbol.asyncDispose]: () => test[Symbol.asyncDispose](),
  };
}

function pick(ids: readonly string[], round: number): string {
  return ids[round % ids.length] ?? "";
}

/** A time within the whole life of the region, another one in each round. */
function thenOf({ trips }: Volume, round: number): Date {
  const lifeMs = (trips / region.perDay) * dayMs;
  const part = (round * 0.618034) % 1;
  return new Date(Date.now() - lifeMs * (0.02 + 0.96 * part));
}

type ListRequest = Parameters<HospitalClients["trips"]["listTrips"]>[0];

const { COMPLETED, CANCELLED, PENDING, ASSIGNED, IN_PROGRESS } = TransportStatus;
const urgentFirst: ListRequest = { order: TripOrder.MOST_URGENT_FIRST };

function listing(name: string, who: "center" | "busy" | "quiet" | "agency", request: ListRequest): Operation {
  return { name: `ListTrips, ${name}`, call: (volume) => volume[who].trips.listTrips(request) };
}

function listingThen(name: string, who: "center" | "busy" | "agency", request: ListRequest): Operation {
  return {
    name: `ListTrips as of a time, ${name}`,
    call: (volume, round) =>
      volume[who].trips.listTrips({ ...request, asOfTime: timestampFromDate(thenOf(volume, round)) }),
  };
}

const reads: readonly Operation[] = [
  {
    name: "GetTrip, hospital",
    call: ({ busy, busyTrips }, round) => busy.trips.getTrip({ tripId: pick(busyTrips, round) }),
  },
  {
    name: "GetTrip, agency",
    call: ({ agency, agencyTrips }, round) => agency.trips.getTrip({ tripId: pick(agencyTrips, round) }),
  },
  {
    name: "GetTrip as of the last minute",
    call: ({ busy, busyTrips }, round) =>
      busy.trips.getTrip({
        tripId: pick(busyTrips, round),
        asOfTime: timestampFromDate(new Date(Date.now() - 60_000)),
      }),
  },
  {
    name: "ListTripHistory",
    call: ({ busy, busyTrips }, round) => busy.trips.listTripHistory({ tripId: pick(busyTrips, round) }),
  },
  listing("newest first, hospital", "busy", {}),
  listing("newest first, hospital with few trips", "quiet", {}),
  listing("newest first, agency", "agency", {}),
  listing("newest first, Center", "center", {}),
  listing("oldest first, hospital", "busy", { order: TripOrder.OLDEST_FIRST }),
  listing("oldest first, Center", "center", { order: TripOrder.OLDEST_FIRST }),
  listing("most urgent first, hospital", "busy", urgentFirst),
  listing("most urgent first, agency", "agency", urgentFirst),
  listing("most urgent first, Center", "center", urgentFirst),
  listing("waiting, agency", "agency", { filter: { statuses: [PENDING] } }),
  listing("under way, hospital", "busy", { filter: { statuses: [ASSIGNED, IN_PROGRESS] } }),
  listing("closed, hospital", "busy", { filter: { statuses: [COMPLETED, CANCELLED] } }),
  listing("cancelled, Center", "center", { filter: { statuses: [CANCELLED] } }),
  listing("of an origin, hospital", "busy", { filter: { originFacilityId: "facility-1-2" } }),
  listing("to a destination, Center", "center", { filter: { destinationFacilityId: "facility-20-1" } }),
  listing("of an agency, hospital", "busy", { filter: { assignedAgencyId: "agency-3" } }),
  listing("of an agency, Center", "center", { filter: { assignedAgencyId: "agency-3" } }),
  listing("of a hospital, agency", "agency", { filter: { hospitalId: "hospital-9" } }),
  listing("urgent CCT, hospital", "busy", {
    filter: { priorities: [Priority.URGENT], transportLevels: [TransportLevel.CCT] },
  }),
  listing("a filter that hardly any trip fits, hospital", "busy", {
    filter: {
      statuses: [CANCELLED],
      priorities: [Priority.URGENT],
      transportLevels: [TransportLevel.OTHER],
      assignedAgencyId: "agency-3",
    },
  }),
  {
    name: "ListTrips, by number, Center",
    call: ({ center, trips }, round) =>
      center.trips.listTrips({ filter: { tripNumber: `T-${20_001 + ((round * 7_919) % trips)}` } }),
  },
  {
    name: "ListTrips, a page from the middle, hospital",
    call: (volume, round) =>
      volume.busy.trips.listTrips({ filter: { requestedUntilTime: timestampFromDate(thenOf(volume, round)) } }),
  },
  listingThen("board, hospital", "busy", urgentFirst),
  listingThen("board, agency", "agency", urgentFirst),
  listingThen("board, Center", "center", urgentFirst),
  listingThen("everything, hospital", "busy", {}),
  listingThen("everything, Center", "center", {}),
  listingThen("cancelled, hospital", "busy", { filter: { statuses: [CANCELLED] } }),
  {
    name: "CompareTrips, one trip",
    call: ({ busy, busyTrips, ...volume }, round) =>
      busy.trips.compareTrips({
        tripId: pick(busyTrips, round),
        fromTime: timestampFromDate(thenOf({ busy, busyTrips, ...volume }, 0)),
        untilTime: timestampFromDate(new Date(Date.now() - 1_000)),
      }),
  },
  comparing("an hour, hospital", "busy", dayMs / 24),
  comparing("a day, hospital", "busy", dayMs),
  comparing("a day, agency", "agency", dayMs),
  comparing("all the time, Center", "center", undefined),
];

function comparing(name: string, who: "center" | "busy" | "agency", spanMs: number | undefined): Operation {
  return {
    name: `CompareTrips, ${name}`,
    call: (volume, round) => {
      const from = spanMs === undefined ? new Date(0) : thenOf(volume, round);
      const until = spanMs === undefined ? new Date(Date.now() - 1_000) : new Date(from.getTime() + spanMs);
      return volume[who].trips.compareTrips({
        fromTime: timestampFromDate(from),
        untilTime: timestampFromDate(new Date(Math.min(until.getTime(), Date.now() - 1_000))),
      });
    },
  };
}

/** Trips that the writes have made, by volume and round. */
const created = new Map<string, string>();

const writes: readonly Operation[] = [
  {
    name: "CreateTrip",
    call: async ({ busy, trips }, round) => {
      const { trip } = await busy.trips.createTrip({
        originFacilityId: "facility-1-1",
        destinationFacilityId: `facility-${2 + (round % 30)}-1`,
        transportLevel: TransportLevel.ALS,
        priority: Priority.MEDIUM,
        specialRequirements: "oxygen",
      });
      created.set(`${trips} ${round}`, trip?.id ?? "");
    },
  },
  {
    name: "UpdateTrip",
    call: ({ busy, trips }, round) =>
      busy.trips.updateTrip({
        tripId: created.get(`${trips} ${round}`) ?? "",
        details: { priority: Priority.HIGH },
        updateMask: { paths: ["priority"] },
      }),
  },
  {
    name: "CancelTrip",
    call: ({ busy, trips }, round) =>
      busy.trips.cancelTrip({ tripId: created.get(`${trips} ${round}`) ?? "", reason: "no longer needed" }),
  },
];

/** What calls of one kind took on the one and on the other, in milliseconds, sorted. */
interface Measured {
  readonly name: string;
  readonly small: readonly number[];
  readonly large: readonly number[];
}

/** Both in turn, so that whatever else the machine does meets both. */
async function measure({ name, call }: Operation, small: Volume, large: Volume): Promise<Measured> {
  const times = { small: [] as number[], large: [] as number[] };
  for (let round = 0; round < warmUps + calls; round++) {
    for (const [size, volume] of [
      ["small", small],
      ["large", large],
    ] as const) {
      const startedAt = performance.now();
      await call(volume, round);
      if (round >= warmUps) times[size].push(performance.now() - startedAt);
    }
  }
  return { name, small: times.small.toSorted(inOrder), large: times.large.toSorted(inOrder) };
}

function inOrder(one: number, other: number): number {
  return one - other;
}

function secondsSince(startedAt: number): number {
  return (performance.now() - startedAt) / 1_000;
}

function percentile(sorted: readonly number[], part: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
}

function rowOf({ name, small, large }: Measured): string {
  const [p50, p99] = [0.5, 0.99].map((part) => [percentile(small, part), percentile(large, part)] as const);
  const cells = [p50, p99].flatMap(([one = 0, other = 0] = [0, 0]) => [
    one.toFixed(1),
    other.toFixed(1),
    (other / one).toFixed(2),
  ]);
  return `| ${name} | ${cells.join(" | ")} |`;
}

function numberOf(trips: number): string {
  return trips.toLocaleString("en-US");
}

function markdown(small: Volume, large: Volume, measured: readonly Measured[], plans: readonly QueryPlan[]): string {
  const volumes = [small, large].map(
    ({ trips, secondsToFill, secondsToStart, gigabytes }) =>
      `| ${numberOf(trips)} | ${gigabytes.toFixed(2)} | ${secondsToFill.toFixed(0)} | ${secondsToStart.toFixed(1)} |`,
  );
  const [one, other] = [numberOf(small.trips), numberOf(large.trips)];
  return [
    `${new Date().toISOString().slice(0, 10)}, ${cpus().length} cores (${cpus()[0]?.model ?? "unknown"}), ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.versions.node}, ${calls} calls of each kind`,
    "",
    "| trips | GiB | seconds to fill | seconds to start the service |",
    "|---|---|---|---|",
    ...volumes,
    "",
    `| call, milliseconds | p50 with ${one} | p50 with ${other} | ratio | p99 with ${one} | p99 with ${other} | ratio |`,
    "|---|---|---|---|---|---|---|",
    ...measured.map(rowOf),
    "",
    `How PostgreSQL carries out the main queries with ${other} trips:`,
    "",
    "| query | ms | blocks | what it scans, and how many rows come of it |",
    "|---|---|---|---|",
    ...plans.map(
      ({ name, milliseconds, blocks, scans }) =>
        `| ${name} | ${milliseconds.toFixed(2)} | ${blocks} | ${scans.join(", ")} |`,
    ),
  ].join("\n");
}

async function main(): Promise<void> {
  await using small = await openVolume(sizes[0]);
  await using large = await openVolume(sizes[1]);
  const measured: Measured[] = [];
  for (const operation of [...reads, ...writes]) measured.push(await measure(operation, small, large));
  const plans = await plansOfMainQueries(large.adminUrl, pick(large.busyTrips, 1), thenOf(large, 3));
  console.log(markdown(small, large, measured, plans));
}

try {
  await main();
} finally {
  await endTestServers();
}
