import { Reason } from "#gen/medport/errors/v1/reason_pb.ts";
import { badRequest, type Refusal, refuse } from "#platform/rpc/refusal.ts";

/** Refuses a field that breaks a rule which no proto file can state. */
export function fieldRefusal(field: string, problem: string): Refusal {
  return refuse(Reason.VALIDATION_FAILED, `the request breaks a rule: ${field} ${problem}`, {
    details: [badRequest([{ field, description: problem }])],
  });
}
