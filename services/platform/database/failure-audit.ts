import { Code, ConnectError } from "@connectrpc/connect";
import { ResourceInfoSchema } from "#gen/google/rpc/error_details_pb.ts";
import type { AuditDecision, AuditedEntity, AuditRecord } from "#platform/audit/audit-entry.ts";
import type { AuditLog } from "#platform/audit/audit-log.ts";
import { parseId } from "#platform/id.ts";
import { reasonOf } from "#platform/rpc/refusal.ts";
import type { Database } from "./database.ts";
import { errorToThrow } from "./database-error.ts";
import { refusalFromDatabase } from "./refusal-from-database.ts";

/** What was attempted, and how far it got. */
export type FailedAttempt = Pick<AuditRecord, "caller" | "action" | "entities" | "requestId"> & {
  readonly signal?: AbortSignal;
};

/** Records a failure that is a decision about the caller, once, and gives back what is to be thrown. Never throws. */
export type FailureAudit = (error: unknown, attempt: FailedAttempt) => Promise<unknown>;

/** Makes the recorder of a silo's failed calls. */
export function createFailureAudit({ log }: Database, audit: AuditLog): FailureAudit {
  // A refusal may pass through here twice: from a transaction, and from the call around it.
  const recorded = new WeakSet<object>();

  return async (cause, { signal, ...attempt }) => {
    const error = whatToThrow(cause, signal);
    const decision = decisionOf(error);
    // What the system tries on its own, it tries again and again; only calls are recorded.
    const isCall = attempt.requestId !== undefined;
    if (!isCall || !decision || !(error instanceof Error) || recorded.has(error)) return error;
    recorded.add(error);
    const reason = reasonOf(error);
    try {
      await audit.record({ ...attempt, entities: withMissing(attempt.entities ?? [], error), decision, reason });
    } catch (failure) {
      // Not rethrown: the caller is to learn why the call was refused. The log holds what the audit log lacks.
      const { action, requestId, caller } = attempt;
      const userId = caller.user?.userId;
      log.error({ event: "audit.append_failed", action, decision, reason, requestId, userId, error: failure });
    }
    return error;
  };
}

/** The records that were touched, and the one that the refusal says is not there: whoever asked for it is to be found. */
function withMissing(touched: readonly AuditedEntity[], error: Error): readonly AuditedEntity[] {
  if (!(error instanceof ConnectError) || error.code !== Code.NotFound) return touched;
  const missing = error
    .findDetails(ResourceInfoSchema)
    .map(({ resourceType: type, resourceName: id }) => ({ type, id }))
    // What is no id is some text of the caller's, which has no place in the log.
    .filter(({ type, id }) => parseId(id) !== undefined && !touched.some((it) => it.type === type && it.id === id));
  return [...touched, ...missing];
}

function whatToThrow(failure: unknown, signal: AbortSignal | undefined): unknown {
  const error = errorToThrow(failure, signal);
  return error instanceof ConnectError ? error : (refusalFromDatabase(error) ?? error);
}

/**
 * How a failure stands in the audit log; undefined if it was no decision about the call but a failure of ours. What is
 * unknown or outside of the caller's scope counts as denied: nobody can tell the two apart.
 */
function decisionOf(error: unknown): AuditDecision | undefined {
  if (!(error instanceof ConnectError)) return undefined;
  switch (error.code) {
    case Code.PermissionDenied:
    case Code.Unauthenticated:
    case Code.NotFound:
      return "DENIED";
    case Code.Canceled:
    case Code.Unknown:
    case Code.DeadlineExceeded:
    case Code.Unavailable:
    case Code.Internal:
    case Code.DataLoss:
    case Code.Unimplemented:
      return undefined;
    default:
      return "REFUSED";
  }
}
