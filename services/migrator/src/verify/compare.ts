import type { ClientBase } from "pg";
import type { ComparedColumn, Comparison, Side } from "./comparison.ts";
import { actualSide, expectedSide } from "./comparison.ts";

/** So many parts a table's rows are divided into by their keys: the rows of those that are the same are not looked at. */
const buckets = 256;

/** How many rows of differing buckets are looked at together. */
const rowsAtOnce = 50_000;

/** A sum over the rows of a part of a table, in which their order does not count. */
export interface BucketSum {
  readonly rows: number;
  readonly sum: string;
}
export type BucketSums = ReadonlyMap<number, BucketSum>;

/** A value that differs; of private columns only that it does. Without a column the row itself is missing, or too many. */
export interface Difference {
  /** Such as hospital.trip. */
  readonly table: string;
  readonly pk: string;
  readonly kind: "missing" | "extra" | "different";
  readonly column?: string;
  readonly expected?: string | null;
  readonly actual?: string | null;
}

/** What comparing a table came to. */
export interface TableFindings {
  readonly name: string;
  /** Rows that should be there. */
  readonly rows: number;
  readonly missing: number;
  readonly extra: number;
  readonly different: number;
  /** The first ones. */
  readonly differences: readonly Difference[];
}

function hashesSql({ key, columns, from }: Side): string {
  const values = columns.map(({ sql, isJson }) => (isJson ? `jsonb_hash_extended(${sql}, 0)` : sql));
  return `select k, (hashtextextended(k, 0) & ${buckets - 1})::int as bucket, hashtextextended(line, 0) as hash
            from (select ${key} as k, row(${[key, ...values].join(", ")})::text as line from ${from}) lines`;
}

/** The sums of one side. */
export async function readBuckets(client: ClientBase, side: Side): Promise<BucketSums> {
  const { rows } = await client.query<{ bucket: number; rows: string; sum: string }>(
    `select bucket, count(*) as rows, sum(hash)::text as sum from (${hashesSql(side)}) hashes group by bucket`,
  );
  return new Map(rows.map(({ bucket, rows: count, sum }) => [bucket, { rows: Number(count), sum }]));
}

/** How many rows the sums are over. */
export function rowsOf(sums: BucketSums): number {
  return [...sums.values()].reduce((total, { rows }) => total + rows, 0);
}

/** The two sessions of a comparison, and the sums that they gave. */
export interface ComparedSides {
  readonly comparison: Comparison;
  readonly source: ClientBase;
  readonly silo: ClientBase;
  readonly expected: BucketSums;
  readonly actual: BucketSums;
  /** How many differing values are told at most. */
  readonly maxTold: number;
}

/** Looks for the rows that differ where sums do: first by their hashes, then, of those that differ, column by column. */
export async function findDifferences(sides: ComparedSides): Promise<TableFindings> {
  const { comparison, expected, actual } = sides;
  const wrong = Array.from({ length: buckets }, (_, bucket) => bucket).filter(
    (bucket) =>
      expected.get(bucket)?.sum !== actual.get(bucket)?.sum || expected.get(bucket)?.rows !== actual.get(bucket)?.rows,
  );
  const found = { missing: 0, extra: 0, different: 0 };
  const differences: Difference[] = [];
  for (const together of inBatches(wrong, sides)) {
    const rows = await differingRows(sides, together);
    for (const { kind, count } of rows) found[kind] += count;
    const told = rows.slice(0, Math.max(0, sides.maxTold - differences.length));
    differences.push(...(await tellRows(sides, told)));
  }
  return { name: comparison.table, rows: rowsOf(expected), ...found, differences };
}

function inBatches(wrong: readonly number[], { expected, actual }: ComparedSides): readonly (readonly number[])[] {
  const batches: number[][] = [];
  let rows = Number.POSITIVE_INFINITY;
  for (const bucket of wrong) {
    const own = (expected.get(bucket)?.rows ?? 0) + (actual.get(bucket)?.rows ?? 0);
    if (rows + own > rowsAtOnce) {
      batches.push([]);
      rows = 0;
    }
    batches.at(-1)?.push(bucket);
    rows += own;
  }
  return batches;
}

