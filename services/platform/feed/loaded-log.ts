import type { SqlEntityManager } from "@mikro-orm/postgresql";
import { sql } from "kysely";
import { pause } from "#platform/rpc/abort.ts";
import { beginning } from "./change.ts";
import type { FeedSource } from "./feed-source.ts";
import { LogReader } from "./log-reader.ts";
import { NewestItems } from "./newest-items.ts";
import { OpenItems } from "./open-items.ts";
import { Ring } from "./ring.ts";
import { writersTo } from "./writers.ts";

/** What is known of a log from one loading on. */
export interface LoadedLog<Item> {
  readonly reader: LogReader<Item>;
  readonly ring: Ring<Item>;
  readonly open: OpenItems<Item>;
  /** Of the ring's changes. */
  readonly newest: NewestItems<Item>;
  /** The open items fit the place in the log only when the log has been read up to this number. */
  readonly readyAt: bigint;
}

export interface LoadOptions {
  /** How many of the newest changes are kept at hand. */
  readonly keep: number;
  readonly pageSize: number;
  readonly signal: AbortSignal;
}

const lookAgainMs = 20;

/**
 * Finds a place in the log before which nothing more can come, and then reads what is open. What was changed between the
 * two is told once more by the log, and known by its version.
 * @throws the signal's reason if it aborts first.
 */
export async function loadLog<Item>(
  em: SqlEntityManager,
  source: FeedSource<Item>,
  { keep, pageSize, signal }: LoadOptions,
): Promise<LoadedLog<Item>> {
  const last = await newestNumber(em, source.table);
  await untilDecided(em, source.table, signal);
  // One more than is kept: the row before the first one that is.
  const recent = await source.read(em, { until: last, limit: keep + 1 });
  const isWhole = recent.length <= keep && (recent[0]?.seq ?? 1n) === 1n;
  const floor = (isWhole ? undefined : recent[0]) ?? beginning;
  const kept = isWhole ? recent : recent.slice(1);
  const ring = new Ring(floor, kept, keep);
  const open = new OpenItems(source, await source.readOpen(em));
  const readyAt = await newestNumber(em, source.table);
  return {
    reader: new LogReader(source, ring.end, pageSize),
    ring,
    open,
    newest: new NewestItems(source, kept),
    readyAt,
  };
}

/** Waits until everybody has ended who may still add a row with a number that was handed out before. */
async function untilDecided(em: SqlEntityManager, table: string, signal: AbortSignal): Promise<void> {
  const before = await writersTo(em, table);
  let now = before;
  while (!before.isDisjointFrom(now)) {
    await pause(lookAgainMs, signal);
    now = await writersTo(em, table);
  }
}

async function newestNumber(em: SqlEntityManager, table: string): Promise<bigint> {
  const { rows } = await sql<{ newest: string | null }>`select max(seq) as newest from ${sql.table(table)}`.execute(
    em.getKysely(),
  );
  return BigInt(rows[0]?.newest ?? 0);
}
