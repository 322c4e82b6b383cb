import { escapeIdentifier, escapeLiteral } from "pg";
import { withoutValues } from "./database-error.ts";
import { QuietClient } from "./quiet-connection.ts";

/** One session of an owner or an administrator, for what a pool cannot do: advisory locks, roles, databases. */
export interface AdminSession extends AsyncDisposable {
  /** Runs one statement and answers its rows as text. */
  run(sql: string, values?: readonly unknown[]): Promise<readonly Readonly<Record<string, unknown>>[]>;
}

/**
 * Opens a session that waits for its turn: whoever asks for the same lock in the same database goes after it, until it
 * is disposed of.
 * @throws if the server does not answer, or if the lock is not free within a minute.
 */
export async function openAdminSession(url: string, lockName: string): Promise<AdminSession> {
  const client = new QuietClient({
    connectionString: url,
    application_name: "medport-setup",
    connectionTimeoutMillis: 10_000,
    lock_timeout: 60_000,
    options: "-c TimeZone=UTC",
  });
  const run: AdminSession["run"] = async (sql, values = []) => {
    try {
      return (await client.query<Record<string, unknown>>(sql, [...values])).rows;
    } catch (error) {
      throw withoutValues(error);
    }
  };
  try {
    await client.connect();
    await run("select pg_advisory_lock(hashtextextended($1, 0))", [lockName]);
  } catch (error) {
    await client.end();
    throw error;
  }
  return { run, [Symbol.asyncDispose]: () => client.end() };
}

/** A name as SQL spells it, whatever is in it. */
export function identifier(name: string): string {
  return escapeIdentifier(name);
}

/** A text as SQL spells it, for statements that take no parameters. */
export function literal(value: string): string {
  return escapeLiteral(value);
}
