import { Client } from "pg";
import { startTestPostgres } from "#platform/testing/test-postgres.ts";
import { createLegacySchema, type LegacySchemaOptions } from "../legacy-schema.ts";

/** An old database without rows. */
export interface OldDatabase extends AsyncDisposable {
  readonly client: Client;
  /** A session of its owner's. */
  readonly connect: () => Promise<Client>;
}

/** Makes one for a test. Disposing drops it. */
export async function anOldDatabase(options: LegacySchemaOptions = {}): Promise<OldDatabase> {
  await using parts = new AsyncDisposableStack();
  const postgres = parts.use(await startTestPostgres());
  const { ownerUrl } = await postgres.createDatabase("old");
  const connect = async (): Promise<Client> => {
    const client = new Client({ connectionString: ownerUrl });
    await client.connect();
    return client;
  };
  const client = parts.adopt(await connect(), (it) => it.end());
  await createLegacySchema(client, options);
  const owned = parts.move();
  return { client, connect, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
