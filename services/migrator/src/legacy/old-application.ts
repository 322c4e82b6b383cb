import { setTimeout as sleep } from "node:timers/promises";
import { type Client, DatabaseError } from "pg";
import { acts, type Statement } from "./old-acts.ts";
import { openOffice } from "./old-office.ts";

/** How people work with the old application. */
export interface OldApplicationOptions {
  /** Statements that write, in all; fewer if the database is slower. */
  readonly writesPerSecond: number;
  /** Ends it after the transaction at hand. */
  readonly signal: AbortSignal;
  /** What people do follows from it, and the ids of new rows: each run on one database needs its own. */
  readonly seed: number;
  /**
   * How much of what people do is about people and organizations, each of which may concern hundreds of trips, between 0 and 1.
   * More than in life if absent, so that in a short time everything happens.
   */
  readonly directoryShare?: number;
}

/** What people have done. */
export interface OldApplicationWork {
  readonly writes: number;
  /** Transactions by what was done in them. */
  readonly acts: Readonly<Record<string, number>>;
  /** True if the database took no more writes, which is how people notice a switch; nothing half done is left. */
  readonly isRefused: boolean;
}

/**
 * Writes to an old database as the old application did, until the signal or until it is refused: trips, bids, awards, units,
 * people and agencies. Every statement satisfies the old schema, and everything belongs together as it did there.
 * @param connect makes a session of its own, which is ended.
 * @throws Error if a statement fails for another reason than that the database is closed.
 */
export async function runOldApplication(
  connect: () => Promise<Client>,
  { writesPerSecond, signal, seed, directoryShare }: OldApplicationOptions,
): Promise<OldApplicationWork> {
  const client = await connect();
  // A session that the server ends is noticed at the next statement.
  client.on("error", () => undefined);
  const office = await openOffice(client, seed);
  const choices = Object.entries(acts).flatMap(([name, { weight, act, isAboutPeople = false }]) =>
    Array.from({ length: weight }, () => ({ name, act, isAboutPeople })),
  );
  const done: Record<string, number> = {};
  const startMs = performance.now();
  let writes = 0;
  let isRefused = false;
  while (!signal.aborted && !isRefused) {
    const isRare = directoryShare !== undefined && office.dice.chance(directoryShare);
    const { name, act } = office.dice.pick(
      directoryShare === undefined ? choices : choices.filter((choice) => choice.isAboutPeople === isRare),
    );
    const statements = act(office);
    if (statements.length === 0) continue;
    isRefused = !(await isDone(client, statements));
    if (isRefused) break;
    done[name] = (done[name] ?? 0) + 1;
    writes += statements.length;
    const aheadMs = (writes * 1_000) / writesPerSecond - (performance.now() - startMs);
    if (aheadMs > 0) await sleep(aheadMs, undefined, { signal }).catch(() => undefined);
  }
  await client.end().catch(() => undefined);
  return { writes, acts: done, isRefused };
}

/** @returns false if the database takes no writes any more. */
async function isDone(client: Client, statements: readonly Statement[]): Promise<boolean> {
  try {
    await client.query("begin");
    for (const [sql, values = []] of statements) await client.query(sql, [...values]);
    await client.query("commit");
    return true;
  } catch (error) {
    await client.query("rollback").catch(() => undefined);
    if (isClosed(error)) return false;
    throw error;
  }
}

/** Read-only, no right to write, shut down, or the session ended. */
const closedStates: ReadonlySet<string> = new Set(["25006", "42501", "57P01", "57P02", "57P03"]);

function isClosed(error: unknown): boolean {
  if (error instanceof DatabaseError) return closedStates.has(error.code ?? "");
  return error instanceof Error && /terminated|not queryable|ECONNRESET|EPIPE/.test(error.message);
}
