import { pipeline } from "node:stream/promises";
import { type Client, type ClientBase, escapeIdentifier, escapeLiteral } from "pg";
import { from as copyFrom, to as copyTo } from "pg-copy-streams";
import type { SiloClients } from "../cutover/close-silos.ts";
import { plan } from "../plan/plan.ts";
import type { PlannedTable } from "../plan/planned-table.ts";
import { readCheckpoint, saveCheckpoint } from "../work/run.ts";
import { archivedColumns, archiveName } from "../work/work-schema.ts";
import type { CopyStep } from "./copy-step.ts";

const rowsPerChunk = 20_000;

/** Copies every table of the old database into the archive of its silo, whole, in chunks by its key. */
export async function copyArchive(source: Client, silos: SiloClients, step: CopyStep): Promise<void> {
  for (const table of plan) await copyTable(source, silos[table.owner], { table, step });
}

interface TableCopy {
  readonly table: PlannedTable;
  readonly step: CopyStep;
}

async function copyTable(source: Client, silo: ClientBase, { table, step }: TableCopy): Promise<void> {
  const name = `archive ${table.name}`;
  const startedAt = performance.now();
  let { lastPk, rows, done } = await readCheckpoint(silo, name);
  if (done) return;
  const total = await countRows(source, table);
  while (!done) {
    step.signal.throwIfAborted();
    const upper = await endOfChunk(source, table, lastPk);
    const copied = await step.transact(silo, async () => {
      const count = await copyChunk(source, silo, { table, after: lastPk, upTo: upper });
      await saveCheckpoint(silo, name, { lastPk: upper ?? lastPk, rows: rows + count, done: upper === undefined });
      return count;
    });
    [lastPk, rows, done] = [upper ?? lastPk, rows + copied, upper === undefined];
    step.onProgress({ step: name, rows, total });
  }
  step.onDuration({ step: name, rows, seconds: (performance.now() - startedAt) / 1_000 });
}

async function countRows(source: Client, { name }: PlannedTable): Promise<number> {
  const { rows } = await source.query<{ count: string }>(`select count(*) from ${escapeIdentifier(name)}`);
  return Number(rows[0]?.count ?? 0);
}

/** The key of the last row of the next chunk; undefined if fewer rows are left. */
async function endOfChunk(source: Client, table: PlannedTable, after: string | undefined): Promise<string | undefined> {
  // Where nothing forbids that a row is there twice, a chunk could end between the two.
  if (table.primaryKey.length > 1) return undefined;
  const { rows } = await source.query<{ key: string[] }>(
    `select array[${keyOf(table)}] as key from ${escapeIdentifier(table.name)}
      where ${conditionOf(table, ">", after)} order by ${keyOf(table)} offset ${rowsPerChunk - 1} limit 1`,
  );
  return rows[0] ? JSON.stringify(rows[0].key) : undefined;
}

interface Chunk {
  readonly table: PlannedTable;
  readonly after: string | undefined;
  readonly upTo: string | undefined;
}

async function copyChunk(source: Client, silo: ClientBase, { table, after, upTo }: Chunk): Promise<number> {
  const columns = archivedColumns(table);
  const out = source.query(
    copyTo(
      `copy (select ${columns} from ${escapeIdentifier(table.name)}
              where ${conditionOf(table, ">", after)} and ${conditionOf(table, "<=", upTo)}) to stdout`,
    ),
  );
  const into = silo.query(copyFrom(`copy ${archiveName(table)} (${columns}) from stdin`));
  // Connections that are lost tell the streams again after the pipeline has: nobody would hear it.
  for (const stream of [out, into]) stream.on("error", () => undefined);
  await pipeline(out, into);
  return into.rowCount;
}

function conditionOf(table: PlannedTable, comparison: ">" | "<=", key: string | undefined): string {
  if (key === undefined) return "true";
  const values = (JSON.parse(key) as readonly string[]).map((value) => escapeLiteral(value));
  return `(${keyOf(table)}) ${comparison} (${values.join(", ")})`;
}

function keyOf({ primaryKey }: PlannedTable): string {
  return primaryKey.map((column) => escapeIdentifier(column)).join(", ");
}
