import { create } from "@bufbuild/protobuf";
import { timestampDate, timestampFromDate, timestampMs } from "@bufbuild/protobuf/wkt";
import type { HandlerContext, ServiceImpl } from "@connectrpc/connect";
import type { AuditEntry } from "#gen/medport/audit/v1/audit_entry_pb.ts";
import { type AuditFilter, AuditFilterSchema } from "#gen/medport/audit/v1/audit_log_service_pb.ts";
import { type AuditService, ListAuditEntriesResponseSchema } from "#gen/medport/center/v1/audit_service_pb.ts";
import { filterFromMessage } from "#platform/audit/audit-log.rpc.ts";
import { visibleTo } from "#platform/audit/audit-scope.ts";
import { callerOf, type UserIdentity, userOf } from "#platform/auth/caller.ts";
import { siloFromService } from "#platform/auth/principal.ts";
import type { Clock } from "#platform/clock.ts";
import type { UnitOfWork } from "#platform/database/unit-of-work.ts";
import { readKey } from "#platform/rpc/page.ts";
import { decodePageToken, encodePageToken, type KeysetValue, refuseToken } from "#platform/rpc/page-token.ts";
import { fullNameOf } from "#platform/rpc/policy.ts";
import type { Logger } from "#platform/telemetry/log.ts";
import { mergePages, type SiloCursor, type SiloPage } from "./audit-merge.ts";
import type { AuditSource } from "./audit.sources.ts";

/** What the service needs. */
export interface AuditRpcDeps {
  readonly unitOfWork: UnitOfWork;
  /** Every silo's log. */
  readonly sources: readonly AuditSource[];
  readonly clock: Clock;
  readonly log: Logger;
}

const defaultPageSize = 50;
/** What a silo hands out at once. */
const largestPage = 500;

/** How far a listing has come. */
interface Listing {
  /** Entries written after the listing began do not belong to it: they would shift every page. */
  readonly until: Date;
  readonly cursors: readonly SiloCursor[];
}

interface DatedEntry {
  readonly id: string;
  readonly timeMs: number;
  readonly entry: AuditEntry;
}

/**
 * Implements `medport.center.v1.AuditService`. Center's people are shown everything, an organization's admin what its
 * own people did, which each silo makes sure of once more. Looking at the log is itself recorded.
 */
export function auditRpc({ unitOfWork, sources, clock, log }: AuditRpcDeps): ServiceImpl<typeof AuditService> {
  async function readSilo(context: HandlerContext, cursor: SiloCursor, filter: AuditFilter, size: number) {
    const source = sources.find(({ silo }) => silo === cursor.silo);
    if (!source || cursor.state !== "MORE") return { cursor, entries: [], nextToken: "" };
    try {
      const wanted = Math.min(size + cursor.skip, largestPage);
      const { entries, nextToken } = await source.list(context, { filter, size: wanted, token: cursor.token });
      return { cursor, entries: entries.slice(cursor.skip).map(dated), nextToken };
    } catch (error) {
      // Not rethrown: the other silos' entries are worth having, and the answer says whose are missing.
      log.warn({ event: "audit.silo_missing", silo: cursor.silo, error });
      return { cursor: { ...cursor, state: "MISSING" as const }, entries: [], nextToken: "" };
    }
  }

  return {
    listAuditEntries(request, context) {
      return unitOfWork.call(context, async () => {
        const user = userOf(context);
        const asked = ownFilter(user, request.filter);
        const scope = { method: fullNameOf(context.method), filter: asked, caller: callerOf(context) };
        const size = request.pageSize || defaultPageSize;
        const keyset = decodePageToken(request.pageToken, scope);
        const listing = keyset ? listingFrom(keyset, sources) : begin(asked, sources, clock);
        const filter = { ...asked, untilTime: timestampFromDate(listing.until) };
        const pages: readonly SiloPage<DatedEntry>[] = await Promise.all(
          listing.cursors.map((cursor) => readSilo(context, cursor, filter, size)),
        );
        const { entries, cursors } = mergePages(pages, size);
        await unitOfWork.transaction(context, async (work) => work.touched("audit_log", user.organizationId ?? "all"));
        const hasMore = cursors.some(({ state }) => state === "MORE");
        return create(ListAuditEntriesResponseSchema, {
          entries: entries.map(({ entry }) => entry),
          nextPageToken: hasMore ? encodePageToken(keysetFrom({ ...listing, cursors }), scope) : "",
          missingSilos: cursors.filter(({ state }) => state === "MISSING").map(({ silo }) => siloFromService(silo)),
        });
      });
    },
  };
}

/** @throws Refusal ACTION_NOT_ALLOWED if somebody of an organization searches for another's. */
function ownFilter(user: UserIdentity, asked: AuditFilter = create(AuditFilterSchema)): AuditFilter {
  const { organizationId = "" } = visibleTo(user, filterFromMessage(asked));
  return { ...asked, organizationId };
}

function begin(filter: AuditFilter, sources: readonly AuditSource[], clock: Clock): Listing {
  const now = clock();
  const asked = filter.untilTime ? timestampDate(filter.untilTime) : now;
  const cursors = sources.map(({ silo }) => ({ silo, state: "MORE" as const, token: "", skip: 0 }));
  return { until: asked < now ? asked : now, cursors };
}

function dated(entry: AuditEntry): DatedEntry {
  return { id: entry.id, timeMs: entry.occurTime ? timestampMs(entry.occurTime) : 0, entry };
}

function keysetFrom({ until, cursors }: Listing): readonly KeysetValue[] {
  return [until.getTime(), ...cursors.flatMap(({ state, token, skip }) => [state, token, skip])];
}

const cursorStates = ["MORE", "DONE", "MISSING"] as const;

/** @throws Refusal PAGE_TOKEN_MISMATCH if it is no place in a list of these sources: callers can make up tokens. */
function listingFrom([until, ...rest]: readonly KeysetValue[], sources: readonly AuditSource[]): Listing {
  const [time] = readKey([until ?? null], ["time"]) ?? [];
  const cursors = sources.map(({ silo }, index): SiloCursor => {
    const [name, token, skip] = readKey(rest.slice(3 * index, 3 * index + 3), ["text", "text", "whole"]) ?? [];
    const state = cursorStates.find((known) => known === name);
    if (!state || token === undefined || skip === undefined || skip < 0 || skip >= largestPage) throw refuseToken();
    return { silo, state, token, skip };
  });
  if (!time || rest.length !== 3 * sources.length) throw refuseToken();
  return { until: time, cursors };
}
