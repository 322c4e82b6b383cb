import type { Clock } from "#platform/clock.ts";
import type { Database } from "#platform/database/database.ts";
import { platformTables } from "#platform/database/platform-tables.ts";
import { fullJwk, type PublicJwk, parsePublicJwk } from "./jwk.ts";

/** A copy of the issuer's public keys in the own database. */
export interface PublishedKeys {
  /** The keys of the last copy; none if there has never been one. */
  load(): Promise<readonly PublicJwk[]>;
  /** Makes the copy equal to what the issuer has published. */
  replace(keys: readonly PublicJwk[]): Promise<void>;
}

/** Keeps the copy in the table `published_key`, which every silo has. */
export function createPublishedKeys(database: Database, clock: Clock): PublishedKeys {
  return {
    async load() {
      const rows = await platformTables(database.fork())
        .selectFrom("published_key")
        .select("jwk")
        .orderBy("kid")
        .execute();
      return rows.flatMap(({ jwk }) => parsePublicJwk(jwk) ?? []);
    },
    async replace(keys) {
      const fetchedAt = clock();
      await database.transaction(async (tx) => {
        // Two instances may refresh at once; the later one waits for this lock and then writes the same.
        await tx.execute("lock table published_key in share row exclusive mode", [], "run");
        const table = platformTables(tx);
        await table.deleteFrom("published_key").execute();
        const rows = keys.map((key) => ({ kid: key.kid, jwk: JSON.stringify(fullJwk(key)), fetched_at: fetchedAt }));
        if (rows.length > 0) await table.insertInto("published_key").values(rows).execute();
      });
    },
  };
}
