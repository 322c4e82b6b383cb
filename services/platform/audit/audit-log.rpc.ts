import type { MessageInitShape } from "@bufbuild/protobuf";
import { type Timestamp, timestampDate, timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { ServiceImpl } from "@connectrpc/connect";
import { type AuditEntrySchema, Decision } from "#gen/medport/audit/v1/audit_entry_pb.ts";
import {
  type AuditFilter as FilterMessage,
  type AuditLogService,
  ListEntriesResponseSchema,
} from "#gen/medport/audit/v1/audit_log_service_pb.ts";
import { userOf } from "#platform/auth/caller.ts";
import { protoFromUserType, siloFromService } from "#platform/auth/principal.ts";
import type { UnitOfWork } from "#platform/database/unit-of-work.ts";
import { momentFromKey, openPage } from "#platform/rpc/page.ts";
import type { KeysetValue } from "#platform/rpc/page-token.ts";
import type { ServiceName } from "#platform/service-name.ts";
import type { AuditDecision, AuditEntry } from "./audit-entry.ts";
import type { AuditLog } from "./audit-log.ts";
import type { AuditFilter, AuditPosition } from "./audit-query.ts";
import { visibleTo } from "./audit-scope.ts";

export interface AuditLogRpcDeps {
  readonly auditLog: AuditLog;
  readonly unitOfWork: UnitOfWork;
  readonly service: ServiceName;
}

/**
 * Implements `medport.audit.v1.AuditLogService`, the same for every silo. An organization's admin is shown what its own
 * people did. Looking at the log is itself recorded.
 */
export function auditLogRpc({ auditLog, unitOfWork, service }: AuditLogRpcDeps): ServiceImpl<typeof AuditLogService> {
  return {
    listEntries: (request, context) =>
      unitOfWork.read(context, request, ListEntriesResponseSchema, async () => {
        const filter = visibleTo(userOf(context), filterFromMessage(request.filter));
        const page = openPage(context, request, filter);
        const place = momentFromKey(page.after);
        const after = place && { occurredAt: place.at, id: place.id };
        const { entries, next } = await auditLog.list(filter, { size: page.limit - 1, after });
        const keyOf = ({ occurredAt, id }: AuditPosition): readonly KeysetValue[] => [occurredAt.getTime(), id];
        const { rows, nextPageToken } = page.end(entries, keyOf, next && keyOf(next));
        return { entries: rows.map((entry) => messageFromEntry(entry, service)), nextPageToken };
      }),
  };
}

/** An entry as messages spell it. */
export function messageFromEntry(entry: AuditEntry, service: ServiceName): MessageInitShape<typeof AuditEntrySchema> {
  return {
    id: entry.id,
    silo: siloFromService(service),
    occurTime: timestampFromDate(entry.occurredAt),
    userId: entry.userId ?? "",
    ...(entry.userType && { userType: protoFromUserType(entry.userType) }),
    organizationId: entry.organizationId ?? "",
    ...(entry.viaService && { viaService: siloFromService(entry.viaService) }),
    action: entry.action,
    decision: protoDecisions[entry.decision],
    reason: entry.reason ?? "",
    entities: entry.entities.map(({ type, id }) => ({ type, id })),
    requestId: entry.requestId ?? "",
  };
}

/** A filter from the wire; empty fields match everything. */
export function filterFromMessage(filter: FilterMessage | undefined): AuditFilter {
  return {
    userId: filter?.userId || undefined,
    organizationId: filter?.organizationId || undefined,
    action: filter?.action || undefined,
    decision: decisionFromMessage(filter?.decision),
    entityType: filter?.entityType || undefined,
    entityId: filter?.entityId || undefined,
    from: dateFromTimestamp(filter?.fromTime),
    until: dateFromTimestamp(filter?.untilTime),
    requestId: filter?.requestId || undefined,
  };
}

const protoDecisions = {
  ALLOWED: Decision.ALLOWED,
  DENIED: Decision.DENIED,
  REFUSED: Decision.REFUSED,
} as const satisfies Record<AuditDecision, Decision>;

/** A decision that this version does not know matches everything, as one that is not set does. */
function decisionFromMessage(decision: FilterMessage["decision"] | undefined): AuditDecision | undefined {
  switch (decision) {
    case Decision.ALLOWED:
      return "ALLOWED";
    case Decision.DENIED:
      return "DENIED";
    case Decision.REFUSED:
      return "REFUSED";
    default:
      return undefined;
  }
}

function dateFromTimestamp(timestamp: Timestamp | undefined): Date | undefined {
  return timestamp && timestampDate(timestamp);
}
