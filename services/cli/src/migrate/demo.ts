import { rm } from "node:fs/promises";
import { UserType } from "#gen/medport/policy/v1/principal_pb.ts";
import { stopPostgres } from "#platform/embedded/postgres-server.ts";
import { type ServiceName, serviceNames } from "#platform/service-name.ts";
import { connectMesh } from "../../../client/connect-mesh.ts";
import type { CutOverResult } from "../../../migrator/src/cutover/cut-over.ts";
import { noOverrides } from "../../../migrator/src/directory/overrides.ts";
import type { MoveReport } from "../../../migrator/src/report/report.ts";
import { stopLeftovers } from "../embedded/leftovers.ts";
import { type MeshFolder, removeMeshFolder } from "../embedded/mesh-folder.ts";
import { forEachSilo } from "../embedded/mesh-state.ts";
import { meshFolderOf, openMesh, type OpenedMesh } from "../embedded/open-mesh.ts";
import type { Progress } from "../embedded/progress.ts";
import { prepareSilo } from "../embedded/silo-migrations.ts";
import { startBroker } from "../embedded/start-broker.ts";
import { startDatabases } from "../embedded/start-databases.ts";
import { startServices } from "../embedded/start-services.ts";
import { underMeshLock, untilAborted } from "../embedded/under-lock.ts";
import { demoSettings } from "./demo-settings.ts";
import { type DemoLogin, demoSourceFolder, makeDemoSource, startDemoSource } from "./demo-source.ts";
import type { MoveParts } from "./move-parts.ts";
import { cutOverOnce, runOnce, verifyOnce } from "./mover.ts";

export interface MigrateDemoOptions {
  readonly root: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly progress: Progress;
  /** How many trips the old database has. */
  readonly trips: number;
  readonly json: boolean;
  readonly parts: MoveParts;
  /** Told where everything is when all is done, if it shall stay; the demonstration then ends with the signal. */
  readonly onKept?: (where: Kept) => void;
}

/** Where the mesh is that stays, and who can log in. */
export interface Kept {
  readonly addresses: Readonly<Record<ServiceName, string>>;
  readonly login: DemoLogin;
  readonly sourceUrl: string;
}

/** What the demonstration found. */
export interface MigrateDemoOutcome {
  readonly report: MoveReport;
  readonly cutOver: CutOverResult;
  /** How many trips a person read who logged in with the password of before. */
  readonly tripsRead: number;
  readonly userType: string;
  readonly seconds: number;
}

/** Its old database has many more oddities than real ones have. */
const demoChoice = {
  rolePolicy: "evidence",
  strict: false,
  overrides: noOverrides,
  dryRun: false,
  maxQuarantine: 1,
} as const;

/**
 * Moves an old database that it makes for the purpose, and reads from the silos what it moved. All servers are its own,
 * and all of them are stopped and their data removed at the end.
 */
export async function demonstrateMigration(options: MigrateDemoOptions): Promise<MigrateDemoOutcome> {
  const { root, environment, progress } = options;
  const settings = await demoSettings(root, environment);
  const folder = await meshFolderOf(root, settings);
  return underMeshLock(folder, async (signal) => {
    // What an earlier one left that was killed.
    await stopAndRemove(folder);
    await using parts = new AsyncDisposableStack();
    parts.defer(() => stopAndRemove(folder));
    return await demonstrateIn(await openMesh({ root, settings, progress, signal }), parts, options);
  });
}

async function stopAndRemove(folder: MeshFolder): Promise<void> {
  await stopLeftovers(folder);
  await stopPostgres(demoSourceFolder(folder));
  await removeMeshFolder(folder);
  // It is the demonstration's alone.
  await rm(folder.path, { recursive: true, force: true });
}

async function demonstrateIn(
  mesh: OpenedMesh,
  parts: AsyncDisposableStack,
  { trips, json, onKept, parts: moveParts }: MigrateDemoOptions,
): Promise<MigrateDemoOutcome> {
  const { progress, signal } = mesh;
  const startedAt = performance.now();
  const databases = await startDatabases(mesh, parts);
  for (const service of serviceNames) await prepareSilo(mesh.root, databases[service], mesh.log);
  const source = await progress.step("An old database with all its oddities", async () => {
    const value = await makeDemoSource(await startDemoSource(mesh, parts), trips);
    return { value, words: `${value.rows} rows` };
  });
  signal.throwIfAborted();
  const ownerUrls = forEachSilo((service) => databases[service].ownerUrl);
  const move = { sourceUrl: source.sourceUrl, ownerUrls, progress, signal, json };
  await runOnce(moveParts, move, demoChoice);
  await verifyOnce(moveParts, move);
  signal.throwIfAborted();
  const { report, cutOver } = await cutOverOnce(moveParts, move, true);
  const broker = await startBroker(mesh, parts);
  const addresses = await startServices({ mesh, parts, databases, broker });
  mesh.state.setPhase("ready");
  const { userType, tripsRead } = await readAsBefore(addresses, source.login, progress);
  const seconds = (performance.now() - startedAt) / 1_000;
  if (onKept) {
    onKept({ addresses, login: source.login, sourceUrl: source.sourceUrl });
    await untilAborted(signal);
  }
  return { report, cutOver, userType, tripsRead, seconds };
}

/** Logs in with the password of before, and reads some trips. */
function readAsBefore(
  addresses: Readonly<Record<ServiceName, string>>,
  { email, password }: DemoLogin,
  progress: Progress,
): Promise<{ readonly userType: string; readonly tripsRead: number }> {
  return progress.step("Logging in with the password of before", async () => {
    using mesh = connectMesh({ addresses, retryForMs: 30_000 });
    const person = await mesh.login(email, password);
    const { trips } = await person.hospital.trips.listTrips({ pageSize: 20 });
    const value = { userType: userTypeName(person.user.userType), tripsRead: trips.length };
    return { value, words: `${email}, ${value.userType}, reads ${trips.length} trips` };
  });
}

function userTypeName(type: number): string {
  return Object.entries(UserType).find(([, value]) => value === type)?.[0] ?? "unknown";
}
