import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { withEnvFile } from "#platform/config/env-file.ts";
import { ConfigError, readConfig } from "#platform/config/read-config.ts";
import { migratorSettings } from "#platform/config/settings.ts";
import { serviceNames } from "#platform/service-name.ts";
import {
  noOverrides,
  type Overrides,
  OverridesError,
  parseOverrides,
} from "../../../migrator/src/directory/overrides.ts";
import { type MeshSettings, readMeshSettings } from "../embedded/mesh-settings.ts";

/** What the person who moves a database asked for. */
export interface MigrateSettings {
  readonly mesh: MeshSettings;
  /** The old database, in the name of its tables' owner; undefined where a command can do without. */
  readonly sourceUrl: string | undefined;
  readonly overrides: Overrides;
}

/** The same for commands that look at the old database. */
export interface SourceSettings extends MigrateSettings {
  readonly sourceUrl: string;
}

export interface MigrateSettingsOptions {
  readonly root: string;
  readonly environment: NodeJS.ProcessEnv;
  /** The file that --overrides names. */
  readonly overridesFile?: string | undefined;
}

/**
 * Reads the settings of `medport migrate`.
 * @throws ConfigError that lists every problem, those of the mesh and of the overrides file included.
 */
export function readMigrateSettings(options: MigrateSettingsOptions): Promise<MigrateSettings> {
  return gather(options, migratorSettings);
}

/**
 * The same for commands that cannot do without the old database.
 * @throws ConfigError that lists every problem, its absence included.
 */
export async function readSourceSettings(options: MigrateSettingsOptions): Promise<SourceSettings> {
  const { legacyDatabaseUrl } = migratorSettings;
  const settings = await gather(options, { legacyDatabaseUrl: { ...legacyDatabaseUrl, presence: "required" } });
  const { sourceUrl } = settings;
  if (sourceUrl === undefined) throw new Error("a setting that is required was read as absent");
  return { ...settings, sourceUrl };
}

async function gather(
  { root, environment, overridesFile }: MigrateSettingsOptions,
  wanted: typeof migratorSettings,
): Promise<MigrateSettings> {
  const problems: string[] = [];
  const mesh = await orProblems(problems, readMeshSettings(root, environment));
  const all = await withEnvFile(environment, join(root, ".env"));
  const source = await orProblems(
    problems,
    asPromise(() => readConfig(wanted, all)),
  );
  const overrides = await orProblems(problems, readOverrides(overridesFile));
  const sourceUrl = source?.legacyDatabaseUrl;
  if (mesh && sourceUrl !== undefined) problems.push(...siloProblems(mesh, sourceUrl));
  if (problems.length > 0 || !mesh || !overrides) throw new ConfigError(problems);
  return { mesh, sourceUrl, overrides };
}

/** The old database must not be one of those that it is moved to. */
function siloProblems({ silos }: MeshSettings, sourceUrl: string): readonly string[] {
  return serviceNames.flatMap((service) => {
    const { databaseUrl, databaseOwnerUrl } = silos[service];
    const isSame = [databaseUrl, databaseOwnerUrl].some(
      (url) => url !== undefined && placeOf(url) === placeOf(sourceUrl),
    );
    const prefix = `${service.toUpperCase()}_DATABASE_URL`;
    return isSame ? [`LEGACY_DATABASE_URL names the same database as ${prefix}: it is moved, not its target`] : [];
  });
}

function placeOf(url: string): string {
  const { hostname, port, pathname } = new URL(url);
  return `${hostname}:${port || "5432"}${pathname}`;
}

async function readOverrides(file: string | undefined): Promise<Overrides> {
  if (file === undefined) return noOverrides;
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    throw new ConfigError([`--overrides ${file} cannot be read: ${error.code ?? error.message}`]);
  });
  try {
    return parseOverrides(text);
  } catch (error) {
    if (!(error instanceof OverridesError)) throw error;
    throw new ConfigError(error.message.split("\n").map((line) => `--overrides ${file}: ${line}`));
  }
}

async function asPromise<T>(read: () => T): Promise<T> {
  return read();
}

async function orProblems<T>(problems: string[], reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    problems.push(...error.problems);
    return undefined;
  }
}
