import type { ClientBase } from "pg";
import { serviceNames, type ServiceName } from "#platform/service-name.ts";
import { forgetTrips } from "../capture/forget-rows.ts";
import type { SiloClients } from "../cutover/close-silos.ts";
import { joinMoved } from "../directory/moved-rows.ts";
import type { Issue, Moved, SourceRow, Verdict } from "../moved.ts";
import { findPlannedTable, plan } from "../plan/plan.ts";
import { consequencesOfRows, type ImportContext } from "../target/consequences.ts";
import type { TargetRow } from "../target/target-tables.ts";
import { archiveName } from "../work/work-schema.ts";
import { TableWriter } from "./table-writer.ts";

/** Tables with so many rows that those which were simply moved are counted where they are, and not noted one by one. */
const uncountedTables: ReadonlySet<string> = new Set(["TransportRequest", "TransportBid"]);

const writers = new WeakMap<ClientBase, TableWriter>();

/**
 * Writes rows with all that follows from them, and what was decided about their originals. In the transactions of the
 * connections; what is the same already stays untouched. Trips that a silo does not take are put into quarantine, alone.
 * @throws Error if other rows than those of trips are not taken.
 */
export async function applyMoved(silos: SiloClients, moved: Moved, context: ImportContext): Promise<void> {
  try {
    await inSavepoints(silos, () => writeAll(silos, withConsequences(moved, context)));
  } catch (error) {
    if (!isAboutData(error)) throw error;
    await writeInHalves(silos, partsOf(moved), { context, error });
  }
}

async function writeAll(silos: SiloClients, moved: Moved): Promise<void> {
  for (const service of serviceNames) await writeToSilo(silos[service], service, moved);
}

/** What was decided about one trip; or about everything that is no trip's, which has no id. */
interface Part {
  readonly tripId: string | undefined;
  readonly moved: Moved;
}

/** Writes ever fewer trips at once until those that no silo takes are alone. */
async function writeInHalves(
  silos: SiloClients,
  parts: readonly Part[],
  { context, error }: { readonly context: ImportContext; readonly error: unknown },
): Promise<void> {
  const [only, ...others] = parts;
  if (!only) return;
  if (others.length === 0) return setAside(silos, only, error);
  const half = Math.ceil(parts.length / 2);
  for (const some of [parts.slice(0, half), parts.slice(half)]) {
    try {
      const moved = joinMoved(some.map((part) => part.moved));
      await inSavepoints(silos, () => writeAll(silos, withConsequences(moved, context)));
    } catch (failure) {
      if (!isAboutData(failure)) throw failure;
      await writeInHalves(silos, some, { context, error: failure });
    }
  }
}

/** The trip and its bids wait in quarantine; nothing of them is in the silos. */
async function setAside(silos: SiloClients, { tripId, moved }: Part, error: unknown): Promise<void> {
  if (tripId === undefined) throw error;
  const bidIds = moved.verdicts.flatMap(({ table, pk }) => (table === "TransportBid" ? [pk] : []));
  await forgetTrips(silos, [tripId], bidIds);
  const reason = "REFUSED_BY_DATABASE";
  const verdicts: readonly Verdict[] = [
    { table: "TransportRequest", pk: tripId, fate: "QUARANTINED", reason },
    ...bidIds.map((pk) => ({ table: "TransportBid", pk, fate: "QUARANTINED" as const, reason: "TRIP_QUARANTINED" })),
  ];
  await writeAll(silos, { rows: [], verdicts, issues: [] });
  await quarantineRows(silos.hospital, [
    { table: "TransportRequest", pk: tripId, reason, sqlstate: codeOf(error) ?? "" },
  ]);
}

