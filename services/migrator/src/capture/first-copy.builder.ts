import type { Client } from "pg";
import type { MoveOptions } from "../directory/directory.ts";
import { joinMoved } from "../directory/moved-rows.ts";
import { noOverrides } from "../directory/overrides.ts";
import { moveDossier } from "../dossier/move-dossier.ts";
import { readDossiers } from "../dossier/read-dossiers.ts";
import { createLegacySchema } from "../legacy/legacy-schema.ts";
import type { Moved } from "../moved.ts";
import { plan } from "../plan/plan.ts";
import { type ServiceName, serviceNames } from "#platform/service-name.ts";
import { archiveChangedRows, readChangedRows } from "./archive-changes.ts";
import { inTransaction } from "./in-transaction.ts";
import { installCapture } from "./install-capture.ts";
import { readDirectoryState } from "./move-steps.ts";
import { createWorkTables } from "./old-database.builder.ts";
import { applyMoved, withConsequences } from "../load/apply-moved.ts";
import { saveResolution } from "./resolution.ts";

/** Sessions of the owners. */
export interface MoveDatabases {
  readonly source: Client;
  readonly silos: Readonly<Record<ServiceName, Client>>;
}

/** How tests move. */
export const options: MoveOptions = {
  ...{ rolePolicy: "evidence", strict: false, overrides: noOverrides },
  importedAt: new Date("2026-03-01T00:00:00Z"),
};

/** How a snapshot of the old database begins. */
export const snapshot = "begin isolation level repeatable read read only";

/** Empty tables of the old database, captured, and what a move keeps in the silos. */
export async function prepareMove({ source, silos }: MoveDatabases): Promise<void> {
  await createLegacySchema(source);
  await createWorkTables(silos);
  await silos.center.query("alter table user_account drop constraint if exists user_account_membership_check");
  await silos.ems.query("alter table assignment drop constraint if exists assignment_won_check");
  await installCapture(source);
}

/** All that a first copy makes of the old database. In the transaction of the connection. */
export async function moveAll(source: Client): Promise<Moved> {
  const state = await readDirectoryState(source, options);
  const parts: Moved[] = [state.moved];
  for await (const dossier of readDossiers(source)) {
    parts.push(moveDossier(dossier, state.directory, { unitClaims: state.claims, options }));
  }
  return joinMoved(parts);
}

/** A first copy of everything. */
export async function copyAll({ source, silos }: MoveDatabases): Promise<void> {
  await inTransaction(
    source,
    async () => {
      const { directory } = await readDirectoryState(source, options);
      const moved = await moveAll(source);
      for (const service of serviceNames) await silos[service].query("begin");
      await applyMoved(silos, moved, { directory, importedAt: options.importedAt });
      for (const service of serviceNames) await silos[service].query("commit");
      const all = new Map<string, readonly string[]>();
      for (const { name, primaryKey } of plan) all.set(name, await keysOf(source, name, primaryKey));
      await archiveChangedRows(silos, await readChangedRows(source, all));
      await saveResolution(silos.hospital, (await readDirectoryState(source, options)).resolution);
    },
    snapshot,
  );
}

async function keysOf(source: Client, table: string, primaryKey: readonly string[]): Promise<readonly string[]> {
  const key = primaryKey.map((column) => `"${column}"`).join(" || ' ' || ");
  const { rows } = await source.query<{ pk: string }>(`select ${key} as pk from "${table}"`);
  return rows.map(({ pk }) => pk);
}

/** What the move made of a table's rows, where others may have made more since or before. */
const imported: Readonly<Record<string, string>> = {
  "hospital.trip_claim": "trip_id in (select id from trip where imported_at is not null)",
  "hospital.preference_list":
    "hospital_id in (select hospital_id from agency_preference where imported_at is not null)",
  "center.database_reference": "substr(id, 15, 1) = '5'",
};

