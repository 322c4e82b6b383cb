/**
 * A row with its columns named as the silos' entities name them: agency_id becomes agencyId. `Row` must be the entity of the
 * very table that the row is meant for.
 */
export function camelCased<Row>(row: object): Row {
  const columns: readonly (readonly [column: string, value: unknown])[] = Object.entries(row);
  const named = columns.map(([column, value]) => [camel(column), value]);
  return Object.fromEntries(named) as Row;
}

function camel(column: string): string {
  return column.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
