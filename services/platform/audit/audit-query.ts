import type { SqlEntityManager } from "@mikro-orm/postgresql";
import { type Selectable, type SelectQueryBuilder, sql } from "kysely";
import { parseUserType, type UserType } from "#platform/auth/principal.ts";
import { dateFromRow, type PlatformTables, platformTables } from "#platform/database/platform-tables.ts";
import { parseServiceName } from "#platform/service-name.ts";
import { type AuditDecision, type AuditEntry, parseAuditDecision } from "./audit-entry.ts";

/** What to look for. What is absent matches everything. */
export interface AuditFilter {
  readonly userId?: string | undefined;
  readonly organizationId?: string | undefined;
  /** A hospital and an agency of the former system may have the same id. */
  readonly userType?: UserType | undefined;
  readonly action?: string | undefined;
  readonly decision?: AuditDecision | undefined;
  readonly entityType?: string | undefined;
  readonly entityId?: string | undefined;
  /** Entries of this time and later. */
  readonly from?: Date | undefined;
  /** Entries before this time. */
  readonly until?: Date | undefined;
  readonly requestId?: string | undefined;
}

/** An entry's place in the list, newest first. */
export interface AuditPosition {
  readonly occurredAt: Date;
  readonly id: string;
}

interface AuditSlice {
  readonly limit: number;
  readonly after?: AuditPosition | undefined;
}

/** Reads entries that fit the filter, newest first, from just after a place on. */
export async function listAuditEntries(
  em: SqlEntityManager,
  filter: AuditFilter,
  slice: AuditSlice,
): Promise<readonly AuditEntry[]> {
  return (await auditQuery(em, filter, slice).execute()).map(entryFromRow);
}

/** The question behind `listAuditEntries`. Every filter has an index, so that the whole log is never read. */
export function auditQuery(
  em: SqlEntityManager,
  filter: AuditFilter,
  { limit, after }: AuditSlice,
): SelectQueryBuilder<PlatformTables, "audit_entry", AuditRow> {
  let query = platformTables(em)
    .selectFrom("audit_entry")
    .select(["id", "occurred_at", "user_id", "user_type", "organization_id", "via_service", "action"])
    .select(["decision", "reason", "entities", "request_id"])
    .orderBy("occurred_at", "desc")
    .orderBy("id", "desc")
    .limit(limit);
  if (filter.userId) query = query.where("user_id", "=", filter.userId);
  if (filter.organizationId) query = query.where("organization_id", "=", filter.organizationId);
  if (filter.userType) query = query.where("user_type", "=", filter.userType);
  if (filter.action) query = query.where("action", "=", filter.action);
  if (filter.decision) query = query.where("decision", "=", filter.decision);
  if (filter.requestId) query = query.where("request_id", "=", filter.requestId);
  if (filter.entityType || filter.entityId) {
    query = query.where(sql<boolean>`entities @> ${entityPattern(filter)}::jsonb`);
  }
  if (filter.from) query = query.where(sql<boolean>`occurred_at >= ${filter.from}`);
  if (filter.until) query = query.where(sql<boolean>`occurred_at < ${filter.until}`);
  if (after) query = query.where(sql<boolean>`(occurred_at, id) < (${after.occurredAt}, ${after.id})`);
  return query;
}

/** Entities that contain one such, in the words of jsonb. */
function entityPattern({ entityType, entityId }: AuditFilter): string {
  return JSON.stringify([{ ...(entityType && { type: entityType }), ...(entityId && { id: entityId }) }]);
}

type AuditRow = Omit<Selectable<PlatformTables["audit_entry"]>, "n" | "prev_hash" | "hash">;

function entryFromRow(row: AuditRow): AuditEntry {
  const decision = parseAuditDecision(row.decision);
  if (!decision) throw new Error(`audit entry ${row.id} has an unknown decision`);
  return {
    id: row.id,
    occurredAt: dateFromRow(row.occurred_at),
    userId: row.user_id ?? undefined,
    userType: parseUserType(row.user_type ?? ""),
    organizationId: row.organization_id ?? undefined,
    viaService: parseServiceName(row.via_service ?? ""),
    action: row.action,
    decision,
    reason: row.reason ?? undefined,
    entities: row.entities,
    requestId: row.request_id ?? undefined,
  };
}
