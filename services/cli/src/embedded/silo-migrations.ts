import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { MigrationObject } from "@mikro-orm/postgresql";
import { loginFromUrl } from "#platform/database/database-url.ts";
import { migrate } from "#platform/database/migrate.ts";
import { provisionSilo } from "#platform/database/provision.ts";
import { serviceTitles } from "#platform/config/settings.ts";
import type { ServiceName } from "#platform/service-name.ts";
import type { Logger } from "#platform/telemetry/log.ts";
import type { DatabasePlan } from "./mesh-plan.ts";

/**
 * Brings one silo's database to what its service expects: database and roles if an administrator is known, then the
 * migrations that it lacks.
 * @returns the names of the migrations that were applied.
 */
export async function prepareSilo(root: string, database: DatabasePlan, log: Logger): Promise<readonly string[]> {
  const { service, adminUrl, ownerUrl, appUrl } = database;
  const migrations = await migrationsOf(root, service);
  try {
    if (adminUrl !== undefined) await provisionSilo({ adminUrl, ownerUrl, appUrl });
    return await migrate({ ownerUrl, appRole: loginFromUrl(appUrl).role, migrations, log });
  } catch (error) {
    throw new Error(unpreparedWords(database), { cause: error });
  }
}

function unpreparedWords({ service, address, port, adminUrl }: DatabasePlan): string {
  const words = `${serviceTitles[service]}'s database at ${address} could not be prepared`;
  if (port !== undefined) return words;
  const prefix = `${service.toUpperCase()}_DATABASE`;
  if (adminUrl !== undefined) return `${words}: check ${prefix}_ADMIN_URL and ${prefix}_OWNER_URL`;
  return `${words}: check ${prefix}_OWNER_URL, or set ${prefix}_ADMIN_URL, which makes database and roles`;
}

/** The migrations of a silo, the oldest first. Found by place, so that the command depends on no service's code. */
export async function migrationsOf(root: string, service: ServiceName): Promise<readonly MigrationObject[]> {
  const path = join(root, "services", service, "migrations", "migrations.ts");
  const module: unknown = await import(pathToFileURL(path).href);
  if (typeof module !== "object" || module === null || !("migrations" in module) || !Array.isArray(module.migrations)) {
    throw new Error(`${path} exports no list "migrations"`);
  }
  return module.migrations as readonly MigrationObject[];
}
