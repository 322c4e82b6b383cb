import type { ClientBase } from "pg";
import { insertRows } from "./insert-rows.ts";
import type { Keys } from "./keys.ts";
import { addOddFleet } from "./odd-fleet.ts";
import { addOddOrganizations } from "./odd-organizations.ts";
import { addOddPeople } from "./odd-people.ts";
import { OddBook, type OddRows } from "./odd-book.ts";
import { addOddTrips } from "./odd-trips.ts";
import type { RegionSize } from "./region-size.ts";

/** Where oddities go. */
export interface OddContext {
  readonly size: RegionSize;
  readonly keys: Keys;
  /** Told how many rows were written. */
  readonly note: (table: string, rows: number) => void;
  /** True if no foreign key forbids rows that refer to nothing. */
  readonly mayBeOrphaned: boolean;
}

/** Adds every odd shape and contradiction that the rules are about, and that old databases had. */
export async function insertOddities(client: ClientBase, { note, ...context }: OddContext): Promise<OddRows> {
  const book = new OddBook(context);
  addOddPeople(book);
  addOddOrganizations(book);
  addOddFleet(book);
  addOddTrips(book);
  for (const [table, rows] of Object.entries(book.rows)) {
    await insertRows(client, table, rows);
    note(table, rows.length);
  }
  await writeJsonNulls(client, book);
  return book.notes;
}

/** What JSON calls null is not what SQL calls so, and the old database has both. */
async function writeJsonNulls(client: ClientBase, { notes }: OddBook): Promise<void> {
  const ids = notes.odd["SHAPES"] ?? [];
  for (const table of ["Facility", "TransportAgency"]) {
    await client.query(
      `update "${table}" set "operatingHours" = 'null', capabilities = 'null' where id = any($1) and "operatingHours" is null`,
      [ids],
    );
  }
}
