import type { ServiceName } from "#platform/service-name.ts";
import type { SampleAccount } from "../sample/accounts.ts";
import { projectRoot } from "../project-root.ts";
import type { MeshFolder } from "./mesh-folder.ts";
import { findLockHolder } from "./mesh-lock.ts";
import { readSampleRegionRecord } from "./mesh-secrets.ts";
import { readMeshSettings } from "./mesh-settings.ts";
import { findMesh, type MeshAddresses } from "./mesh-status.ts";
import { meshFolderOf } from "./open-mesh.ts";

/** The mesh that runs on this machine, as a command needs it that works with it. */
export interface MeshAtHand extends Pick<MeshAddresses, "databases" | "broker"> {
  readonly folder: MeshFolder;
  /** host:port of each service. */
  readonly addresses: Readonly<Record<ServiceName, string>>;
  /** The sample region's people; empty where it was not loaded. */
  readonly accounts: readonly SampleAccount[];
}

/**
 * Finds the running mesh.
 * @throws Error that says what to do when none runs.
 */
export async function runningMesh(
  root: string = projectRoot,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<MeshAtHand> {
  const settings = await readMeshSettings(root, environment);
  const folder = await meshFolderOf(root, settings);
  if ((await findLockHolder(folder)) === undefined) throw new Error('MedPort does not run; "npm start" starts it');
  const { services, databases, broker } = await findMesh(settings, folder);
  const region = await readSampleRegionRecord(folder);
  return { folder, addresses: services, databases, broker, accounts: region?.accounts ?? [] };
}
