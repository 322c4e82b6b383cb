import type { ClientBase } from "pg";
import { serviceNames } from "#platform/service-name.ts";
import { attemptIdOf } from "../target/imported-ids.ts";
import { nativeKinds } from "./comparison.ts";
import { organizationStatements } from "./expected/organizations.sql.ts";
import { peopleStatements } from "./expected/people.sql.ts";
import { tripStatements } from "./expected/trips.sql.ts";
import { valueFunctions } from "./expected/values.sql.ts";
import { dropOthers, narrowTrips, type VerifyScope } from "./scope.ts";
import type { VerifySessions } from "./sessions.ts";

/** How the rows were to be moved. */
export interface ExpectationOptions {
  readonly rolePolicy: "evidence" | "guide";
  readonly strict: boolean;
  readonly importedAt: Date;
  /** What an operator knows better, by address and by facility. */
  readonly overrides: {
    readonly users: ReadonlyMap<
      string,
      { readonly type?: string; readonly hospitalId?: string; readonly agencyId?: string }
    >;
    readonly facilities: ReadonlyMap<string, { readonly county?: string; readonly hospitalId?: string }>;
  };
}

/** A row that a silo's database did not take, whatever the rules say. */
export interface RefusedRow {
  readonly table: string;
  readonly pk: string;
}

/**
 * States in the session's own tables what the silos should hold, by the rules over the old database.
 * @param source in a transaction that sees one moment; everything goes with it.
 * @param scope of what has changed alone, if everything else was compared before.
 * @returns the bids of the scope; none if there is no scope.
 */
export async function prepareSource(
  source: ClientBase,
  options: ExpectationOptions,
  refused: readonly RefusedRow[],
  scope?: VerifyScope,
): Promise<readonly string[]> {
  for (const statement of valueFunctions) await source.query(statement);
  await insertOptions(source, options);
  await source.query(
    "create temp table v_refused as select * from unnest($1::text[], $2::text[]) r (source_table, pk)",
    [refused.map(({ table }) => table), refused.map(({ pk }) => pk)],
  );
  for (const statement of [...peopleStatements, ...organizationStatements]) await source.query(statement);
  if (scope) await narrowTrips(source, scope);
  for (const statement of tripStatements) await source.query(statement);
  const bidIds = scope ? await dropOthers(source) : [];
  await insertAttempts(source);
  return bidIds;
}

async function insertOptions(
  source: ClientBase,
  { rolePolicy, strict, importedAt, overrides }: ExpectationOptions,
): Promise<void> {
  await source.query(
    "create temp table v_option as select $1::text as role_policy, $2::boolean as strict, $3::timestamptz(3) as imported_at",
    [rolePolicy, strict, importedAt.toISOString()],
  );
  const users = [...overrides.users].map(([email, user]) => ({ email, ...user }));
  await source.query(
    `create temp table v_told_user as select pg_temp.address(email) as email, type, "hospitalId" as hospital_id, "agencyId" as agency_id
       from jsonb_to_recordset($1::jsonb) r (email text, type text, "hospitalId" text, "agencyId" text)`,
    [JSON.stringify(users)],
  );
  const facilities = [...overrides.facilities].map(([id, facility]) => ({ id, ...facility }));
  await source.query(
    `create temp table v_told_facility as select id, county, "hospitalId" as hospital_id
       from jsonb_to_recordset($1::jsonb) r (id text, county text, "hospitalId" text)`,
    [JSON.stringify(facilities)],
  );
}

/** No server makes such ids by itself. */
async function insertAttempts(source: ClientBase): Promise<void> {
  const { rows } = await source.query<{ id: string }>(
    "select id from v_trip where bad is null and status in ('ASSIGNED', 'IN_PROGRESS')",
  );
  await source.query(
    "create temp table v_attempt as select * from unnest($1::text[], $2::text[]) r (trip_id, attempt_id)",
    [rows.map(({ id }) => id), rows.map(({ id }) => attemptIdOf(id))],
  );
  await source.query("analyze v_attempt");
}

/** Tells each silo which records are not the move's: those that it had of its own. */
export async function prepareSilos({ silos }: Pick<VerifySessions, "silos">): Promise<void> {
  const native: { readonly kind: string; readonly id: string }[] = [];
  for (const { kind, silo, table } of nativeKinds) {
    const { rows } = await silos[silo].query<{ id: string }>(`select id from ${table} where imported_at is null`);
    native.push(...rows.map(({ id }) => ({ kind, id })));
  }
  for (const service of serviceNames) {
    await silos[service].query(
      "create temp table v_native as select * from unnest($1::text[], $2::text[]) r (kind, id)",
      [native.map(({ kind }) => kind), native.map(({ id }) => id)],
    );
    await silos[service].query("analyze v_native");
  }
}

/** What the silos' databases did not take. */
export async function readRefused({ silos }: Pick<VerifySessions, "silos">): Promise<readonly RefusedRow[]> {
  const refused: RefusedRow[] = [];
  for (const service of serviceNames) {
    const { rows } = await silos[service].query<RefusedRow>(
      `select source_table as "table", pk from migration.quarantine where reason = 'REFUSED_BY_DATABASE'`,
    );
    refused.push(...rows);
  }
  return refused;
}
