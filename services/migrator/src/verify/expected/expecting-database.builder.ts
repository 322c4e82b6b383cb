import { Client } from "pg";
import { startTestPostgres } from "#platform/testing/test-postgres.ts";
import { createLegacySchema } from "../../legacy/legacy-schema.ts";
import { addOld, type OldRow } from "../old-rows.builder.ts";
import { type ExpectationOptions, prepareSource } from "../prepare-source.ts";
import { expectedSide } from "../comparison.ts";
import { ruledComparisons } from "./every-comparison.ts";

const options: ExpectationOptions = {
  ...{ rolePolicy: "evidence", strict: false, importedAt: new Date("2026-01-01T00:00:00Z") },
  overrides: { users: new Map(), facilities: new Map() },
};

/** Rows of the old database by table. */
export type Old = Readonly<Record<string, readonly OldRow[]>>;

/** A table of a silo as it should be: the values, as text, by key and column. */
type Rows = Readonly<Record<string, Readonly<Record<string, string | null>>>>;

/** A hospital with a nurse, a home, two agencies with a unit each, and somebody who bids. */
const region: Old = {
  User: [{ id: "ann", email: "Ann@mercy.example" }],
  Facility: [
    { id: "mercy", type: "HOSPITAL", email: "ann@mercy.example" },
    { id: "home", email: null },
  ],
  TransportAgency: [{ id: "swift" }, { id: "calm", name: "Calm" }],
  AgencyUser: [{ id: "crew", agencyId: "swift", email: "crew@swift.example" }],
  Unit: [
    { id: "swift-1", agencyId: "swift" },
    { id: "calm-1", agencyId: "calm" },
  ],
};

/** An old database in which each question is asked about the region, with more rows. */
export interface ExpectingDatabase extends AsyncDisposable {
  /** What the silos' tables should hold. */
  expect(
    more: Old,
    tables: readonly string[],
    over?: Partial<ExpectationOptions>,
  ): Promise<Readonly<Record<string, Rows>>>;
}

/** Makes one. */
export async function createExpectingDatabase(): Promise<ExpectingDatabase> {
  await using parts = new AsyncDisposableStack();
  const postgres = parts.use(await startTestPostgres());
  const client = new Client({ connectionString: (await postgres.createDatabase("expected")).ownerUrl });
  await client.connect();
  parts.defer(() => client.end());
  await client.query("set timezone to 'UTC'; set datestyle to 'ISO'");
  await createLegacySchema(client, { foreignKeys: false });
  const owned = parts.move();
  return {
    expect: (more, tables, over) => expectations(client, more, { tables, over: over ?? {} }),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function expectations(
  client: Client,
  more: Old,
  { tables, over }: { readonly tables: readonly string[]; readonly over: Partial<ExpectationOptions> },
): Promise<Readonly<Record<string, Rows>>> {
  await client.query("begin");
  try {
    for (const old of [region, more]) {
      for (const [table, rows] of Object.entries(old)) await addOld(client, table, ...rows);
    }
    await prepareSource(client, { ...options, ...over }, []);
    const found: Record<string, Rows> = {};
    for (const table of tables) found[table] = await expectedRows(client, table);
    return found;
  } finally {
    await client.query("rollback");
  }
}

async function expectedRows(client: Client, table: string): Promise<Rows> {
  const found: Record<string, Readonly<Record<string, string | null>>> = {};
  for (const comparison of ruledComparisons.filter((known) => known.table === table)) {
    const { key, columns, from } = expectedSide(comparison);
    const { rows } = await client.query<{ k: string; line: (string | null)[] }>(
      `select ${key} as k, array[${columns.map(({ sql }) => `(${sql})::text`).join(", ")}]::text[] as line from ${from}`,
    );
    for (const { k, line } of rows)
      found[k] = Object.fromEntries(columns.map(({ name }, at) => [name, line[at] ?? null]));
  }
  return found;
}
