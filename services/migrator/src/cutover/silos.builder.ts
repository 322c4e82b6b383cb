import { Client } from "pg";
import { createMemoryLog } from "#platform/database/database.builder.ts";
import { migrate } from "#platform/database/migrate.ts";
import type { ServiceName } from "#platform/service-name.ts";
import { serviceNames } from "#platform/service-name.ts";
import { startTestPostgres, type TestDatabase } from "#platform/testing/test-postgres.ts";
import { migrations as centerMigrations } from "../../../center/migrations/migrations.ts";
import { migrations as emsMigrations } from "../../../ems/migrations/migrations.ts";
import { migrations as hospitalMigrations } from "../../../hospital/migrations/migrations.ts";

const migrationsOf = { hospital: hospitalMigrations, ems: emsMigrations, center: centerMigrations } as const;

/** Three empty silos and an empty database beside them, and sessions of their owners. */
export interface TestDatabases extends AsyncDisposable {
  readonly databases: Readonly<Record<ServiceName | "source", TestDatabase>>;
  readonly silos: Readonly<Record<ServiceName, Client>>;
  readonly source: Client;
  /** One more session, closed with the rest. */
  connect(database: ServiceName | "source", as?: "owner" | "app" | "admin"): Promise<Client>;
}

/** Makes them. The silos' tables are there, the other database has none. */
export async function createTestDatabases(): Promise<TestDatabases> {
  await using parts = new AsyncDisposableStack();
  const postgres = parts.use(await startTestPostgres());
  const { log } = createMemoryLog("silos");
  const databases = {
    hospital: await postgres.createDatabase("hospital"),
    ems: await postgres.createDatabase("ems"),
    center: await postgres.createDatabase("center"),
    source: await postgres.createDatabase("legacy"),
  };
  for (const service of serviceNames) {
    const { ownerUrl, appRole } = databases[service];
    await migrate({ ownerUrl, appRole, migrations: migrationsOf[service], log });
  }
  const clients: Client[] = [];
  parts.defer(async () => {
    for (const client of clients) await client.end().catch(() => undefined);
  });
  const connect: TestDatabases["connect"] = async (name, as = "owner") => {
    const client = new Client({
      connectionString: databases[name][`${as}Url`],
      application_name: as === "owner" ? "medport-migrate" : "somebody",
      options: "-c TimeZone=UTC",
    });
    // A session that the server ends is what some tests are about.
    client.on("error", () => undefined);
    clients.push(client);
    await client.connect();
    return client;
  };
  const silos = { hospital: await connect("hospital"), ems: await connect("ems"), center: await connect("center") };
  const source = await connect("source");
  const owned = parts.move();
  return { databases, silos, source, connect, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
