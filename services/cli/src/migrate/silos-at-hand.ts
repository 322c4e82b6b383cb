import { Client } from "pg";
import { valueOf } from "#platform/config/read-config.ts";
import { serviceTitles } from "#platform/config/settings.ts";
import { type ServiceName, serviceNames } from "#platform/service-name.ts";
import { makeMeshFolder, type MeshFolder } from "../embedded/mesh-folder.ts";
import { findLockHolder } from "../embedded/mesh-lock.ts";
import { embeddedDatabase } from "../embedded/mesh-plan.ts";
import { openMeshKeys, readMeshSecrets } from "../embedded/mesh-secrets.ts";
import type { MeshSettings } from "../embedded/mesh-settings.ts";
import { forEachSilo, readMeshState } from "../embedded/mesh-state.ts";
import { meshFolderOf, openMesh } from "../embedded/open-mesh.ts";
import type { Progress } from "../embedded/progress.ts";
import { prepareSilo } from "../embedded/silo-migrations.ts";
import { startDatabases } from "../embedded/start-databases.ts";
import { MeshBusyError, underMeshLock } from "../embedded/under-lock.ts";
import type { ReportKeyFiles } from "./report-files.ts";
import { untilStopped } from "./until-stopped.ts";

/** The three silos' databases, reachable for as long as a command works with them. */
export interface SilosAtHand {
  readonly folder: MeshFolder;
  /** Connection strings in the name of the role that owns the tables. */
  readonly ownerUrls: Readonly<Record<ServiceName, string>>;
  /** Aborted by Ctrl-C and by SIGTERM: what is under way shall end where it can go on. */
  readonly signal: AbortSignal;
}

export interface SilosOptions {
  readonly root: string;
  readonly settings: MeshSettings;
  readonly progress: Progress;
}

/**
 * Does work with the silos: those that the settings name, those of the mesh that runs, or else embedded ones that are
 * started for this work alone, without their services.
 * @throws MeshBusyError if another process starts or moves them right now.
 */
export async function withSilos<T>(options: SilosOptions, work: (silos: SilosAtHand) => Promise<T>): Promise<T> {
  const { root, settings } = options;
  const folder = await meshFolderOf(root, settings);
  const embedded = serviceNames.filter((service) => settings.silos[service].databaseUrl === undefined);
  const holder = await findLockHolder(folder);
  if (embedded.length > 0 && holder === undefined) return withStartedSilos(options, folder, work);
  if (embedded.length > 0 && (await readMeshState(folder))?.phase !== "ready") throw new MeshBusyError(holder ?? 0);
  const ownerUrls = await knownOwnerUrls(settings, folder);
  await expectTables(
    serviceNames.filter((service) => !embedded.includes(service)),
    ownerUrls,
  );
  return untilStopped((signal) => work({ folder, ownerUrls, signal }));
}

/** Where the silos are that somebody brought, and those of a mesh that runs. */
async function knownOwnerUrls(
  settings: MeshSettings,
  folder: MeshFolder,
): Promise<Readonly<Record<ServiceName, string>>> {
  const [state, secrets] = await Promise.all([readMeshState(folder), readMeshSecrets(folder)]);
  return forEachSilo((service) => {
    const { databaseUrl, databaseOwnerUrl } = settings.silos[service];
    if (databaseUrl !== undefined) return databaseOwnerUrl ?? databaseUrl;
    if (!state || !secrets) throw new Error(`nothing is known of the mesh in ${folder.path}`);
    const port = Number(state.databases[service].address.split(":").at(-1));
    return embeddedDatabase(service, port, secrets).ownerUrl;
  });
}

function withStartedSilos<T>(
  { root, settings, progress }: SilosOptions,
  folder: MeshFolder,
  work: (silos: SilosAtHand) => Promise<T>,
): Promise<T> {
  return underMeshLock(folder, async (signal) => {
    await using parts = new AsyncDisposableStack();
    const mesh = await openMesh({ root, settings, progress, signal });
    parts.defer(() => mesh.state.setPhase("stopped"));
    const databases = await startDatabases(mesh, parts);
    signal.throwIfAborted();
    for (const service of serviceNames) await prepareSilo(root, databases[service], mesh.log);
    // Awaited here: what was started is stopped when this function ends.
    return await work({ folder, ownerUrls: forEachSilo((service) => databases[service].ownerUrl), signal });
  });
}

/** @throws Error naming every silo that somebody brought and that has no tables, or cannot be reached. */
async function expectTables(
  brought: readonly ServiceName[],
  ownerUrls: Readonly<Record<ServiceName, string>>,
): Promise<void> {
  const problems = await Promise.all(brought.map((service) => problemOf(service, ownerUrls[service])));
  const found = problems.filter((problem) => problem !== undefined);
  if (found.length > 0) throw new Error(found.join("\n"));
}

async function problemOf(service: ServiceName, url: string): Promise<string | undefined> {
  const title = serviceTitles[service];
  const at = new URL(url).host;
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  client.on("error", () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<{ there: boolean }>(
      "select to_regclass('public.outbox_event') is not null as there",
    );
    return rows[0]?.there ? undefined : `${title}'s database at ${at} has no tables: "npx medport setup" makes them`;
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error);
    return `${title}'s database at ${at} cannot be used (${words}): check ${service.toUpperCase()}_DATABASE_OWNER_URL`;
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** The files of Center's key, which signs reports, and of the public keys by which they are checked. */
export async function reportKeyFiles({ environment }: MeshSettings, folder: MeshFolder): Promise<ReportKeyFiles> {
  const privateKeyFile = valueOf(environment, "CENTER_SERVICE_KEY_FILE");
  const publicKeysFile = valueOf(environment, "SERVICE_PUBLIC_KEYS_FILE");
  if (privateKeyFile !== undefined && publicKeysFile !== undefined) return { privateKeyFile, publicKeysFile };
  await makeMeshFolder(folder);
  const keys = await openMeshKeys(folder);
  return {
    privateKeyFile: privateKeyFile ?? keys.serviceKeyFiles.center,
    publicKeysFile: publicKeysFile ?? keys.servicePublicKeysFile,
  };
}
