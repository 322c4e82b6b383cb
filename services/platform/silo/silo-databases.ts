import { type Database, type DatabaseOptions, openDatabase } from "#platform/database/database.ts";

/** A silo's one database, reached over two pools of connections. */
export interface SiloDatabases extends AsyncDisposable {
  /** For calls. */
  readonly calls: Database;
  /**
   * For events. They are applied one transaction after the other, each of which would wait behind all the calls that
   * wait for a connection: two hundred calls at once kept them from a trip for seven seconds.
   */
  readonly events: Database;
  /** Told after each committed transaction that appended events, on whichever side. */
  onCommit(listener: () => void): void;
}

/** As many aggregates are worked on at once by the busiest consumer, one for each of the others, and one for the feed. */
const eventConnections = 6;

/**
 * Connects to a silo's database.
 * @throws if the database does not answer.
 */
export async function openSiloDatabases(options: DatabaseOptions): Promise<SiloDatabases> {
  await using opened = new AsyncDisposableStack();
  const calls = opened.adopt(await openDatabase(options), (it) => it.close());
  const events = opened.adopt(await openDatabase({ ...options, poolSize: eventConnections }), (it) => it.close());
  const owned = opened.move();
  return {
    calls,
    events,
    onCommit: (listener) => {
      calls.onCommit(listener);
      events.onCommit(listener);
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
