/**
 * The rows that can be told: up to the first number that is missing and may still come.
 * @param last the number of the row that was told last.
 * @param rows what was found after it, by number.
 * @param decidedBelow numbers below this one that are missing never come.
 */
export function contiguous<Row extends { readonly seq: bigint }>(
  last: bigint,
  rows: readonly Row[],
  decidedBelow: bigint,
): readonly Row[] {
  let expected = last + 1n;
  for (const [index, { seq }] of rows.entries()) {
    if (seq > expected && seq > decidedBelow) return rows.slice(0, index);
    expected = seq + 1n;
  }
  return rows;
}