/** Trip by trip; a bid that is not moved goes with its trip, which its verdict stands behind. */
function partsOf({ rows, verdicts, issues }: Moved): readonly Part[] {
  const parts = new Map<string | undefined, { rows: TargetRow[]; verdicts: Verdict[]; issues: Issue[] }>();
  const partOf = (tripId: string | undefined) => {
    const part = parts.get(tripId) ?? { rows: [], verdicts: [], issues: [] };
    parts.set(tripId, part);
    return part;
  };
  for (const row of rows) partOf(tripOfRow(row)).rows.push(row);
  const tripOfBid = new Map(
    rows.flatMap((it) => (it.table === "ems.bid" ? [[it.row.id, it.row.trip_id] as const] : [])),
  );
  let trip: string | undefined;
  const tripOf = ({ table, pk }: SourceRow): string | undefined => {
    if (table === "TransportRequest") trip = pk;
    else if (table !== "TransportBid") return undefined;
    return table === "TransportRequest" ? pk : (tripOfBid.get(pk) ?? trip);
  };
  for (const verdict of verdicts) partOf(tripOf(verdict)).verdicts.push(verdict);
  for (const issue of issues) {
    const isOfTrip = issue.table === "TransportRequest";
    partOf(isOfTrip ? issue.pk : issue.table === "TransportBid" ? tripOfBid.get(issue.pk) : undefined).issues.push(
      issue,
    );
  }
  return [...parts].map(([tripId, moved]) => ({ tripId, moved }));
}

function tripOfRow(row: TargetRow): string | undefined {
  switch (row.table) {
    case "hospital.trip":
      return row.row.id;
    case "hospital.trip_claim":
    case "ems.bid":
    case "ems.assignment":
      return row.row.trip_id;
    default:
      return undefined;
  }
}

/** Does work in savepoints of the connections' transactions. */
async function inSavepoints(silos: SiloClients, work: () => Promise<void>): Promise<void> {
  for (const service of serviceNames) await silos[service].query("savepoint moved");
  try {
    await work();
    for (const service of serviceNames) await silos[service].query("release savepoint moved");
  } catch (error) {
    // Not reported if it fails: a connection that is gone has rolled back, and the first error says more.
    for (const service of serviceNames)
      await silos[service].query("rollback to savepoint moved").catch(() => undefined);
    throw error;
  }
}

/** Whether a row is refused for what it holds (data exceptions, integrity constraints), and not a connection lost. */
export function isAboutData(error: unknown): boolean {
  const code = codeOf(error);
  return code !== undefined && /^(22|23)/.test(code);
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}

/** The same rows with what follows from them. @throws Error if a row is not one that the silos could read. */
export function withConsequences(moved: Moved, context: ImportContext): Moved {
  return { ...moved, rows: [...moved.rows, ...consequencesOfRows(moved.rows, context)] };
}

/**
 * Writes what is one silo's, in the transaction of its connection.
 * @param moved with its consequences.
 * @param isNew whether nothing of it can be there already, which is faster.
 */
export async function writeToSilo(
  client: ClientBase,
  service: ServiceName,
  moved: Moved,
  isNew = false,
): Promise<void> {
  const writer = writers.get(client) ?? new TableWriter(client, service);
  writers.set(client, writer);
  await writer.write(moved.rows, isNew);
  const isOwn = ({ table }: SourceRow): boolean => findPlannedTable(table)?.owner === service;
  await writeVerdicts(client, moved.verdicts.filter(isOwn), isNew);
  // Where nothing was, nobody has decided anything either.
  const looked = isNew ? [] : moved.verdicts.filter(isOwn);
  await writeIssues(client, moved.issues.filter(isOwn), looked);
}

async function writeVerdicts(client: ClientBase, verdicts: readonly Verdict[], isNew: boolean): Promise<void> {
  const isNoted = ({ table, fate, into }: Verdict): boolean =>
    fate !== "MIGRATED" || into !== undefined || !uncountedTables.has(table);
  const noted = verdicts.filter(isNoted);
  if (!isNew)
    await forgetEarlier(
      client,
      verdicts.filter((verdict) => !isNoted(verdict)),
    );
  if (noted.length === 0) return;
  const columns = [
    noted.map(({ table }) => table),
    noted.map(({ pk }) => pk),
    noted.map(({ fate }) => fate),
    noted.map(({ into }) => into ?? null),
    noted.map(({ reason }) => reason ?? null),
  ];
  await client.query(
    `insert into migration.ledger as l (source_table, pk, fate, into_id, reason)
       select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[])
     on conflict (source_table, pk) do update set fate = excluded.fate, into_id = excluded.into_id, reason = excluded.reason
      where (l.fate, l.into_id, l.reason) is distinct from (excluded.fate, excluded.into_id, excluded.reason)`,
    columns,
  );
  await writeQuarantine(client, noted);
}

