import type { ClientBase } from "pg";
import type { SourceRow } from "../moved.ts";
import { inTransaction } from "./in-transaction.ts";
import { captureSchema } from "./install-capture.ts";

/** Has rows of the old database moved anew, as if they had just been changed; those that are not there are removed from the silos. */
export async function noteChanges(source: ClientBase, rows: readonly SourceRow[]): Promise<void> {
  if (rows.length === 0) return;
  await inTransaction(source, () =>
    source.query(
      `insert into ${captureSchema}.change (table_name, pk, op) select *, 'update' from unnest($1::text[], $2::text[])`,
      [rows.map(({ table }) => table), rows.map(({ pk }) => pk)],
    ),
  );
}

/** A note by which everything about people and organizations is decided anew, and the trips that this concerns. */
export const everythingAboutPeople: SourceRow = { table: "Facility", pk: "" };
