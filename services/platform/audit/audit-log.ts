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
  /** Adds entries at once, all of them or none. */
  recordAll(records: readonly AuditRecord[]): Promise<void>;
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

/** A statement has 65,535 values at most, and a row has eleven. */
const rowsOfStatement = 1_000;

/** Opens the silo's audit log. */
export function createAuditLog({ database, clock, newId }: AuditLogOptions): AuditLog {
  const insert = async (em: SqlEntityManager, records: readonly AuditRecord[]): Promise<void> => {
    const occurredAt = clock();
    const rows = records.map((record) => ({ id: newId(), occurred_at: occurredAt, ...rowOf(record) }));
    await platformTables(em).insertInto("audit_entry").values(rows).execute();
  };
  return {
    append: (em, record) => insert(em, [record]),
    record: async (record) => {
      try {
        await insert(database.fork(), [record]);
      } catch (error) {
        throw withoutValues(error);
      }
    },
    recordAll: (records) =>
      database.transaction(async (tx) => {
        for (let from = 0; from < records.length; from += rowsOfStatement) {
          await insert(tx, records.slice(from, from + rowsOfStatement));
        }
      }),
    list: async (filter, { size, after }) => {
      // One more than asked for tells whether there is a next page, so that an empty token is the end and only the end.
      const found = await listAuditEntries(database.fork(), filter, { limit: size + 1, after });
      const entries = found.slice(0, size);
      const last = entries.at(-1);
      return { entries, next: found.length > size && last ? { occurredAt: last.occurredAt, id: last.id } : undefined };
    },
  };
}

function rowOf({ caller: { user, service }, entities = [], ...record }: AuditRecord) {
  return {
    user_id: user?.userId ?? null,
    user_type: user?.userType ?? null,
    organization_id: user?.organizationId ?? null,
    via_service: service ?? null,
    action: record.action,
    decision: record.decision,
    reason: record.reason || null,
    entities: JSON.stringify(entities),
    request_id: record.requestId || null,
  };
}
