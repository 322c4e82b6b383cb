import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { MigrationObject } from "@mikro-orm/postgresql";
import { loginFromUrl } from "#platform/database/database-url.ts";
import { migrate } from "#platform/database/migrate.ts";
import { provisionSilo } from "#platform/database/provision.ts";
import type { ServiceName } from "#platform/service-name.ts";
import type { Logger } from "#platform/telemetry/log.ts";
import type { DatabasePlan } from "./mesh-plan.ts";

/**
 * Brings one silo's database to what its service expects: database and roles if an administrator is known, then the
 * migrations that it lacks.
 * @returns the names of the migrations that were applied.
 */
export async function prepareSilo(
  root: string,
  { service, adminUrl, ownerUrl, appUrl }: DatabasePlan,
  log: Logger,
): Promise<readonly string[]> {
  if (adminUrl !== undefined) await provisionSilo({ adminUrl, ownerUrl, appUrl });
  const migrations = await migrationsOf(root, service);
  return migrate({ ownerUrl, appRole: loginFromUrl(appUrl).role, migrations, log });
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
