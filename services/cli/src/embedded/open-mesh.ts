import { appendFileSync } from "node:fs";
import { postgresUser, type ServerUser } from "#platform/embedded/server-user.ts";
import { createLog, type Logger } from "#platform/telemetry/log.ts";
import { stopLeftovers } from "./leftovers.ts";
import { findMeshFolder, logFile, makeMeshFolder, type MeshFolder, rotateLog } from "./mesh-folder.ts";
import { type MeshPlan, planMesh } from "./mesh-plan.ts";
import { type MeshKeys, type MeshSecrets, openMeshKeys, openMeshSecrets } from "./mesh-secrets.ts";
import type { MeshSettings } from "./mesh-settings.ts";
import { forEachSilo, MeshStateFile } from "./mesh-state.ts";
import type { Progress } from "./progress.ts";

/** All that is known of a mesh before its first server starts. */
export interface OpenedMesh {
  readonly root: string;
  readonly settings: MeshSettings;
  readonly folder: MeshFolder;
  readonly user: ServerUser | undefined;
  readonly secrets: MeshSecrets;
  readonly keys: MeshKeys;
  readonly plan: MeshPlan;
  readonly state: MeshStateFile;
  /** What the preparation has to say, into a file: people watch the progress. */
  readonly log: Logger;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

export interface OpenMeshOptions {
  readonly root: string;
  readonly settings: MeshSettings;
  readonly progress: Progress;
  /** Aborted when the mesh shall stop before it is ready. */
  readonly signal: AbortSignal;
}

/** The folder of the mesh that these settings speak of. */
export function meshFolderOf(root: string, settings: MeshSettings): Promise<MeshFolder> {
  return findMeshFolder({ root, folder: settings.launcher.folder, user: postgresUser() });
}

/**
 * Makes everything ready for the first server: folders, passwords, keys, ports. Servers that a killed launcher left
 * are stopped. Whoever calls it holds the folder's lock.
 */
export async function openMesh({ root, settings, progress, signal }: OpenMeshOptions): Promise<OpenedMesh> {
  const user = postgresUser();
  const folder = await meshFolderOf(root, settings);
  await makeMeshFolder(folder);
  await stopLeftovers(folder);
  const secrets = await openMeshSecrets(folder);
  const keys = await openMeshKeys(folder);
  const plan = await planMesh(settings, secrets);
  const preparationLog = logFile(folder, "migrations");
  await rotateLog(preparationLog);
  return {
    ...{ root, settings, folder, user, secrets, keys, plan, progress, signal },
    state: stateOf(folder, plan, user),
    log: createLog({
      service: "medport",
      level: "info",
      destination: { write: (line) => appendFileSync(preparationLog, line, { mode: 0o600 }) },
    }),
  };
}

function stateOf(folder: MeshFolder, plan: MeshPlan, user: ServerUser | undefined): MeshStateFile {
  const moved = `PostgreSQL runs as ${user?.name}, which ${folder.closedBy} keeps out: the databases are in ${folder.databases}`;
  return new MeshStateFile(folder, {
    phase: "starting",
    pid: process.pid,
    services: forEachSilo((service) => ({ address: `127.0.0.1:${plan.servicePorts[service]}`, embedded: true })),
    databases: forEachSilo((service) => {
      const { address, port } = plan.databases[service];
      return { address, embedded: port !== undefined };
    }),
    broker: { address: plan.brokerAddress, embedded: plan.brokerPort !== undefined },
    notes: [...(folder.closedBy === undefined ? [] : [moved]), ...plan.notes],
  });
}
