import { Client } from "pg";

/**
 * Does work with a connection of its own, which is closed afterwards.
 * @param title how people call the database.
 * @throws Error that names the database if it cannot be reached; no password is in it.
 */
export async function withClient<T>(title: string, url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({
    connectionString: url,
    connectionTimeoutMillis: 10_000,
    application_name: "medport-migrate",
    // After the switch new sessions of the old database may only read: ours is not one of those.
    options: "-c default_transaction_read_only=off",
  });
  // A connection that breaks says so to whoever uses it.
  client.on("error", () => undefined);
  try {
    await client.connect();
  } catch (error) {
    throw new Error(`${title} at ${new URL(url).host} cannot be reached`, { cause: error });
  }
  try {
    return await work(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}