/** Rows that are simply moved by now may have been something else before. */
async function forgetEarlier(client: ClientBase, plain: readonly Verdict[]): Promise<void> {
  if (plain.length === 0) return;
  await client.query(
    `with plain as (select * from unnest($1::text[], $2::text[]) as r (source_table, pk)),
          gone as (delete from migration.quarantine q using plain p where (q.source_table, q.pk) = (p.source_table, p.pk))
     delete from migration.ledger l using plain p where (l.source_table, l.pk) = (p.source_table, p.pk)`,
    [plain.map(({ table }) => table), plain.map(({ pk }) => pk)],
  );
}

async function writeQuarantine(client: ClientBase, noted: readonly Verdict[]): Promise<void> {
  const released = noted.filter(({ fate }) => fate !== "QUARANTINED");
  await client.query(
    `delete from migration.quarantine where (source_table, pk) in (select * from unnest($1::text[], $2::text[]))`,
    [released.map(({ table }) => table), released.map(({ pk }) => pk)],
  );
  await quarantineRows(
    client,
    noted.filter(({ fate }) => fate === "QUARANTINED"),
  );
}

/** Keeps rows for a decision, each with its original, which the archive has. */
export async function quarantineRows(
  client: ClientBase,
  rows: readonly (SourceRow & { readonly reason?: string; readonly sqlstate?: string })[],
): Promise<void> {
  for (const [table, own] of Map.groupBy(rows, (row) => row.table)) {
    const planned = plan.find(({ name }) => name === table);
    if (!planned) throw new Error(`no plan for ${table}`);
    await client.query(
      `insert into migration.quarantine as q (source_table, pk, reason, sqlstate, raw)
         select $1, r.pk, r.reason, r.sqlstate, to_jsonb(a)
           from unnest($2::text[], $3::text[], $4::text[]) as r (pk, reason, sqlstate)
           left join ${archiveName(planned)} a on a.id = r.pk
       on conflict (source_table, pk) do update
         set reason = excluded.reason, sqlstate = excluded.sqlstate, raw = coalesce(excluded.raw, q.raw), last_at = now()
       where (q.reason, q.sqlstate) is distinct from (excluded.reason, excluded.sqlstate)
          or (excluded.raw is not null and q.raw is distinct from excluded.raw)`,
      [
        table,
        own.map(({ pk }) => pk),
        own.map(({ reason }) => reason ?? "UNKNOWN"),
        own.map(({ sqlstate }) => sqlstate ?? null),
      ],
    );
  }
}

/** Issues are those that were found last: those of an earlier look at the same rows go, unless they are the same. */
async function writeIssues(client: ClientBase, issues: readonly Issue[], verdicts: readonly Verdict[]): Promise<void> {
  if (verdicts.length === 0 && issues.length === 0) return;
  const looked = [...verdicts, ...issues];
  await client.query(
    `with looked as (select distinct * from unnest($1::text[], $2::text[]) as r (source_table, pk)),
          found as (
            select * from unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::text[])
                       as r (source_table, pk, kind, rule, detail)
          ),
          gone as (
            delete from migration.issue i using looked l
             where (i.source_table, i.pk) = (l.source_table, l.pk)
               and not exists (select from found f where (f.source_table, f.pk, f.kind, f.rule) = (i.source_table, i.pk, i.kind, i.rule)
                                                    and f.detail::jsonb is not distinct from i.detail)
          )
     insert into migration.issue (source_table, pk, kind, rule, detail)
       select source_table, pk, kind, rule, detail::jsonb from found f
        where not exists (select from migration.issue i
                           where (f.source_table, f.pk, f.kind, f.rule) = (i.source_table, i.pk, i.kind, i.rule)
                             and f.detail::jsonb is not distinct from i.detail)`,
    [
      looked.map(({ table }) => table),
      looked.map(({ pk }) => pk),
      issues.map(({ table }) => table),
      issues.map(({ pk }) => pk),
      issues.map(({ kind }) => kind),
      issues.map(({ rule }) => rule),
      issues.map(({ detail }) => (detail === undefined ? null : JSON.stringify(detail))),
    ],
  );
}
