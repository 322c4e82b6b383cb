import { Socket } from "node:net";
import type { PoolConfig } from "pg";
import { QuietClient } from "./quiet-connection.ts";

/** What a connection to PostgreSQL waits for, and for how long. */
export interface ConnectionLimits {
  /** A statement that takes longer is ended by the server; 0 is for ever. */
  readonly statementTimeoutMs: number;
  /** A statement that waits longer for a lock fails; 0 is for ever. */
  readonly lockTimeoutMs: number;
  /** A session that sits in a transaction for longer is ended by the server, and its locks with it; 0 is for ever. */
  readonly idleInTransactionTimeoutMs: number;
  /** A connection on which nothing was heard for longer is given up; absent for no limit. */
  readonly silenceMs?: number;
}

/** For calls: longer than any call may take, so that the call's own deadline comes first. */
export const callLimits: ConnectionLimits = {
  statementTimeoutMs: 15_000,
  lockTimeoutMs: 5_000,
  idleInTransactionTimeoutMs: 15_000,
  silenceMs: 25_000,
};

/** How long a connection may wait for a place in the pool, and for the server to answer the first time. */
const connectTimeoutMs = 5_000;

export interface ConnectionOptions {
  readonly url: string;
  /** As PostgreSQL lists it in pg_stat_activity. */
  readonly applicationName: string;
  readonly poolSize: number;
  readonly limits: ConnectionLimits;
}

/**
 * Options of pg for a pool that notices when the other side is gone: the server by keep-alive probes, we by a limit on
 * silence. What stands in the URL's own parameters wins.
 */
export function poolOptions({ url, applicationName, poolSize, limits }: ConnectionOptions): PoolConfig {
  const { silenceMs } = limits;
  return {
    connectionString: url,
    Client: QuietClient,
    application_name: applicationName,
    max: poolSize,
    connectionTimeoutMillis: connectTimeoutMs,
    // Sooner than the limit on silence, so that a connection that merely rests is closed and not given up.
    idleTimeoutMillis: 20_000,
    maxLifetimeSeconds: 1_800,
    statement_timeout: limits.statementTimeoutMs,
    lock_timeout: limits.lockTimeoutMs,
    idle_in_transaction_session_timeout: limits.idleInTransactionTimeoutMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    // UTC, so that a timestamp read as text can be read by anyone.
    options: "-c TimeZone=UTC -c tcp_keepalives_idle=30 -c tcp_keepalives_interval=10 -c tcp_keepalives_count=3",
    ...(silenceMs !== undefined && { stream: () => socketWithSilenceLimit(silenceMs) }),
  };
}

/**
 * A socket that closes after a long silence. The server answers within statement_timeout or not at all: a partition of
 * the network gives no other sign for a quarter of an hour, and would hold every place of the pool for as long.
 */
function socketWithSilenceLimit(silenceMs: number): Socket {
  const socket = new Socket();
  socket.setTimeout(silenceMs, () => socket.destroy(new Error("PostgreSQL does not answer")));
  return socket;
}
