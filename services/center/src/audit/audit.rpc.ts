import { create } from "@bufbuild/protobuf";
import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import type { HandlerContext, ServiceImpl } from "@connectrpc/connect";
import type { AuditEntry } from "#gen/medport/audit/v1/audit_entry_pb.ts";
import { type AuditFilter, AuditFilterSchema } from "#gen/medport/audit/v1/audit_log_service_pb.ts";
import { type AuditService, ListAuditEntriesResponseSchema } from "#gen/medport/center/v1/audit_service_pb.ts";
import { callerOf } from "#platform/auth/caller.ts";
import { siloFromService } from "#platform/auth/principal.ts";
import type { Clock } from "#platform/clock.ts";
import type { UnitOfWork } from "#platform/database/unit-of-work.ts";
import { decodePageToken, encodePageToken, type KeysetValue } from "#platform/rpc/page-token.ts";
import { fullNameOf } from "#platform/rpc/policy.ts";
import { parseServiceName } from "#platform/service-name.ts";
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
  readonly untilMs: number;
  readonly cursors: readonly SiloCursor[];
}

interface DatedEntry {
  readonly id: string;
  readonly timeMs: number;
  readonly entry: AuditEntry;
}

/** Implements `medport.center.v1.AuditService`. Looking at the log is itself recorded. */
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
        const scope = { method: fullNameOf(context.method), filter: request.filter, caller: callerOf(context) };
        const size = request.pageSize || defaultPageSize;
        const listing = listingFrom(decodePageToken(request.pageToken, scope)) ?? begin(request.filter, sources, clock);
        const untilTime = timestampFromMs(listing.untilMs);
        const filter = { ...(request.filter ?? create(AuditFilterSchema)), untilTime };
        const pages: readonly SiloPage<DatedEntry>[] = await Promise.all(
          listing.cursors.map((cursor) => readSilo(context, cursor, filter, size)),
        );
        const { entries, cursors } = mergePages(pages, size);
        await unitOfWork.transaction(context, async (work) => work.touched("audit_log", "all"));
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

function begin(filter: AuditFilter | undefined, sources: readonly AuditSource[], clock: Clock): Listing {
  const nowMs = clock().getTime();
  const askedMs = filter?.untilTime ? timestampMs(filter.untilTime) : nowMs;
  const cursors = sources.map(({ silo }) => ({ silo, state: "MORE" as const, token: "", skip: 0 }));
  return { untilMs: Math.min(askedMs, nowMs), cursors };
}

function dated(entry: AuditEntry): DatedEntry {
  return { id: entry.id, timeMs: entry.occurTime ? timestampMs(entry.occurTime) : 0, entry };
}

function keysetFrom({ untilMs, cursors }: Listing): readonly KeysetValue[] {
  return [untilMs, ...cursors.flatMap(({ silo, state, token, skip }) => [silo, state, token, skip])];
}

/** The token's digest has been checked: these are values that we wrote. */
function listingFrom(keyset: readonly KeysetValue[] | undefined): Listing | undefined {
  if (!keyset) return undefined;
  const [untilMs, ...rest] = keyset;
  const cursors: SiloCursor[] = [];
  for (let at = 0; at + 3 < rest.length; at += 4) {
    const silo = parseServiceName(String(rest[at]));
    const state = (["MORE", "DONE", "MISSING"] as const).find((name) => name === rest[at + 1]);
    if (silo && state) cursors.push({ silo, state, token: String(rest[at + 2]), skip: Number(rest[at + 3]) });
  }
  return { untilMs: Number(untilMs), cursors };
}
