import type { ClientBase } from "pg";
import { withoutForeignKeys } from "./foreign-keys.ts";
import { createKeys, type Keys } from "./keys.ts";
import { otherRows } from "./other-tables.ts";
import { legacyPassword } from "./passwords.ts";
import { plainRegion } from "./plain-region.ts";
import { plainTripRows } from "./plain-trips.ts";
import { insertRegion } from "./region.ts";
import { type RegionSize, regionSizeFor } from "./region-size.ts";
import type { OddRows } from "./odd-book.ts";
import { insertOddities } from "./oddities.ts";

/** What to make. */
export interface GenerateLegacyOptions {
  /** How many trips there are without oddities; those come on top. */
  readonly trips: number;
  /** The same seed gives the same rows. */
  readonly seed: number;
  /** Whether everything that the rules are about happens, too; if not, no rule finds anything. */
  readonly oddities: boolean;
  readonly onProgress?: (progress: { readonly table: string; readonly rows: number }) => void;
}

/** What was made. */
export interface GeneratedLegacy extends OddRows {
  /** Of all tables together. */
  readonly rows: number;
  /** Rows by table. */
  readonly counts: Readonly<Record<string, number>>;
  /** A person of a hospital that created trips. */
  readonly login: { readonly email: string; readonly password: string };
  /** Everybody's. */
  readonly password: string;
}

/** So many numbers at a time go to the server. */
const chunk = 25_000;

/**
 * Fills the empty tables of an old database (`createLegacySchema`). The server makes the rows that grow with the number of
 * trips, from their numbers alone, so that no memory does. Foreign keys are left out meanwhile, and checked at the end.
 * Not for a database that anybody else uses: neither is it one transaction, nor does it wait for the disk.
 */
export async function generateLegacy(
  client: ClientBase,
  { trips, seed, oddities, onProgress }: GenerateLegacyOptions,
): Promise<GeneratedLegacy> {
  const [size, keys] = [regionSizeFor(trips), createKeys(seed)];
  const counts: Record<string, number> = {};
  const note = (table: string, rows: number): void => {
    counts[table] = (counts[table] ?? 0) + rows;
    onProgress?.({ table, rows: counts[table] });
  };
  let odd: OddRows = { people: {}, odd: {}, quarantined: [] };
  await client.query("set synchronous_commit to off");
  await withoutForeignKeys(client, async (hadForeignKeys) => {
    await insertRegion(client, plainRegion(size, keys), note);
    await insertSeries(client, { size, keys, note });
    if (oddities) odd = await insertOddities(client, { size, keys, note, mayBeOrphaned: !hadForeignKeys });
  });
  await client.query("reset synchronous_commit");
  await client.query("analyze");
  const rows = Object.values(counts).reduce((sum, count) => sum + count, 0);
  const login = { email: plainRegion(regionSizeFor(0), keys).User[0]?.email ?? "", password: legacyPassword };
  return { rows, counts, login, password: legacyPassword, ...odd };
}

interface Series {
  readonly size: RegionSize;
  readonly keys: Keys;
  readonly note: (table: string, rows: number) => void;
}

async function insertSeries(client: ClientBase, { size, keys, note }: Series): Promise<void> {
  const all = [...plainTripRows(size, keys).map((rows) => ({ ...rows, count: size.trips })), ...otherRows(size, keys)];
  for (const { table, sql, count } of all) {
    for (let from = 0; from < count; from += chunk) {
      const { rowCount } = await client.query(sql, [from, Math.min(from + chunk, count) - 1]);
      note(table, rowCount ?? 0);
    }
  }
}
