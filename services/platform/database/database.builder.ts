import { Migration } from "@mikro-orm/migrations";
import type { MigrationObject } from "@mikro-orm/postgresql";
import { createLog, type Logger } from "#platform/telemetry/log.ts";
import { startTestPostgres, type TestDatabase, type TestPostgres } from "#platform/testing/test-postgres.ts";
import type { ServiceName } from "#platform/service-name.ts";
import { type Database, type Entities, openDatabase } from "./database.ts";
import { migrate } from "./migrate.ts";
import { platformSchema } from "./platform-schema.ts";

/** A silo's database fit for tests: migrated, and opened in the application's role. */
export interface SiloDatabase {
  readonly database: Database;
  /** The URLs and roles behind it. */
  readonly silo: TestDatabase;
  /** Every line that was logged, as JSON. */
  readonly logged: readonly string[];
  [Symbol.asyncDispose](): Promise<void>;
}

export interface SiloDatabaseOptions {
  readonly service?: ServiceName;
  readonly entities?: Entities;
  /** What the silo has beside the platform's tables. */
  readonly statements?: readonly string[];
  readonly poolSize?: number;
  /** A cluster of the test's own; the shared one unless given. */
  readonly postgres?: TestPostgres;
}

/** Makes a database with the platform's tables; name only what the test is about. */
export async function openSiloDatabase(label: string, options: SiloDatabaseOptions = {}): Promise<SiloDatabase> {
  const { service = "hospital", entities = [], statements = [], poolSize = 10 } = options;
  await using parts = new AsyncDisposableStack();
  const postgres = options.postgres ?? parts.use(await startTestPostgres());
  const silo = parts.use(await postgres.createDatabase(label));
  const { log, logged } = createMemoryLog(service);
  await migrate({
    ownerUrl: silo.ownerUrl,
    appRole: silo.appRole,
    migrations: [aMigration("0001-initial", [...platformSchema, ...statements])],
    log,
  });
  const opened = await openDatabase({ url: silo.appUrl, service, entities, poolSize, log });
  const database = parts.adopt(opened, (it) => it.close());
  const owned = parts.move();
  return { database, silo, logged, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** A migration that runs the statements. */
export function aMigration(name: string, statements: readonly string[]): MigrationObject {
  class StatementsMigration extends Migration {
    override up(): void {
      for (const statement of statements) this.addSql(statement);
    }
  }
  return { name, class: StatementsMigration };
}

/** A log that a test can read. */
export function createMemoryLog(service = "hospital"): { readonly log: Logger; readonly logged: readonly string[] } {
  const logged: string[] = [];
  const log = createLog({ service, level: "debug", destination: { write: (line) => void logged.push(line) } });
  return { log, logged };
}
