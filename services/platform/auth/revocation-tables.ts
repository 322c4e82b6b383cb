import type { SqlEntityManager } from "@mikro-orm/postgresql";
import { type ColumnType, sql } from "kysely";
import type { Database, Tx } from "#platform/database/database.ts";
import { dateFromRow } from "#platform/database/platform-tables.ts";
import type { RevokedAccess, RevokedAccount } from "./heard-revocations.ts";

/**
 * The tables of a silo that hears by events which sessions and tokens have ended. Rows stay only for as long as a token
 * could be alive that they speak against.
 */
export const revocationSchema: readonly string[] = [
  `create table ended_session (
    session_id       text not null,
    tokens_expire_at timestamptz(3) not null,
    constraint ended_session_pkey primary key (session_id)
  )`,
  "create index ended_session_expiry_idx on ended_session (tokens_expire_at)",

  `create table revoked_account (
    user_id           text not null,
    active            boolean not null,
    tokens_valid_from timestamptz(3) not null,
    tokens_expire_at  timestamptz(3) not null,
    constraint revoked_account_pkey primary key (user_id)
  )`,
  "create index revoked_account_expiry_idx on revoked_account (tokens_expire_at)",
];

/** A column that PostgreSQL answers as text and takes as a Date; read it with `dateFromRow`. */
type Timestamp = ColumnType<string, Date, Date>;

interface RevocationTables {
  ended_session: { session_id: string; tokens_expire_at: Timestamp };
  revoked_account: { user_id: string; active: boolean; tokens_valid_from: Timestamp; tokens_expire_at: Timestamp };
}

/** Something that was revoked, and until when a token could be alive that rests on it. */
interface Heard {
  readonly tokensExpireAt: Date;
  readonly now: Date;
}

/** Notes that a session has ended; forgets those of which no token can be alive. May be repeated. */
export async function keepEndedSession(tx: Tx, sessionId: string, { tokensExpireAt, now }: Heard): Promise<void> {
  const tables = tablesOf(tx);
  await tables.deleteFrom("ended_session").where(isOver(now)).execute();
  if (tokensExpireAt <= now) return;
  await tables
    .insertInto("ended_session")
    .values({ session_id: sessionId, tokens_expire_at: tokensExpireAt })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** Notes from when on an account's tokens count; forgets accounts of which no older token can be alive. */
export async function keepRevokedAccount(
  tx: Tx,
  userId: string,
  { active, tokensValidFrom, tokensExpireAt, now }: RevokedAccount & Heard,
): Promise<void> {
  const tables = tablesOf(tx);
  await tables.deleteFrom("revoked_account").where(isOver(now)).execute();
  if (tokensExpireAt <= now) return;
  const columns = { active, tokens_valid_from: tokensValidFrom, tokens_expire_at: tokensExpireAt };
  await tables
    .insertInto("revoked_account")
    .values({ user_id: userId, ...columns })
    .onConflict((conflict) => conflict.column("user_id").doUpdateSet(columns))
    .execute();
}

/** Reads all that was heard and is not forgotten, in one query. */
export async function loadRevokedAccess(database: Database): Promise<RevokedAccess> {
  const { rows } = await sql<AccessRow>`
    select session_id, null as user_id, null as active, null as tokens_valid_from from ended_session
    union all
    select null, user_id, active, tokens_valid_from from revoked_account`.execute(tablesOf(database.fork()));
  return {
    endedSessions: new Set(rows.flatMap(({ session_id: id }) => id ?? [])),
    accounts: new Map(rows.flatMap((row) => accountFromRow(row) ?? [])),
  };
}

interface AccessRow {
  readonly session_id: string | null;
  readonly user_id: string | null;
  readonly active: boolean | null;
  readonly tokens_valid_from: string | null;
}

function accountFromRow(row: AccessRow): [readonly [string, RevokedAccount]] | undefined {
  const { user_id: userId, active, tokens_valid_from: validFrom } = row;
  if (userId === null || active === null || validFrom === null) return undefined;
  return [[userId, { active, tokensValidFrom: dateFromRow(validFrom) }]];
}

function isOver(now: Date) {
  return sql<boolean>`tokens_expire_at <= ${now}`;
}

function tablesOf(em: SqlEntityManager) {
  return em.getKysely<RevocationTables>();
}
