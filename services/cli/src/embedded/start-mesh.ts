import { serviceNames, type ServiceName } from "#platform/service-name.ts";
import { createFirstAdmin } from "./first-admin.ts";
import type { DatabasePlan } from "./mesh-plan.ts";
import type { SampleRegionRecord } from "./mesh-secrets.ts";
import { type OpenedMesh, openMesh, type OpenMeshOptions } from "./open-mesh.ts";
import { loadSampleRegion, prepareSampleRegion } from "./sample-region.ts";
import { prepareSilo } from "./silo-migrations.ts";
import { startBroker } from "./start-broker.ts";
import { startDatabases } from "./start-databases.ts";
import { startServices } from "./start-services.ts";
import { untilAborted } from "./under-lock.ts";

/** A mesh that runs: databases, broker and services. */
export interface RunningMesh {
  /** Writes down that it is ready, for those who wait for it. */
  announce(): void;
  /** Stops what was started, the last first. */
  stop(): Promise<void>;
}

/**
 * Starts the whole mesh and waits until it is ready. A start that fails, or that the signal ends, stops what it has
 * started. Whoever calls it holds the folder's lock.
 */
export function startMesh(options: OpenMeshOptions): Promise<RunningMesh> {
  return orReasonToStop(options.signal, startParts(options));
}

async function startParts(options: OpenMeshOptions): Promise<RunningMesh> {
  await using parts = new AsyncDisposableStack();
  const mesh = await openMesh(options);
  parts.defer(() => mesh.state.setPhase("stopped"));
  const databases = await startDatabases(mesh, parts);
  mesh.signal.throwIfAborted();
  const broker = await startBroker(mesh, parts);
  mesh.signal.throwIfAborted();
  const region = await prepareSilos(mesh, databases);
  mesh.signal.throwIfAborted();
  const addresses = await startServices({ mesh, parts, databases, broker });
  mesh.signal.throwIfAborted();
  if (region) {
    await mesh.progress.step("Sample region", async (say) => {
      const loaded = loadSampleRegion(mesh.folder, region, addresses, say);
      // Its calls are patient with services that are out of reach; whoever asks to stop is not.
      await Promise.race([loaded, untilAborted(mesh.signal)]);
      mesh.signal.throwIfAborted();
      return { value: undefined };
    });
  }
  const owned = parts.move();
  return { announce: () => mesh.state.setPhase("ready"), stop: () => owned.disposeAsync() };
}

export interface SetUpOptions extends OpenMeshOptions {
  /** Whom to make Center's first account, with a new password, where Center has none. */
  readonly firstAdmin?: { readonly email: string; readonly password: string } | undefined;
}

/**
 * Prepares databases, roles, migrations and keys, and stops what it started for that. May be repeated.
 * @returns whether the first account was made.
 */
export function setUpMesh(options: SetUpOptions): Promise<boolean> {
  return orReasonToStop(options.signal, prepareParts(options));
}

async function prepareParts(options: SetUpOptions): Promise<boolean> {
  await using parts = new AsyncDisposableStack();
  const mesh = await openMesh(options);
  parts.defer(() => mesh.state.setPhase("stopped"));
  const databases = await startDatabases(mesh, parts);
  mesh.signal.throwIfAborted();
  await prepareSilos(mesh, databases);
  if (!options.firstAdmin) return false;
  const { root, log } = mesh;
  const name = "Administrator";
  return await createFirstAdmin(root, { databaseUrl: databases.center.appUrl, name, log, ...options.firstAdmin });
}

/** Once somebody has asked to stop, what fails because of it is no news: the reason is that they asked. */
async function orReasonToStop<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  }
}

function prepareSilos(
  mesh: OpenedMesh,
  databases: Readonly<Record<ServiceName, DatabasePlan>>,
): Promise<SampleRegionRecord | undefined> {
  return mesh.progress.step("Migrations", async () => {
    const applied = await Promise.all(
      serviceNames.map((service) => prepareSilo(mesh.root, databases[service], mesh.log)),
    );
    const count = applied.flat().length;
    const value = await prepareSampleRegion(mesh, databases);
    return { value, words: count === 0 ? "nothing to do" : `${count} applied` };
  });
}
