import type { AuditLog } from "#platform/audit/audit-log.ts";
import type { Revocations } from "#platform/auth/revocations.ts";
import type { Clock } from "#platform/clock.ts";
import type { UnitOfWork } from "#platform/database/unit-of-work.ts";
import type { SiloDatabases } from "#platform/silo/silo-databases.ts";
import type { Logger } from "#platform/telemetry/log.ts";
import { Feed } from "./feed.ts";
import type { FeedSource } from "./feed-source.ts";
import { StreamAudit } from "./stream-audit.ts";
import { createWatchCall, type WatchCall } from "./watch-call.ts";

/** What a live board needs of its service. */
export interface LiveBoardOptions {
  readonly databases: SiloDatabases;
  readonly auditLog: Pick<AuditLog, "recordAll">;
  readonly unitOfWork: UnitOfWork;
  readonly revocations: Revocations;
  readonly clock: Clock;
  readonly log: Logger;
  /** Milliseconds of silence after which a watcher is sent a sign of life. 15 000 if absent. */
  readonly heartbeatMs?: number;
}

/** A feed, and how calls watch it. Dispose it to stop, after the server. */
export interface LiveBoard<Item> extends AsyncDisposable {
  readonly feed: Feed<Item>;
  readonly watchCall: WatchCall;
}

/** Starts to follow a log, and to answer those who watch it. */
export function startLiveBoard<Item>(
  options: LiveBoardOptions & { readonly name: string; readonly source: FeedSource<Item> },
): LiveBoard<Item> {
  const { databases, auditLog, log, name, source } = options;
  const feed = new Feed<Item>({ name, source, database: databases.events, log });
  databases.onCommit(() => feed.wake());
  const audit = new StreamAudit({ record: auditLog.recordAll, log });
  return {
    feed,
    watchCall: createWatchCall({ ...options, audit }),
    [Symbol.asyncDispose]: async () => {
      await feed[Symbol.asyncDispose]();
      await audit[Symbol.asyncDispose]();
    },
  };
}
