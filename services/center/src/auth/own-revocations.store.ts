import type { Revocation, Revocations, TokenOrigin } from "#platform/auth/revocations.ts";
import type { Database } from "#platform/database/database.ts";

interface Verdict {
  readonly ended: boolean;
  readonly superseded: boolean;
}

/**
 * What Center itself knows against tokens: at once, for it asks its own tables at each call. Without its database it
 * cannot tell, and so believes nobody.
 */
export function createOwnRevocations(database: Database): Revocations {
  return { find: (token) => findRevocation(database, token) };
}

async function findRevocation(database: Database, origin: TokenOrigin): Promise<Revocation | undefined> {
  const { sessionId, userId, issuedAtMs } = origin;
  const [verdict] = await database.fork().execute<Verdict[]>(
    `select exists (select from session where id = ? and ended_at is not null)
         or exists (select from user_account where id = ? and not is_active) as ended,
       exists (select from user_account where id = ? and tokens_valid_from > ?) as superseded`,
    [sessionId, userId, userId, new Date(issuedAtMs)],
  );
  if (verdict?.ended) return "ENDED";
  return verdict?.superseded ? "SUPERSEDED" : undefined;
}
