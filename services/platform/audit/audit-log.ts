import type { SqlEntityManager } from "@mikro-orm/postgresql";
import type { Clock } from "#platform/clock.ts";
import type { Database } from "#platform/database/database.ts";
import { withoutValues } from "#platform/database/database-error.ts";
import { platformTables } from "#platform/database/platform-tables.ts";
import type { IdSource } from "#platform/id.ts";
import type { AuditEntry, AuditRecord } from "./audit-entry.ts";
import { type AuditFilter, type AuditPosition, listAuditEntries } from "./audit-query.ts";

export interface AuditLogOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly newId: IdSource;
}

/** One silo's audit log. Entries are added and never change. */
export interface AuditLog {
  /** Adds an entry in the caller's transaction: it is there if and only if what it records was done. */
  append(em: SqlEntityManager, record: AuditRecord): Promise<void>;
  /** Adds an entry at once, for a call that was turned away. */
  record(record: AuditRecord): Promise<void>;
  /** Lists entries, newest first. */
  list(filter: AuditFilter, page: AuditPageRequest): Promise<AuditPage>;
}

export interface AuditPageRequest {
  readonly size: number;
  /** The place after which the page begins; from the newest on if absent. */
  readonly after?: AuditPosition | undefined;
}

export interface AuditPage {
  readonly entries: readonly AuditEntry[];
  /** Where the next page begins; absent at the end, and only there. */
  readonly next: AuditPosition | undefined;
}

/** Opens the silo's audit log. */
export function createAuditLog({ database, clock, newId }: AuditLogOptions): AuditLog {
  const append: AuditLog["append"] = async (em, { caller, entities = [], ...record }) => {
    await platformTables(em)
      .insertInto("audit_entry")
      .values({
        id: newId(),
        occurred_at: clock(),
        user_id: caller.user?.userId ?? null,
        user_type: caller.user?.userType ?? null,
        organization_id: caller.user?.organizationId ?? null,
        via_service: caller.service ?? null,
        action: record.action,
        decision: record.decision,
        reason: record.reason || null,
        entities: JSON.stringify(entities),
        request_id: record.requestId || null,
      })
      .execute();
  };
  return {
    append,
    record: async (record) => {
      try {
        await append(database.fork(), record);
      } catch (error) {
        throw withoutValues(error);
      }
    },
    list: async (filter, { size, after }) => {
      // One more than asked for tells whether there is a next page, so that an empty token is the end and only the end.
      const found = await listAuditEntries(database.fork(), filter, { limit: size + 1, after });
      const entries = found.slice(0, size);
      const last = entries.at(-1);
      return { entries, next: found.length > size && last ? { occurredAt: last.occurredAt, id: last.id } : undefined };
    },
  };
}