/** What the silos keep of each other, and of what others own: comparable where nobody made more of it than the move. */
const copies: readonly string[] = [
  ...["ems.trip_copy", "center.trip_fact", "center.agency", "hospital.hospital", "hospital.hospital_user"],
  ...["ems.agency_user", "ems.hospital_preference"],
];

/** What the silos own. */
const owned: readonly string[] = [
  ...["center.hospital", "center.user_account", "center.service_registry", "center.database_reference"],
  ...["hospital.facility", "hospital.trip", "hospital.trip_claim", "hospital.agency_preference"],
  ...["hospital.preference_list", "ems.agency", "ems.unit", "ems.unit_availability", "ems.bid", "ems.assignment"],
  "ems.route",
];

/**
 * Rows that the silos have otherwise than a first copy of the old database would make them now.
 * @param isAlone whether nothing else was ever in the silos, so that their copies can be compared, too.
 */
export async function differencesFromCopy(
  { source, silos }: MoveDatabases,
  isAlone = true,
): Promise<readonly string[]> {
  const { rows, verdicts } = await inTransaction(
    source,
    async () => {
      const { directory } = await readDirectoryState(source, options);
      const moved = withConsequences(await moveAll(source), { directory, importedAt: options.importedAt });
      const isLookedAt = (table: string): boolean => owned.includes(table) || (isAlone && copies.includes(table));
      return { ...moved, rows: moved.rows.filter(({ table }) => isLookedAt(table)) };
    },
    snapshot,
  );
  const found: string[] = [];
  const tables = new Set<string>([
    ...rows.map(({ table }) => table),
    "ems.bid",
    "ems.assignment",
    "hospital.trip_claim",
  ]);
  for (const table of tables) {
    const [silo, name] = table.split(".") as [ServiceName, string];
    const expected = await silos[silo].query<{ row: string }>(
      `select to_jsonb(r)::text as row from jsonb_populate_recordset(null::public.${name}, $1::jsonb) r`,
      [JSON.stringify(rows.filter((row) => row.table === table).map(({ row }) => row))],
    );
    const actual = await silos[silo].query<{ row: string }>(
      `select to_jsonb(t)::text as row from public.${name} t where ${copies.includes(table) ? "true" : (imported[table] ?? "imported_at is not null")}`,
    );
    found.push(...unlike(table, expected.rows, actual.rows));
  }
  for (const service of serviceNames) {
    const expected = verdicts
      .filter(({ table }) => plan.find(({ name }) => name === table)?.owner === service)
      // Trips and bids that were simply moved are not noted one by one.
      .filter(({ table, fate }) => fate !== "MIGRATED" || !["TransportRequest", "TransportBid"].includes(table))
      .map(({ table, pk, fate, into = null, reason = null }) => ({ row: [table, pk, fate, into, reason].join("|") }));
    const { rows: ledger } = await silos[service].query<{ row: string }>(
      `select concat(source_table, '|', pk, '|', fate, '|', into_id, '|', reason) as row from migration.ledger`,
    );
    found.push(...unlike("ledger", expected, ledger));
  }
  for (const { name, owner, columns } of plan) {
    const list = columns.flatMap((column) => (column.archived ? [`"${column.name}"`] : [])).join(", ");
    const rowsIn = async (client: Client, schema: string) =>
      (
        await client.query<{ row: string }>(
          `select to_jsonb(t)::text as row from (select ${list} from ${schema}."${name}") t`,
        )
      ).rows;
    found.push(...unlike(`archive.${name}`, await rowsIn(source, "public"), await rowsIn(silos[owner], "archive")));
  }
  return found;
}

function unlike(
  table: string,
  expected: readonly { readonly row: string }[],
  actual: readonly { readonly row: string }[],
): readonly string[] {
  const [ours, theirs] = [expected, actual].map((rows) => new Set(rows.map(({ row }) => row)));
  return [
    ...expected.filter(({ row }) => !theirs?.has(row)).map(({ row }) => `${table} lacks ${row}`),
    ...actual.filter(({ row }) => !ours?.has(row)).map(({ row }) => `${table} has ${row}`),
  ];
}
