import { Migrator } from "@mikro-orm/migrations";
import { MikroORM, type MigrationObject, PostgreSqlDriver } from "@mikro-orm/postgresql";
import type { Logger } from "#platform/telemetry/log.ts";
import { openAdminSession } from "./admin-session.ts";
import { type ConnectionLimits, poolOptions } from "./connection-options.ts";
import { withoutValues } from "./database-error.ts";
import { loginFromUrl } from "./database-url.ts";
import { grantToApp } from "./grants.ts";
import { migrationTable } from "./migration-table.ts";
import { ormLog } from "./orm-log.ts";

export interface MigrateOptions {
  readonly ownerUrl: string;
  /** Whom the service logs in as. If it is the owner itself, there is nothing to grant. */
  readonly appRole: string;
  /** In the order in which they are to be applied. */
  readonly migrations: readonly MigrationObject[];
  readonly log: Logger;
}

/**
 * Brings a silo's database up to date: applies what is missing, all or nothing, and gives the application's role what
 * it needs. May be repeated, and by several processes at once: they take turns.
 * @returns the names that this call applied.
 */
export async function migrate({ ownerUrl, appRole, migrations, log }: MigrateOptions): Promise<readonly string[]> {
  const { role: ownerRole, database } = loginFromUrl(ownerUrl);
  await using turn = await openAdminSession(ownerUrl, "medport.migrate");
  const applied = await applyMissing({ ownerUrl, migrations, log });
  if (ownerRole === appRole) log.warn({ event: "database.single_role", role: appRole });
  else await grantToApp(turn, { database, appRole });
  log.info({ event: "database.migrated", database, applied });
  return applied;
}

/** A migration may take as long as it needs, but must not queue behind a long transaction with everyone behind it. */
const migrationLimits: ConnectionLimits = {
  statementTimeoutMs: 0,
  lockTimeoutMs: 10_000,
  idleInTransactionTimeoutMs: 0,
};

async function applyMissing({
  ownerUrl,
  migrations,
  log,
}: Omit<MigrateOptions, "appRole">): Promise<readonly string[]> {
  const applicationName = "medport-migrate";
  const orm = new MikroORM({
    driver: PostgreSqlDriver,
    clientUrl: ownerUrl,
    driverOptions: poolOptions({ url: ownerUrl, applicationName, poolSize: 2, limits: migrationLimits }),
    entities: [],
    discovery: { warnWhenNoEntities: false },
    ensureDatabase: false,
    loggerFactory: () => ormLog(log),
    extensions: [Migrator],
    migrations: { tableName: migrationTable, migrationsList: [...migrations], snapshot: false, silent: true },
  });
  try {
    return (await orm.migrator.up()).map(({ name }) => name);
  } catch (error) {
    throw withoutValues(error);
  } finally {
    await orm.close();
  }
}
