import { Client, type ClientBase, escapeIdentifier } from "pg";
import type { SiloClients } from "../cutover/close-silos.ts";
import { plan } from "../plan/plan.ts";
import type { PlannedTable } from "../plan/planned-table.ts";
import type { TableSums } from "../report/report.ts";
import { archiveName } from "./work-schema.ts";

/** Where the rows of a table are after the move; by the id that the ledger names, or their own. */
const homes: Readonly<Record<string, string>> = {
  User: "user_account",
  AgencyUser: "user_account",
  Facility: "facility",
  HospitalAgencyPreference: "agency_preference",
  TransportAgency: "agency",
  Unit: "unit",
  UnitAvailability: "unit_availability",
  Route: "route",
};

/** Tables of which the ledger notes only what was not simply moved: their moved rows are counted where they are. */
const countedHomes: Readonly<Record<string, string>> = { TransportRequest: "trip", TransportBid: "bid" };

/**
 * Counts what became of every row, in the silos as they are.
 * @param snapshotId a moment of the old database that another session has exported; now if absent.
 */
export async function readBalance(
  sourceUrl: string,
  silos: SiloClients,
  snapshotId?: string,
): Promise<readonly TableSums[]> {
  const source = new Client({ connectionString: sourceUrl, application_name: "medport migrate" });
  source.on("error", () => undefined);
  await source.connect();
  try {
    await source.query("begin isolation level repeatable read read only");
    if (snapshotId !== undefined) await source.query(`set transaction snapshot ${source.escapeLiteral(snapshotId)}`);
    return await readBalanceOf(source, silos);
  } finally {
    await source.end();
  }
}

/** The same through a session that is there, such as one with a snapshot. */
export async function readBalanceOf(source: ClientBase, silos: SiloClients): Promise<readonly TableSums[]> {
  const sums: TableSums[] = [];
  for (const table of plan) {
    const { rows } = await source.query<{ count: string }>(`select count(*) from ${escapeIdentifier(table.name)}`);
    sums.push({ name: table.name, read: Number(rows[0]?.count ?? 0), ...(await fatesOf(silos[table.owner], table)) });
  }
  return sums;
}

/** @throws Error naming every table of which rows are lost or counted twice. */
export function expectBalance(sums: readonly TableSums[]): void {
  const wrong = sums.filter(
    ({ read, ...fates }) => read !== fates.migrated + fates.merged + fates.quarantined + fates.archived,
  );
  if (wrong.length === 0) return;
  const lines = wrong.map(
    ({ name, read, migrated, merged, quarantined, archived }) =>
      `${name}: ${read} read, but ${migrated} migrated, ${merged} merged, ${quarantined} quarantined and ${archived} archived`,
  );
  throw new Error(`the sums do not balance:\n${lines.join("\n")}`);
}

type Fates = Omit<TableSums, "name" | "read">;

async function fatesOf(silo: ClientBase, table: PlannedTable): Promise<Fates> {
  if (table.use === "ARCHIVED" || table.use === "EVIDENCE") {
    const { rows } = await silo.query<{ count: string }>(`select count(*) from ${archiveName(table)}`);
    return { migrated: 0, merged: 0, quarantined: 0, archived: Number(rows[0]?.count ?? 0) };
  }
  const { rows } = await silo.query<{ fate: string; count: string }>(
    "select fate, count(*) from migration.ledger where source_table = $1 and fate <> 'MIGRATED' group by fate",
    [table.name],
  );
  const counts = new Map(rows.map(({ fate, count }) => [fate, Number(count)]));
  return {
    migrated: await countMigrated(silo, table.name),
    merged: counts.get("MERGED") ?? 0,
    quarantined: counts.get("QUARANTINED") ?? 0,
    archived: counts.get("ARCHIVED") ?? 0,
  };
}

async function countMigrated(silo: ClientBase, name: string): Promise<number> {
  const counted = countedHomes[name];
  if (counted !== undefined) return countOf(silo, `select count(*) from ${counted} where imported_at is not null`);
  const home = homes[name];
  const isThere =
    home === undefined ? "" : ` and exists (select from ${home} h where h.id = coalesce(l.into_id, l.pk))`;
  return countOf(
    silo,
    `select count(*) from migration.ledger l where source_table = $1 and fate = 'MIGRATED'${isThere}`,
    [name],
  );
}

async function countOf(silo: ClientBase, sql: string, values: readonly unknown[] = []): Promise<number> {
  const { rows } = await silo.query<{ count: string }>(sql, [...values]);
  return Number(rows[0]?.count ?? 0);
}
