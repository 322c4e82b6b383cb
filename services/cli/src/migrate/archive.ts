import { Client, escapeIdentifier } from "pg";
import { newId } from "#platform/id.ts";
import type { ServiceName } from "#platform/service-name.ts";
import { findPlannedTable, plan } from "../../../migrator/src/plan/plan.ts";
import type { PlannedTable } from "../../../migrator/src/plan/planned-table.ts";

/** Which rows of the archive somebody wants to see. */
export interface ArchiveRequest {
  readonly table: string;
  /** The row's key; for join tables both ids with a space between. All rows if absent. */
  readonly pk?: string | undefined;
  /** So many at most. */
  readonly limit: number;
  /** Only what waits in quarantine, each row with its reason. */
  readonly isQuarantined?: boolean;
  /** Whether the person knows that there are patients in it. */
  readonly isPatientDataWanted: boolean;
}

/**
 * The table that a request names.
 * @throws Error that says what to do, if there is none of the name, or if it holds patients' data and nobody said yes.
 */
export function archivedTableOf({ table, isPatientDataWanted }: ArchiveRequest): PlannedTable {
  const planned = findPlannedTable(table);
  if (!planned)
    throw new Error(`there is no table ${table} in the archive; it has ${plan.map(({ name }) => name).join(", ")}`);
  if (isPrivate(planned) && !isPatientDataWanted) {
    throw new Error(
      `${table} may hold data of patients or crews. Say --yes-show-patient-data if you may see them; that you did is recorded in the silo's audit log`,
    );
  }
  return planned;
}

/** Hospital's tables may hold patients' data; crews' names and telephone numbers are private, too. */
function isPrivate({ owner, name }: PlannedTable): boolean {
  return owner === "hospital" || name === "UnitAvailability";
}

/**
 * Prints rows of the archive, one JSON object a line, in the order of their keys. A look into Hospital's archive is recorded
 * in its audit log before the first row is shown.
 * @returns how many there were.
 */
export async function printArchive(
  ownerUrls: Readonly<Record<ServiceName, string>>,
  request: ArchiveRequest,
  print: (line: string) => void,
): Promise<number> {
  const table = archivedTableOf(request);
  const client = new Client({ connectionString: ownerUrls[table.owner], connectionTimeoutMillis: 10_000 });
  await client.connect();
  try {
    await expectArchive(client, table);
    if (isPrivate(table)) await recordLook(client, request);
    return await printRows(client, table, request, print);
  } finally {
    await client.end();
  }
}

async function expectArchive(client: Client, { name, owner }: PlannedTable): Promise<void> {
  const { rows } = await client.query<{ there: boolean }>("select to_regclass($1) is not null as there", [
    `archive.${escapeIdentifier(name)}`,
  ]);
  if (!rows[0]?.there)
    throw new Error(`the archive in ${owner} has no table ${name} yet: "medport migrate run" fills it`);
}

async function recordLook(client: Client, { table, pk = "*" }: ArchiveRequest): Promise<void> {
  await client.query(
    `insert into audit_entry (id, occurred_at, action, decision, entities)
     values ($1, now(), 'medport migrate archive', 'ALLOWED', jsonb_build_array(jsonb_build_object('type', $2::text, 'id', $3::text)))`,
    [newId(), `archive.${table}`, pk],
  );
}

const rowsOfPage = 500;

async function printRows(
  client: Client,
  { name, primaryKey }: PlannedTable,
  { pk, limit, isQuarantined = false }: ArchiveRequest,
  print: (line: string) => void,
): Promise<number> {
  const keys = primaryKey.map((column) => `kept.${escapeIdentifier(column)}`);
  const key = keys.length === 1 ? keys.join() : `concat_ws(' ', ${keys.join(", ")})`;
  const waiting = `join migration.quarantine q on q.source_table = '${name}' and q.pk = ${key}`;
  const chosen = [...(isQuarantined ? [waiting] : []), ...(pk === undefined ? [] : [`where ${key} = $1`])].join(" ");
  const shownRow = isQuarantined
    ? `(jsonb_build_object('quarantine', q.reason) || to_jsonb(kept))::text`
    : "row_to_json(kept)::text";
  await client.query("begin read only");
  await client.query(
    `declare shown no scroll cursor for
     select ${shownRow} as line from archive.${escapeIdentifier(name)} kept ${chosen}
     order by ${keys.join(", ")} limit ${limit}`,
    pk === undefined ? [] : [pk],
  );
  let shown = 0;
  for (;;) {
    const { rows } = await client.query<{ line: string }>(`fetch ${rowsOfPage} from shown`);
    for (const { line } of rows) print(line);
    shown += rows.length;
    if (rows.length < rowsOfPage) break;
  }
  await client.query("commit");
  return shown;
}
