import { create } from "@bufbuild/protobuf";
import type { Client, HandlerContext } from "@connectrpc/connect";
import { type AuditEntry, AuditEntrySchema } from "#gen/medport/audit/v1/audit_entry_pb.ts";
import type { AuditFilter, AuditLogService } from "#gen/medport/audit/v1/audit_log_service_pb.ts";
import { filterFromMessage, messageFromEntry } from "#platform/audit/audit-log.rpc.ts";
import type { AuditLog } from "#platform/audit/audit-log.ts";
import type { AuditPosition } from "#platform/audit/audit-query.ts";
import { visibleTo } from "#platform/audit/audit-scope.ts";
import { userOf } from "#platform/auth/caller.ts";
import { momentFromKey } from "#platform/rpc/page.ts";
import { forward } from "#platform/rpc/peer.ts";
import type { ServiceName } from "#platform/service-name.ts";

/** One silo's audit log, wherever it is. */
export interface AuditSource {
  readonly silo: ServiceName;
  /** Lists entries, newest first, from a page's begin on. @throws if the silo does not answer. */
  list(context: HandlerContext, query: AuditQuery): Promise<AuditAnswer>;
}

/** Which entries. */
export interface AuditQuery {
  readonly filter: AuditFilter;
  readonly size: number;
  /** Empty for the newest. */
  readonly token: string;
}

/** What a silo answers. */
export interface AuditAnswer {
  readonly entries: readonly AuditEntry[];
  /** Empty at the end. */
  readonly nextToken: string;
}

/** The audit log of another silo. */
export function remoteAuditSource(silo: ServiceName, client: Client<typeof AuditLogService>): AuditSource {
  return {
    silo,
    async list(context, { filter, size: pageSize, token: pageToken }) {
      const { entries, nextPageToken } = await client.listEntries({ filter, pageSize, pageToken }, forward(context));
      return { entries, nextToken: nextPageToken };
    },
  };
}

/** Center's own audit log. Its tokens never leave Center but within the merged token, which is bound to its caller. */
export function localAuditSource(log: AuditLog): AuditSource {
  return {
    silo: "center",
    async list(context, { filter, size, token }) {
      const after = positionFromToken(token);
      const { entries, next } = await log.list(visibleTo(userOf(context), filterFromMessage(filter)), { size, after });
      return {
        entries: entries.map((entry) => create(AuditEntrySchema, messageFromEntry(entry, "center"))),
        nextToken: next ? `${next.occurredAt.getTime()} ${next.id}` : "",
      };
    },
  };
}

/** @throws Refusal PAGE_TOKEN_MISMATCH if it is none of ours: what is within a merged token can be made up, too. */
function positionFromToken(token: string): AuditPosition | undefined {
  if (token === "") return undefined;
  const [time = "", id = ""] = token.split(" ");
  const place = momentFromKey([Number(time), id]);
  return place && { occurredAt: place.at, id: place.id };
}
