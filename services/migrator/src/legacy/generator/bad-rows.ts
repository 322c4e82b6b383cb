import type { ClientBase } from "pg";
import { badKinds, type BadKind, type BadRow } from "./bad-kinds.ts";
import { withoutForeignKeys } from "./foreign-keys.ts";

/** How many rows to make bad, and which. */
export interface PlantOptions {
  readonly count: number;
  /** The same seed chooses the same rows. */
  readonly seed: number;
}

/** A row that must be quarantined. */
export interface PlantedRow extends Omit<BadRow, "tripId"> {
  /** What was done, such as OPEN_TRIP_TO_ITS_ORIGIN. */
  readonly kind: string;
  /** True if the row was made bad; false if it is sound and waits because of one that was. */
  readonly isPlanted: boolean;
}

/**
 * Makes rows of a generated database bad, in twelve kinds. Only plain rows: oddities stay what they are. Of rows that
 * nobody has many of, such as accounts, no more than every fourth; trips and bids make up for it.
 * @returns exactly the rows that must now be quarantined besides those that had to be before, with the right reasons.
 * @throws Error if there are not enough rows.
 */
export async function plantBadRows(client: ClientBase, { count, seed }: PlantOptions): Promise<readonly PlantedRow[]> {
  const planted: PlantedRow[] = [];
  await withoutForeignKeys(client, async () => {
    const taken: string[] = [];
    let left = count;
    // Those of which there are few come first, so that the others can make up for them.
    for (const [index, kind] of badKinds.entries()) {
      const share = Math.floor(left / (badKinds.length - index));
      const rows = await plant(client, kind, { share, seed, taken });
      const own = rows.filter(({ isPlanted }) => isPlanted);
      left -= own.length;
      taken.push(...own.flatMap(({ pk, tripId }) => [pk, tripId ?? pk]));
      planted.push(
        ...rows.map(({ kind: name, table, pk, reason, isPlanted }) => ({ kind: name, table, pk, reason, isPlanted })),
      );
    }
    if (left > 0) throw new Error(`there are too few rows: ${left} of ${count} could not be made bad`);
  });
  return planted;
}

interface Share {
  readonly share: number;
  readonly seed: number;
  /** Ids of rows that are spoken for. */
  readonly taken: readonly string[];
}

async function plant(
  client: ClientBase,
  { kind, pool, isScarce, spoil }: BadKind,
  { share, seed, taken }: Share,
): Promise<readonly (PlantedRow & { readonly tripId?: string })[]> {
  if (share === 0) return [];
  const { rows } = await client.query<{ id: string }>(
    `with pool as (${pool})
     select id from pool where id <> all($1)
      order by md5(id || $2) limit least($3::int8, ${isScarce ? "(select count(*) / 4 from pool)" : "$3::int8"})`,
    [taken, String(seed), share],
  );
  const ids = rows.map(({ id }) => id);
  if (ids.length === 0) return [];
  return (await spoil(client, ids)).map((row) => ({ isPlanted: true, ...row, kind }));
}
