import { pipeline } from "node:stream/promises";
import { Readable } from "node:stream";
import type { ClientBase } from "pg";
import { from as copyFrom } from "pg-copy-streams";
import type { ServiceName } from "#platform/service-name.ts";
import type { TargetRow, TargetTable } from "../target/target-tables.ts";
import { copyLine } from "./copy-text.ts";

/** How a table is written to. */
interface WrittenTable {
  readonly columns: readonly string[];
  readonly jsonColumns: ReadonlySet<string>;
  readonly upsert: string;
  readonly stage: string;
}

/** In this order rows can be written: those that others refer to come first. */
const order: readonly TargetTable[] = [
  ...(["center.hospital", "center.user_account", "hospital.facility", "ems.agency", "ems.unit"] as const),
  ...(["hospital.trip", "hospital.trip_claim", "ems.bid", "ems.assignment"] as const),
];

/**
 * Writes rows of one silo through COPY and a staging table, so that rows which are there already are changed only where they
 * differ. A class because it remembers what the silo's tables look like.
 */
export class TableWriter {
  readonly #client: ClientBase;
  readonly #service: ServiceName;
  readonly #tables = new Map<string, WrittenTable>();

  /** @param client of the role that owns the silo's tables. */
  constructor(client: ClientBase, service: ServiceName) {
    this.#client = client;
    this.#service = service;
  }

  /**
   * Writes those of the rows that are this silo's, in the transaction of the connection.
   * @param isNew whether none of them can be there already, which is faster.
   */
  async write(rows: readonly TargetRow[], isNew = false): Promise<void> {
    const own = rows.filter(({ table }) => table.startsWith(`${this.#service}.`));
    const byTable = Map.groupBy(own, ({ table }) => table);
    const tables = [...byTable.keys()].toSorted((one, other) => rank(one) - rank(other));
    for (const table of tables) await this.#writeTable(table, byTable.get(table) ?? [], isNew);
  }

  async #writeTable(name: TargetTable, rows: readonly TargetRow[], isNew: boolean): Promise<void> {
    const [first] = rows;
    if (!first) return;
    const table = this.#tables.get(name) ?? (await this.#learn(name, Object.keys(first.row)));
    this.#tables.set(name, table);
    if (isNew) return this.#copy(`public.${nameOf(name)}`, table, rows);
    const { columns, stage, upsert } = table;
    await this.#client.query(
      `create temp table if not exists ${stage} as select ${columns.join(", ")} from public.${nameOf(name)} with no data`,
    );
    await this.#client.query(`truncate ${stage}`);
    await this.#copy(stage, table, rows);
    await this.#client.query(upsert);
  }

  async #copy(into: string, { columns, jsonColumns }: WrittenTable, rows: readonly TargetRow[]): Promise<void> {
    const copying = this.#client.query(copyFrom(`copy ${into} (${columns.join(", ")}) from stdin`));
    // A connection that is lost tells the stream again after the pipeline has: nobody would hear it.
    copying.on("error", () => undefined);
    await pipeline(Readable.from(blocksOf(rows, columns, jsonColumns)), copying);
  }

  async #learn(name: TargetTable, columns: readonly string[]): Promise<WrittenTable> {
    const { rows: keys } = await this.#client.query<{ column: string }>(
      `select a.attname as column from pg_index i
         join pg_attribute a on a.attrelid = i.indrelid and a.attnum = any(i.indkey)
        where i.indrelid = $1::regclass and i.indisprimary`,
      [`public.${nameOf(name)}`],
    );
    const { rows: json } = await this.#client.query<{ column: string }>(
      "select attname as column from pg_attribute where attrelid = $1::regclass and atttypid = 'jsonb'::regtype",
      [`public.${nameOf(name)}`],
    );
    const key = keyOf(name) ?? keys.map(({ column }) => column);
    const list = columns.join(", ");
    const stage = `"stage ${name}"`;
    const changed = columns.filter((column) => !key.includes(column));
    const set = changed.map((column) => `${column} = excluded.${column}`).join(", ");
    const mine = changed.map((column) => `t.${column}`).join(", ");
    const theirs = changed.map((column) => `excluded.${column}`).join(", ");
    return {
      columns,
      jsonColumns: new Set(json.map(({ column }) => column)),
      stage,
      upsert: `insert into public.${nameOf(name)} as t (${list}) select ${list} from ${stage} ${conflictOf(name, { key, set, mine, theirs })}`,
    };
  }
}

const blockLength = 64 * 1024;

/** The rows as text, some at a time. */
function* blocksOf(
  rows: readonly TargetRow[],
  columns: readonly string[],
  jsonColumns: ReadonlySet<string>,
): Generator<string> {
  let block = "";
  for (const { row } of rows) {
    block += copyLine(columns, row as unknown as Readonly<Record<string, unknown>>, jsonColumns);
    if (block.length < blockLength) continue;
    yield block;
    block = "";
  }
  if (block !== "") yield block;
}

/** What identifies rows whose primary key is a number that the database gives. */
function keyOf(name: TargetTable): readonly string[] | undefined {
  return name.endsWith(".outbox_event") ? ["aggregate_type", "aggregate_id", "aggregate_ver"] : undefined;
}

function conflictOf(
  name: TargetTable,
  {
    key,
    set,
    mine,
    theirs,
  }: { readonly key: readonly string[]; readonly set: string; readonly mine: string; readonly theirs: string },
): string {
  // A note for the running boards, which nobody looks for by its trip.
  if (name === "ems.available_trip_change") {
    return `s where not exists (select from public.available_trip_change c where c.trip_id = s.trip_id and c.is_open)`;
  }
  if (set === "") return `on conflict (${key.join(", ")}) do nothing`;
  // An event that is told stays told.
  return `on conflict (${key.join(", ")}) do update set ${set} where (${mine}) is distinct from (${theirs})`;
}

function nameOf(table: TargetTable): string {
  return table.slice(table.indexOf(".") + 1);
}

function rank(table: TargetTable): number {
  const at = order.indexOf(table);
  return at < 0 ? order.length : at;
}
