import { setTimeout as sleep } from "node:timers/promises";
import { type EntitySchema, IsolationLevel, MikroORM, type SqlEntityManager } from "@mikro-orm/postgresql";
import type { ServiceName } from "#platform/service-name.ts";
import type { Logger } from "#platform/telemetry/log.ts";
import { callLimits, poolOptions } from "./connection-options.ts";
import { errorToThrow, isTransientConflict } from "./database-error.ts";
import { ormLog } from "./orm-log.ts";
import { ReleasingPostgreSqlDriver } from "./releasing-driver.ts";

/** The entity manager of one transaction: what is done through it is committed together or not at all. */
export type Tx = SqlEntityManager;

/** Entities of any kind, as `defineEntity` makes them. */
export type Entities = readonly EntitySchema[];

export interface DatabaseOptions {
  readonly url: string;
  readonly service: ServiceName;
  readonly entities: Entities;
  /** How many connections at most; 10 unless said otherwise. */
  readonly poolSize?: number;
  readonly log: Logger;
}

export interface Abortable {
  /** Ends the statement that is running when the caller leaves; in a transaction, all of it is rolled back. */
  readonly signal?: AbortSignal | undefined;
}

/** One silo's database. Connections come and go; losing the server fails the work under way and nothing else. */
export interface Database {
  readonly orm: MikroORM;
  readonly log: Logger;
  /** A fresh entity manager outside of any transaction, for reading. */
  fork(options?: Abortable): SqlEntityManager;
  /**
   * Runs the work in a READ COMMITTED transaction and flushes at its end. If PostgreSQL gives it up for a deadlock or a
   * serialization failure, it is run again from the start, so it must do nothing outside of `tx`; nor may it take a
   * second connection, or a full pool would wait for itself.
   * @throws the signal's reason if that ended it; DatabaseFailure for what PostgreSQL objected to.
   */
  transaction<T>(work: (tx: Tx) => Promise<T>, options?: Abortable): Promise<T>;
  /** How many milliseconds the database takes to answer. */
  ping(): Promise<number>;
  /** Told after each committed transaction that appended events; see `markEventsAppended`. */
  onCommit(listener: () => void): void;
  /** Closes when the work under way has ended. */
  close(): Promise<void>;
}

const transactionsWithEvents = new WeakSet<Tx>();

/** Notes that the transaction has put events into the outbox, so that the relay is woken when it commits. */
export function markEventsAppended(tx: Tx): void {
  transactionsWithEvents.add(tx);
}

/**
 * Connects to a silo's database.
 * @throws if the database does not answer.
 */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  const orm = createOrm(options);
  const database = databaseOver(orm, options.log);
  try {
    await database.ping();
    return database;
  } catch (error) {
    await orm.close(true);
    throw error;
  }
}

/** MikroORM as we use it: told everything, guessing nothing, and silent about values. */
function createOrm({ url, service, entities, poolSize = 10, log }: DatabaseOptions): MikroORM {
  return new MikroORM({
    driver: ReleasingPostgreSqlDriver,
    clientUrl: url,
    driverOptions: poolOptions({ url, applicationName: `medport-${service}`, poolSize, limits: callLimits }),
    entities: [...entities],
    discovery: { warnWhenNoEntities: false },
    ensureDatabase: false,
    loggerFactory: () => ormLog(log),
  });
}

function databaseOver(orm: MikroORM, log: Logger): Database {
  const listeners: (() => void)[] = [];

  const attempt = async <T>(work: (tx: Tx) => Promise<T>, options: Abortable): Promise<T> => {
    let hasEvents = false;
    const result = await fork(orm, options).transactional(
      async (tx) => {
        const value = await work(tx);
        hasEvents = transactionsWithEvents.has(tx);
        return value;
      },
      { isolationLevel: IsolationLevel.READ_COMMITTED },
    );
    if (hasEvents) for (const listener of listeners) listener();
    return result;
  };

  return {
    orm,
    log,
    fork: (options) => fork(orm, options),
    transaction: (work, options = {}) => retryOnConflict(() => attempt(work, options), options),
    ping: async () => {
      const startMs = performance.now();
      await fork(orm).execute("select 1");
      return performance.now() - startMs;
    },
    onCommit: (listener) => void listeners.push(listener),
    close: () => orm.close(),
  };
}

function fork(orm: MikroORM, { signal }: Abortable = {}): SqlEntityManager {
  return orm.em.fork({
    disableContextResolution: true,
    ...(signal && { signal, inflightQueryAbortStrategy: "cancel query" }),
  });
}

const attempts = 4;

/** @param random a number in [0, 1); passed in so that tests are repeatable. */
async function retryOnConflict<T>(
  attempt: () => Promise<T>,
  { signal }: Abortable,
  random: () => number = Math.random,
): Promise<T> {
  for (let number = 1; ; number++) {
    try {
      return await attempt();
    } catch (error) {
      if (number === attempts || !isTransientConflict(error)) throw errorToThrow(error, signal);
    }
    // Full jitter, so that two that collided do not meet again.
    await sleep(random() * 10 * 4 ** number);
  }
}
