import { Reason } from "#gen/medport/errors/v1/reason_pb.ts";
import { refuse } from "#platform/rpc/refusal.ts";
import type { Decision } from "./decisions/decision.ts";

/**
 * The value of a decision that went well: where a rule's "no" becomes the call's.
 * @throws Refusal with the decision's reason if it did not.
 */
export function grantedOrThrow<T>(decision: Decision<T>): T {
  if (decision.ok) return decision.value;
  throw refuse(Reason[decision.reason], decision.sentence);
}
