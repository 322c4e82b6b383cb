import type { HandlerContext } from "@connectrpc/connect";
import type { AuditedEntity, AuditRecord } from "#platform/audit/audit-entry.ts";
import { callerOf } from "#platform/auth/caller.ts";
import { requestIdOf } from "#platform/rpc/call.ts";
import { fullNameOf } from "#platform/rpc/policy.ts";
import { startRepeatedWork } from "#platform/silo/repeated-work.ts";
import type { Logger } from "#platform/telemetry/log.ts";

export interface StreamAuditOptions {
  /** Adds entries, all of them or none. */
  readonly record: (records: readonly AuditRecord[]) => Promise<void>;
  readonly log: Logger;
  /** Milliseconds between two entries of a stream that goes on sending. A minute if absent. */
  readonly everyMs?: number;
}

/** What one stream has shown. */
export interface StreamTrail {
  /** Adds the entry of the opening, with what is about to be shown at once. Nothing may be sent before it is there. */
  open(shown: readonly AuditedEntity[]): Promise<void>;
  /** Notes what is sent; it is in the log within a minute. */
  sent(entity: AuditedEntity): void;
  /** Adds what is not in the log yet. Never throws: the stream is over. */
  close(): Promise<void>;
}

/** So many records at most are named in one entry. */
const namedInOneEntry = 1_000;

/**
 * The audit entries of streams: one when a stream opens, then one a minute for what it sent, and the rest at its end.
 * Entries of many streams are added together. A class because it knows the streams and what is not in the log yet;
 * dispose it to add the rest, after the streams have ended.
 */
export class StreamAudit implements AsyncDisposable {
  readonly #options: StreamAuditOptions;
  readonly #trails = new Set<Trail>();
  readonly #minutes: AsyncDisposable;
  #gathered: { readonly records: AuditRecord[]; readonly done: Promise<void> } | undefined;
  #adding: Promise<unknown> = Promise.resolve();

  constructor(options: StreamAuditOptions) {
    this.#options = options;
    this.#minutes = startRepeatedWork({
      name: "stream-audit",
      everyMs: options.everyMs ?? 60_000,
      work: () => this.#addAll(),
      log: options.log,
    });
  }

  /** The trail of the stream that a call opens. */
  trailOf(context: HandlerContext): StreamTrail {
    const record = {
      caller: callerOf(context),
      action: fullNameOf(context.method),
      decision: "ALLOWED",
      requestId: requestIdOf(context),
    } as const;
    const trail = new Trail(record, (records) => this.#add(records));
    return {
      open: (shown) => {
        this.#trails.add(trail);
        return trail.open(shown);
      },
      sent: (entity) => trail.sent(entity),
      close: () => this.#close(trail),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#minutes[Symbol.asyncDispose]();
    await Promise.all([...this.#trails].map((trail) => this.#close(trail)));
    // Of streams that ended a moment ago.
    await this.#adding;
  }

  async #close(trail: Trail): Promise<void> {
    this.#trails.delete(trail);
    const { records } = trail.take();
    if (records.length === 0) return;
    try {
      await this.#add(records);
    } catch (error) {
      // Not rethrown: nobody is left to hear it. The log holds what the audit log lacks.
      const [{ action, caller, requestId } = {}] = records;
      const entities = records.flatMap((record) => record.entities ?? []);
      const userId = caller?.user?.userId;
      this.#options.log.error({ event: "audit.append_failed", action, requestId, userId, entities, error });
    }
  }

  async #addAll(): Promise<void> {
    const taken = [...this.#trails].map((trail) => trail.take());
    const records = taken.flatMap((part) => part.records);
    if (records.length === 0) return;
    try {
      await this.#add(records);
    } catch (error) {
      for (const { giveBack } of taken) giveBack();
      throw error;
    }
  }

  /** Adds records together with those of everybody who asks while the ones before are being added. */
  #add(records: readonly AuditRecord[]): Promise<void> {
    if (!this.#gathered) {
      const gathered: AuditRecord[] = [];
      const done = this.#adding.then(() => {
        this.#gathered = undefined;
        return this.#options.record(gathered);
      });
      this.#adding = done.catch(() => undefined);
      this.#gathered = { records: gathered, done };
    }
    this.#gathered.records.push(...records);
    return this.#gathered.done;
  }
}

/** What one stream has sent and not yet told. A class because it remembers that. */
class Trail {
  readonly #record: Omit<AuditRecord, "entities">;
  readonly #add: (records: readonly AuditRecord[]) => Promise<void>;
  #unsaid = new Map<string, AuditedEntity>();

  constructor(record: Omit<AuditRecord, "entities">, add: (records: readonly AuditRecord[]) => Promise<void>) {
    this.#record = record;
    this.#add = add;
  }

  async open(shown: readonly AuditedEntity[]): Promise<void> {
    await this.#add(shown.length === 0 ? [{ ...this.#record, entities: [] }] : this.#recordsOf(shown));
  }

  sent(entity: AuditedEntity): void {
    this.#unsaid.set(`${entity.type} ${entity.id}`, entity);
  }

  take(): { readonly records: readonly AuditRecord[]; readonly giveBack: () => void } {
    const taken = [...this.#unsaid.values()];
    this.#unsaid = new Map();
    return { records: this.#recordsOf(taken), giveBack: () => taken.forEach((entity) => this.sent(entity)) };
  }

  #recordsOf(entities: readonly AuditedEntity[]): readonly AuditRecord[] {
    const count = Math.ceil(entities.length / namedInOneEntry);
    return Array.from({ length: count }, (_, index) => ({
      ...this.#record,
      entities: entities.slice(index * namedInOneEntry, (index + 1) * namedInOneEntry),
    }));
  }
}
