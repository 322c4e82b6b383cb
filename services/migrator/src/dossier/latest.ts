/**
 * The row with the latest time; one without a time comes last, and of equals the one whose id is first.
 * @returns undefined if there are no rows.
 */
export function latestOf<Row extends { readonly id: string }>(
  rows: readonly Row[],
  timeOf: (row: Row) => Date | null,
): Row | undefined {
  let latest: Row | undefined;
  for (const row of rows) if (!latest || isLater(row, latest, timeOf)) latest = row;
  return latest;
}

function isLater<Row extends { readonly id: string }>(
  row: Row,
  other: Row,
  timeOf: (row: Row) => Date | null,
): boolean {
  const [ms, otherMs] = [msOf(timeOf(row)), msOf(timeOf(other))];
  return ms === otherMs ? row.id < other.id : ms > otherMs;
}

function msOf(time: Date | null): number {
  const ms = time?.getTime() ?? Number.NEGATIVE_INFINITY;
  return Number.isNaN(ms) ? Number.NEGATIVE_INFINITY : ms;
}
