import { Client } from "pg";
import { type ServiceName, serviceNames } from "#platform/service-name.ts";
import type { TestDatabase } from "#platform/testing/test-postgres.ts";

/** Databases that take nothing. Disposing mends them. */
export interface BrokenDatabases extends AsyncDisposable {
  /** Lets them take what they should again. */
  mend(): Promise<void>;
}

const constraint = "takes_nothing";

/**
 * Makes every table of the three businesses refuse every row that is written, as no service expects it to. PostgreSQL
 * then answers with the whole row in its words.
 */
export async function breakDatabases(databases: Readonly<Record<ServiceName, TestDatabase>>): Promise<BrokenDatabases> {
  const inAll = async (statementFor: (table: string) => string): Promise<void> => {
    await Promise.all(serviceNames.map((silo) => inEveryTable(databases[silo], statementFor)));
  };
  await inAll((table) => `alter table ${table} add constraint ${constraint} check (false) not valid`);
  const mend = (): Promise<void> => inAll((table) => `alter table ${table} drop constraint if exists ${constraint}`);
  return { mend, [Symbol.asyncDispose]: mend };
}

async function inEveryTable({ ownerUrl }: TestDatabase, statementFor: (table: string) => string): Promise<void> {
  const client = new Client({ connectionString: ownerUrl });
  await client.connect();
  try {
    const { rows } = await client.query<{ name: string }>(
      `select quote_ident(tablename) as name from pg_tables
        where schemaname = 'public' and tablename !~ '^(outbox|inbox|relay|idempotency|audit|published|mikro|schema)'`,
    );
    for (const { name } of rows) await client.query(statementFor(name));
  } finally {
    await client.end();
  }
}
