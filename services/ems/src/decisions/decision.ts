import type { Reason } from "#gen/medport/errors/v1/reason_pb.ts";

/** Why something is refused, as reason.proto names it. */
export type ReasonName = keyof typeof Reason;

/** What a rule says "no" with: a reason for programs, a sentence for people. */
export interface Refused {
  readonly ok: false;
  readonly reason: ReasonName;
  readonly sentence: string;
}

/** The answer of a rule: a value, or why not. */
export type Decision<T> = { readonly ok: true; readonly value: T } | Refused;

/** Says yes. */
export function granted<T>(value: T): Decision<T> {
  return { ok: true, value };
}

/** Says no. @param sentence for people; without patient data. */
export function refused(reason: ReasonName, sentence: string): Refused {
  return { ok: false, reason, sentence };
}
