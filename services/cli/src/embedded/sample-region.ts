import type { ServiceName } from "#platform/service-name.ts";
import { connectMesh } from "../../../client/connect-mesh.ts";
import { firstAdminEmail, type SampleAccount } from "../sample/accounts.ts";
import { seedSampleRegion } from "../sample/seed.ts";
import { createFirstAdmin } from "./first-admin.ts";
import type { MeshFolder } from "./mesh-folder.ts";
import type { MeshPlan } from "./mesh-plan.ts";
import {
  beginSampleRegion,
  endSampleRegion,
  forgetSampleRegion,
  readSampleRegionRecord,
  resumeSampleRegion,
  type SampleRegionRecord,
} from "./mesh-secrets.ts";
import type { OpenedMesh } from "./open-mesh.ts";

/**
 * Decides whether the sample region is to be loaded, and makes the one account that the loading needs. It is loaded
 * only where all three databases are embedded and Center has no user yet; a loading that was cut off is taken up again.
 * Called after the migrations and before the services start.
 * @returns undefined when there is nothing to load.
 */
export async function prepareSampleRegion(
  { root, folder, log }: OpenedMesh,
  databases: MeshPlan["databases"],
): Promise<SampleRegionRecord | undefined> {
  if (Object.values(databases).some(({ port }) => port === undefined)) return undefined;
  const known = await readSampleRegionRecord(folder);
  if (known?.state === "loaded") return undefined;
  const record = known ? await resumeSampleRegion(folder, known) : await beginSampleRegion(folder);
  const databaseUrl = databases.center.appUrl;
  const isFirst = await createFirstAdmin(root, { databaseUrl, log, ...firstAdmin(record.accounts) });
  if (isFirst || known) return record;
  // Somebody else's users are there already.
  await forgetSampleRegion(folder);
  return undefined;
}

/** Loads the sample region into the running mesh. */
export async function loadSampleRegion(
  folder: MeshFolder,
  record: SampleRegionRecord,
  addresses: Readonly<Record<ServiceName, string>>,
  onProgress: (what: string) => void,
): Promise<void> {
  using mesh = connectMesh({ addresses, retryForMs: 30_000 });
  await seedSampleRegion({ mesh, accounts: record.accounts, onProgress });
  await endSampleRegion(folder, record);
}

function firstAdmin(accounts: readonly SampleAccount[]): SampleAccount {
  const account = accounts.find(({ email }) => email === firstAdminEmail);
  if (!account) throw new Error(`the sample region has no account ${firstAdminEmail}`);
  return account;
}
