import type { Logger } from "#platform/telemetry/log.ts";
import type { Caller } from "#platform/auth/caller.ts";
import type { Call } from "#platform/rpc/call.ts";
import type { DenialSink } from "#platform/rpc/denial-sink.ts";
import { fullNameOf } from "#platform/rpc/policy.ts";
import { type Refusal, reasonName } from "#platform/rpc/refusal.ts";

/** Leaves a record of a call that is turned away before its handler runs. */
export type TurnAway = (refusal: Refusal, caller: Caller, call: Call) => Promise<void>;

/**
 * Makes the recorder. It never throws: a caller who may not enter is told so even while the audit log cannot be
 * written, and the log says then what the audit log lacks.
 */
export function createTurnAway(audit: DenialSink, log: Logger): TurnAway {
  return async (refusal, caller, { method, requestId }) => {
    const denial = {
      action: fullNameOf(method),
      decision: "DENIED",
      reason: reasonName(refusal.reason),
      requestId,
    } as const;
    try {
      await audit.record({ caller, ...denial });
    } catch (error) {
      log.error({ event: "rpc.denial_not_audited", ...denial, userId: caller.user?.userId, err: error });
    }
  };
}
