import { createHash, type Hash } from "node:crypto";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { setTimeout as sleep } from "node:timers/promises";
import type { TripOffBoard, TripOnBoard } from "#gen/medport/hospital/v1/trip_service_pb.ts";
import type { ServiceName } from "#platform/service-name.ts";
import type { SampleAccount } from "../services/cli/src/sample/accounts.ts";
import { type BoardItem, watchBoard } from "../services/client/board-stream.ts";
import { type ConnectedMesh, connectMesh } from "../services/client/connect-mesh.ts";

// A part of the crowd of `watchers.ts`, in a process of its own: begins to watch when told to, and reports what it saw.

/** What the crowd is told to do; it answers each order once. */
export type CrowdOrder =
  | {
      readonly kind: "watch";
      readonly addresses: Readonly<Record<ServiceName, string>>;
      readonly account: SampleAccount;
      readonly watchers: number;
    }
  /** Wait until everybody has seen so many changes, and report. */
  | { readonly kind: "finish"; readonly changes: number };

/** What the crowd saw. Empty before the end. */
export interface CrowdReport {
  /** How many watchers saw the same changes in the same order, by the digest of what they saw. */
  readonly sights: readonly (readonly [digest: string, watchers: number])[];
  /** How often a stream was opened again. */
  readonly resumed: number;
  /** How often a watcher had to begin anew. */
  readonly begunAnew: number;
  /** How many changes came after so many milliseconds. */
  readonly latencies: readonly (readonly [ms: number, count: number])[];
}

/** The digest of changes, each one as `trip version`. */
export function digestOf(changes: readonly string[]): string {
  const hash = createHash("sha256");
  for (const change of changes) noteIn(hash, change);
  return hash.digest("hex");
}

function noteIn(hash: Hash, change: string): void {
  hash.update(`${change}\n`);
}

interface Watcher {
  readonly sight: Hash;
  changes: number;
  snapshots: number;
  opened: number;
}

/** As many streams as the server takes on one connection, with some room for calls. */
const watchersPerConnection = 250;
const patienceMs = 60_000;

const stop = new AbortController();
const watchers: Watcher[] = [];
const latencies = new Map<number, number>();
const meshes: ConnectedMesh[] = [];

process.on("message", (order: CrowdOrder) => {
  const answer = order.kind === "watch" ? begin(order) : finish(order.changes);
  answer.then(
    (report) => process.send?.(report),
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
});

async function begin({
  addresses,
  account,
  watchers: count,
}: Extract<CrowdOrder, { kind: "watch" }>): Promise<CrowdReport> {
  for (let rest = count; rest > 0; rest -= watchersPerConnection) {
    const mesh = connectMesh({ addresses, retryForMs: patienceMs });
    meshes.push(mesh);
    const { hospital } = await mesh.login(account.email, account.password);
    for (let index = 0; index < Math.min(rest, watchersPerConnection); index++) void watch(hospital.trips);
  }
  await until(() => watchers.every(({ snapshots }) => snapshots > 0));
  return report();
}

async function watch(trips: Awaited<ReturnType<ConnectedMesh["login"]>>["hospital"]["trips"]): Promise<void> {
  const watcher: Watcher = { sight: createHash("sha256"), changes: 0, snapshots: 0, opened: 0 };
  watchers.push(watcher);
  const items = watchBoard<TripOnBoard, TripOffBoard>(
    (cursor, signal) => {
      watcher.opened += 1;
      return trips.watchTrips({ cursor }, { signal });
    },
    { signal: stop.signal },
  );
  for await (const item of items) see(watcher, item);
}

function see(watcher: Watcher, item: BoardItem<TripOnBoard, TripOffBoard>): void {
  if (item.kind === "snapshot") {
    watcher.snapshots += 1;
    return;
  }
  const { trip } = item.kind === "trip" ? item.trip : item.gone;
  if (!trip?.updateTime) throw new Error("a change without the trip");
  watcher.changes += 1;
  noteIn(watcher.sight, `${trip.id} ${trip.version}`);
  const ms = Math.max(0, Date.now() - timestampMs(trip.updateTime));
  latencies.set(ms, (latencies.get(ms) ?? 0) + 1);
}

async function finish(changes: number): Promise<CrowdReport> {
  await until(() => watchers.every((watcher) => watcher.changes >= changes));
  stop.abort();
  for (const mesh of meshes) mesh.close();
  return report();
}

function report(): CrowdReport {
  const sights = new Map<string, number>();
  for (const { sight } of watchers) {
    const digest = sight.copy().digest("hex");
    sights.set(digest, (sights.get(digest) ?? 0) + 1);
  }
  return {
    sights: [...sights],
    resumed: watchers.reduce((sum, { opened }) => sum + opened - 1, 0),
    begunAnew: watchers.reduce((sum, { snapshots }) => sum + snapshots - 1, 0),
    latencies: [...latencies],
  };
}

/** Waits for what should come; if it does not, the report says so. */
async function until(isSo: () => boolean): Promise<void> {
  for (const giveUpAt = performance.now() + patienceMs; !isSo() && performance.now() < giveUpAt; ) await sleep(50);
}
