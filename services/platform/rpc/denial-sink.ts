import type { Caller } from "#platform/auth/caller.ts";

/** A call that was turned away before its handler ran. */
export interface Denial {
  /** Empty if nobody could be recognized. */
  readonly caller: Caller;
  /** The method's full name, such as medport.hospital.v1.TripService/CancelTrip. */
  readonly action: string;
  readonly decision: "DENIED";
  /** The refusal's reason, such as METHOD_NOT_ALLOWED. */
  readonly reason: string;
  readonly requestId: string;
}

/** Where the server reports whom it turned away. Implemented by the silo's audit log. */
export interface DenialSink {
  record(entry: Denial): Promise<void>;
}
