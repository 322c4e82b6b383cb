/** Why something happened: carried by every event, from the call that caused it to the last projection. */
export interface EventContext {
  /** The id of the person behind the change, if there is one. */
  readonly user?: string;
  /** The id of the organization that the person acted for. */
  readonly organization?: string;
  /** The request that caused the change. */
  readonly requestId?: string;
  /** The event that caused the change, if it was one. */
  readonly causationId?: string;
  /** W3C trace context, taken when the event was written. */
  readonly traceparent?: string;
  readonly tracestate?: string;
}

/** Leaves out what is not known, so that a context reads and stores the same wherever it came from. */
export function eventContext(parts: { readonly [Key in keyof EventContext]?: string | undefined }): EventContext {
  return {
    ...(parts.user ? { user: parts.user } : {}),
    ...(parts.organization ? { organization: parts.organization } : {}),
    ...(parts.requestId ? { requestId: parts.requestId } : {}),
    ...(parts.causationId ? { causationId: parts.causationId } : {}),
    ...(parts.traceparent ? { traceparent: parts.traceparent } : {}),
    ...(parts.tracestate ? { tracestate: parts.tracestate } : {}),
  };
}
