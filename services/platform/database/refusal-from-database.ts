import { Reason } from "#gen/medport/errors/v1/reason_pb.ts";
import { type Refusal, refuse, retryInfo } from "#platform/rpc/refusal.ts";
import { isCancelledStatement, isClosedSilo, isConcurrentChange, isConnectionFailure } from "./database-error.ts";

/** What a caller is told when the database stood in the way; undefined if the error is about something else. */
export function refusalFromDatabase(error: unknown): Refusal | undefined {
  if (isConnectionFailure(error)) {
    const options = { details: [retryInfo(1_000)], cause: error };
    return refuse(Reason.DEPENDENCY_DOWN, "the database is out of reach", options);
  }
  if (isConcurrentChange(error)) {
    return refuse(Reason.CONCURRENT_CHANGE, "somebody else is changing the same record", { cause: error });
  }
  if (isCancelledStatement(error)) {
    return refuse(Reason.HANDLER_TIMEOUT, "the database took too long", { cause: error });
  }
  if (isClosedSilo(error)) {
    return refuse(Reason.SILO_CLOSED, "no changes are taken while an old database is moved here", { cause: error });
  }
  return undefined;
}
