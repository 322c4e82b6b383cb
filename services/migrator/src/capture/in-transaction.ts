import type { ClientBase } from "pg";

/** Does work in one transaction of the connection: all of it or nothing. */
export async function inTransaction<T>(
  client: ClientBase,
  work: () => Promise<T>,
  begin = "begin read write",
): Promise<T> {
  await client.query(begin);
  try {
    const result = await work();
    await client.query("commit");
    return result;
  } catch (error) {
    // Not reported if it fails: a connection that is gone has rolled back, and the first error says more.
    await client.query("rollback").catch(() => undefined);
    throw error;
  }
}

/**
 * The same for work that takes locks of tables in use: it waits five seconds for each, and is tried again, up to ten
 * times, when it waited in vain or for somebody who waited for it.
 */
export async function inPatientTransaction<T>(client: ClientBase, work: () => Promise<T>, attempts = 10): Promise<T> {
  for (let left = attempts; ; left--) {
    try {
      return await inTransaction(client, work, "begin read write; set local lock_timeout = '5s'");
    } catch (error) {
      if (left <= 1 || !isContention(error)) throw error;
    }
  }
}

/** Lock timeouts and deadlocks. */
export function isContention(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "55P03" || error.code === "40P01");
}
