import { Reason } from "#gen/medport/errors/v1/reason_pb.ts";
import { notFound, refuse } from "#platform/rpc/refusal.ts";
import type { Decision } from "./decisions/decision.ts";

/** In these words rules say that a record is unknown, or out of reach. */
const noSuchRecord = /^no ([a-z]+) ([\w-]{1,64})$/;

/**
 * The value of a decision that went well: where a rule's "no" becomes the call's.
 * @throws Refusal with the decision's reason if it did not.
 */
export function grantedOrThrow<T>(decision: Decision<T>): T {
  if (decision.ok) return decision.value;
  const { reason, sentence } = decision;
  const [, type, id] = (reason === "RESOURCE_NOT_FOUND" && noSuchRecord.exec(sentence)) || [];
  // A record out of reach is refused here, a missing one often before any rule is asked: the two must look alike.
  if (type !== undefined && id !== undefined) throw notFound(type, id);
  throw refuse(Reason[reason], sentence);
}
