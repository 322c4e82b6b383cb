import type { ClientBase } from "pg";
import { serviceNames, type ServiceName } from "#platform/service-name.ts";
import type { IssueGroup, QuarantineGroup } from "./report.ts";

/** A connection to each silo, of the role that owns its tables. */
export type SiloClients = Readonly<Record<ServiceName, ClientBase>>;

/** So many rows are named as examples of one finding. */
const exampleCount = 3;

/** Reads what the rules found, most frequent first. The details stay in the silos: reports name keys alone. */
export async function readIssues(silos: SiloClients): Promise<readonly IssueGroup[]> {
  const found = await fromAll<Omit<IssueGroup, "examples"> & Examples>(
    silos,
    `select kind, rule, source_table as "table", count(*)::int as count,
            (array_agg(pk order by pk collate "C"))[1:${exampleCount}] as keys
     from migration.issue group by kind, rule, source_table`,
  );
  return found.map(withExamples).toSorted(byCount((group) => `${group.kind} ${group.table}`));
}

/** Reads what waits in quarantine, most frequent first. The rows themselves stay in the silos. */
export async function readQuarantine(silos: SiloClients): Promise<readonly QuarantineGroup[]> {
  const found = await fromAll<Omit<QuarantineGroup, "examples"> & Examples>(
    silos,
    `select source_table as "table", reason, sqlstate, count(*)::int as count,
            (array_agg(pk order by pk collate "C"))[1:${exampleCount}] as keys
     from migration.quarantine group by source_table, reason, sqlstate`,
  );
  return found.map(withExamples).toSorted(byCount((group) => `${group.reason} ${group.table}`));
}

/** Counts the trips in quarantine that are not over: those that may have a patient waiting. */
export async function countQuarantinedOpenTrips({ hospital }: Pick<SiloClients, "hospital">): Promise<number> {
  if (!(await hasFindings(hospital))) return 0;
  const { rows } = await hospital.query<{ count: number }>(
    `select count(*)::int as count from migration.quarantine
     where source_table = 'TransportRequest'
       and coalesce(raw ->> 'status', '') not in ('COMPLETED', 'CANCELLED')`,
  );
  return rows[0]?.count ?? 0;
}

/** Counts the patients' codes that more than one moved trip has, as the old database had them. */
export async function countSharedPatientCodes({ hospital }: Pick<SiloClients, "hospital">): Promise<number> {
  if (!(await hasFindings(hospital))) return 0;
  const { rows } = await hospital.query<{ count: number }>(
    `select count(*)::int as count
       from (select from trip where imported_at is not null group by patient_id having count(*) > 1) shared`,
  );
  return rows[0]?.count ?? 0;
}

/** Before the first run there are no tables for them. */
async function hasFindings(silo: ClientBase): Promise<boolean> {
  const { rows } = await silo.query<{ there: boolean }>(
    "select to_regclass('migration.issue') is not null and to_regclass('migration.quarantine') is not null as there",
  );
  return rows[0]?.there ?? false;
}

interface Examples {
  readonly keys: readonly string[];
}

function withExamples<Group extends { readonly table: string } & Examples>(
  group: Group,
): Omit<Group, "keys"> & { readonly examples: readonly { readonly table: string; readonly pk: string }[] } {
  const { keys, ...rest } = group;
  return { ...rest, examples: keys.map((pk) => ({ table: group.table, pk })) };
}

async function fromAll<Row extends object>(silos: SiloClients, sql: string): Promise<readonly Row[]> {
  const found: Row[] = [];
  for (const service of serviceNames) {
    if (!(await hasFindings(silos[service]))) continue;
    const { rows } = await silos[service].query<Row>(sql);
    found.push(...rows);
  }
  return found;
}

function byCount<Group extends { readonly count: number }>(
  name: (group: Group) => string,
): (one: Group, other: Group) => number {
  return (one, other) => other.count - one.count || (name(one) < name(other) ? -1 : 1);
}
