import {
  create,
  type DescMessage,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import type { AuditedEntity } from "#platform/audit/audit-entry.ts";
import { type AuditLog, createAuditLog } from "#platform/audit/audit-log.ts";
import { type Caller, callerOf } from "#platform/auth/caller.ts";
import type { Clock } from "#platform/clock.ts";
import { eventContext } from "#platform/events/event-context.ts";
import { eventTypeOf } from "#platform/events/event-type.ts";
import { appendEvents, type PendingEvent } from "#platform/events/outbox.ts";
import type { IdSource } from "#platform/id.ts";
import { callKey, requestIdOf } from "#platform/rpc/call.ts";
import { findPolicy, fullNameOf } from "#platform/rpc/policy.ts";
import type { ServiceName } from "#platform/service-name.ts";
import type { Database, Tx } from "./database.ts";
import { createFailureAudit } from "./failure-audit.ts";
import { claimKey, findAnswer, type IdentifiedRequest, idempotencyKeyOf, storeAnswer } from "./idempotency.ts";

export interface UnitOfWorkOptions {
  readonly database: Database;
  readonly service: ServiceName;
  readonly clock: Clock;
  readonly newId: IdSource;
}

/** What is known of a call wherever it is handled. */
export type CallContext = Pick<HandlerContext, "values" | "method" | "signal">;

/** What a handler works with. */
export interface Work {
  /** The only way to the database: a second connection would wait for the first when the pool is full. */
  readonly tx: Tx;
  /** Empty for what the system does on its own. */
  readonly caller: Caller;
  /** The time of the whole work. */
  readonly now: Date;
  /**
   * Tells the world when the transaction commits. The version is the aggregate's after the change: where MikroORM keeps
   * it, flush first and read it then.
   */
  emit<Schema extends DescMessage>(event: PendingEvent<Schema>): void;
  /** Names a record that the call changed, or returns, for the audit log. */
  touched(entityType: string, id: string): void;
}

/**
 * Runs what handlers do, with everything that must hold around it: one transaction, events and audit entry in it, one
 * effect for a request however often it is sent. Work may be run more than once, after a deadlock: it must do nothing
 * outside of `tx`. Refusals, thrown, undo everything and leave an audit entry.
 */
export interface UnitOfWork {
  /**
   * A call that changes something. With a request_id, the first answer is kept and given again to the same caller.
   * @throws Refusal REQUEST_ID_REUSED, CONCURRENT_CHANGE or DEPENDENCY_DOWN, beside the work's own.
   */
  write<O extends DescMessage>(
    context: HandlerContext,
    request: IdentifiedRequest,
    output: O,
    work: (work: Work) => Promise<MessageInitShape<O>>,
  ): Promise<MessageShape<O>>;
  /**
   * A call that only reads, without a transaction around it. It leaves an audit entry if it is about patients or came
   * through another service; the answer is given only when the entry is there.
   */
  read<O extends DescMessage>(
    context: HandlerContext,
    request: IdentifiedRequest,
    output: O,
    work: (work: Work) => Promise<MessageInitShape<O>>,
  ): Promise<MessageShape<O>>;
  /** One of several transactions of a call, each with its own audit entry if it touched something; see `call`. */
  transaction<T>(context: HandlerContext, work: (work: Work) => Promise<T>): Promise<T>;
  /** Around a whole call: a refusal from before, between or after its transactions leaves its audit entry, too. */
  call<T>(context: CallContext, work: () => Promise<T>): Promise<T>;
  /**
   * Whether a write of this request was answered before. For calls that must first do, outside of a transaction, what
   * their repetition must not do again or could not: `write` then gives the first answer without running its work.
   * @throws Refusal REQUEST_ID_REUSED if the id was used with another body.
   */
  isRepeated(context: HandlerContext, request: IdentifiedRequest): Promise<boolean>;
  /**
   * What the system does on its own, such as a sweeper. Leaves an audit entry if it touched something.
   * @param actor who, such as `hospital.expire-trips`.
   */
  system<T>(actor: string, work: (work: Work) => Promise<T>): Promise<T>;
}

/** Makes the unit of work of a silo. */
export function createUnitOfWork(options: UnitOfWorkOptions): UnitOfWork {
  const { database } = options;
  const audit = createAuditLog(options);
  const parts = { ...options, audit };
  const onFailure = createFailureAudit(database, audit);

  const transaction = async <T>(actor: Actor, work: (work: LiveWork) => Promise<T>): Promise<T> => {
    let live: LiveWork | undefined;
    const attempt = async (tx: Tx): Promise<T> => {
      live = new LiveWork(tx, actor.caller, options.clock());
      const result = await work(live);
      await finish(live, actor, parts);
      return result;
    };
    try {
      return await database.transaction(attempt, actor);
    } catch (error) {
      throw await onFailure(error, { ...actor, entities: live?.entities ?? [] });
    }
  };

  return {
    write: (context, request, output, work) => {
      const actor = actorOf(context);
      const key = idempotencyKeyOf(actor.caller, context.method, request);
      return transaction(actor, async (live) => {
        live.mustAudit = true;
        const first = key && (await claimKey(live.tx, key, live.now));
        if (first) return fromBinary(output, first);
        const answer = create(output, await work(live));
        if (key) await storeAnswer(live.tx, key, toBinary(output, answer));
        return answer;
      });
    },
    read: async (context, _request, output, work) => {
      const actor = actorOf(context);
      const live = new LiveWork(database.fork(actor), actor.caller, options.clock(), "reads only");
      const { service: calling, user } = actor.caller;
      // What crosses from silo to silo or from tenant to tenant, and whatever is about a patient. Center's people see all.
      const isFarReaching = calling !== undefined || user?.userType === "CENTER";
      live.mustAudit = isFarReaching || findPolicy(context.method)?.patientRelated === true;
      try {
        const answer = create(output, await work(live));
        await finish(live, actor, parts);
        return answer;
      } catch (error) {
        throw await onFailure(error, { ...actor, entities: live.entities });
      }
    },
    transaction: (context, work) => transaction(actorOf(context), work),
    call: async (context, work) => {
      try {
        return await work();
      } catch (error) {
        throw await onFailure(error, { ...actorOf(context), entities: [] });
      }
    },
    isRepeated: async (context, request) => {
      const actor = actorOf(context);
      const key = idempotencyKeyOf(actor.caller, context.method, request);
      return key !== undefined && (await findAnswer(database.fork(actor), key)) !== undefined;
    },
    system: (actor, work) => transaction({ caller: {}, action: actor }, work),
  };
}

/** On whose behalf something is done. */
interface Actor {
  readonly caller: Caller;
  readonly action: string;
  /** Absent for what the system does on its own. */
  readonly requestId?: string;
  readonly traceparent?: string | undefined;
  readonly signal?: AbortSignal;
}

function actorOf(context: CallContext): Actor {
  const call = context.values.get(callKey);
  return {
    caller: callerOf(context),
    action: fullNameOf(context.method),
    requestId: requestIdOf(context),
    traceparent: call?.traceparent,
    signal: call?.signal ?? context.signal,
  };
}

/** A piece of work under way. A class because it remembers what to tell the world and the audit log at its end. */
class LiveWork implements Work {
  readonly tx: Tx;
  readonly caller: Caller;
  readonly now: Date;
  readonly events: PendingEvent[] = [];
  /** Whether there is to be an audit entry; if undefined, only if something was touched or told. */
  mustAudit: boolean | undefined;
  readonly #entities = new Map<string, AuditedEntity>();
  readonly #readsOnly: boolean;

  constructor(tx: Tx, caller: Caller, now: Date, readsOnly?: "reads only") {
    this.tx = tx;
    this.caller = caller;
    this.now = now;
    this.#readsOnly = readsOnly !== undefined;
  }

  get entities(): readonly AuditedEntity[] {
    return [...this.#entities.values()];
  }

  emit(event: PendingEvent): void {
    if (this.#readsOnly) throw new Error(`${event.schema.typeName} was emitted while reading`);
    this.events.push(event);
  }

  touched(type: string, id: string): void {
    this.#entities.set(`${type} ${id}`, { type, id });
  }
}

interface Parts extends UnitOfWorkOptions {
  readonly audit: AuditLog;
}

/** Ends the work in the order that keeps events in order: changed rows are locked before their events are numbered. */
async function finish(live: LiveWork, actor: Actor, { audit, service, newId }: Parts): Promise<void> {
  const { tx, caller, entities, events, mustAudit } = live;
  const { action, requestId, traceparent } = actor;
  if (events.length > 0) {
    const foreign = events.find(({ schema }) => eventTypeOf(schema).producer !== service);
    if (foreign) throw new Error(`${foreign.schema.typeName} is not ${service}'s to tell`);
    await tx.flush();
    const { userId: user, organizationId: organization } = caller.user ?? {};
    const cause = { user, organization, requestId, traceparent, causationId: undefined, tracestate: undefined };
    await appendEvents(tx, events, eventContext(cause), newId);
  }
  const isAudited = mustAudit ?? (entities.length > 0 || events.length > 0);
  if (isAudited) await audit.append(tx, { caller, action, decision: "ALLOWED", entities, requestId });
}