interface DifferingRow {
  readonly pk: string;
  readonly kind: Difference["kind"];
  /** More than one if several rows have the key. */
  readonly count: number;
}

async function differingRows(
  { comparison, source, silo }: ComparedSides,
  wrong: readonly number[],
): Promise<readonly DifferingRow[]> {
  const [expected, actual] = await Promise.all([
    readHashes(source, expectedSide(comparison), wrong),
    readHashes(silo, actualSide(comparison), wrong),
  ]);
  const rows: DifferingRow[] = [];
  for (const pk of [...new Set([...expected.keys(), ...actual.keys()])].toSorted()) {
    const [should, is] = [[...(expected.get(pk) ?? [])], [...(actual.get(pk) ?? [])]];
    for (const hash of [...should]) {
      const at = is.indexOf(hash);
      if (at < 0) continue;
      is.splice(at, 1);
      should.splice(should.indexOf(hash), 1);
    }
    const different = Math.min(should.length, is.length);
    if (different > 0) rows.push({ pk, kind: "different", count: different });
    if (should.length > different) rows.push({ pk, kind: "missing", count: should.length - different });
    if (is.length > different) rows.push({ pk, kind: "extra", count: is.length - different });
  }
  return rows;
}

async function readHashes(
  client: ClientBase,
  side: Side,
  wrong: readonly number[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  const { rows } = await client.query<{ k: string | null; hash: string }>(
    `select k, hash::text from (${hashesSql(side)}) hashes where bucket = any($1::int[])`,
    [[...wrong]],
  );
  const byKey = Map.groupBy(rows, ({ k }) => k ?? "");
  return new Map([...byKey].map(([key, found]) => [key, found.map(({ hash }) => hash)]));
}

/** Which columns differ, and how. */
async function tellRows(
  { comparison, source, silo }: ComparedSides,
  rows: readonly DifferingRow[],
): Promise<readonly Difference[]> {
  const table = comparison.table;
  const pks = rows.flatMap(({ pk, kind }) => (kind === "different" ? [pk] : []));
  const [expected, actual] =
    pks.length === 0
      ? [new Map<string, Values>(), new Map<string, Values>()]
      : await Promise.all([
          readValues(source, expectedSide(comparison), pks),
          readValues(silo, actualSide(comparison), pks),
        ]);
  return rows.flatMap(({ pk, kind }): readonly Difference[] => {
    const [should, is] = [expected.get(pk), actual.get(pk)];
    if (kind !== "different" || !should || !is) return [{ table, pk, kind }];
    const columns = Object.entries(comparison.columns).flatMap(([column, about], index) =>
      tellColumn({ table, pk, kind, column }, about, { expected: should[index] ?? null, actual: is[index] ?? null }),
    );
    // Several rows with one key, of which these two are not the ones.
    return columns.length > 0 ? columns : [{ table, pk, kind }];
  });
}

type Values = readonly (string | null)[];

function tellColumn(
  where: Difference,
  about: ComparedColumn,
  values: { readonly expected: string | null; readonly actual: string | null },
): readonly Difference[] {
  const { isJson = false, isPrivate = false } = typeof about === "string" ? {} : about;
  if (values.expected === values.actual) return [];
  if (isJson && jsonText(values.expected) === jsonText(values.actual)) return [];
  return [isPrivate ? where : { ...where, ...values }];
}

/** PostgreSQL writes members in one order; numbers it writes as they came. */
function jsonText(text: string | null): string {
  return JSON.stringify(text === null ? null : JSON.parse(text));
}

async function readValues(
  client: ClientBase,
  { key, columns, from }: Side,
  pks: readonly string[],
): Promise<ReadonlyMap<string, Values>> {
  const values = columns.map(({ sql }) => `(${sql})::text`);
  const { rows } = await client.query<{ k: string; line: Values }>(
    `select k, line from (select ${key} as k, array[${values.join(", ")}]::text[] as line from ${from}) lines where k = any($1::text[])`,
    [[...pks]],
  );
  return new Map(rows.map(({ k, line }) => [k, line]));
}
