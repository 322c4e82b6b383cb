import type { HandlerContext, Interceptor } from "@connectrpc/connect";

/** Runs a call, and records its refusal where refusals are kept. */
export type RecordCall = <T>(
  context: Pick<HandlerContext, "values" | "method" | "signal">,
  work: () => Promise<T>,
) => Promise<T>;

/**
 * The innermost interceptor: a refusal is recorded wherever in its handler it arose. How a stream ends once it has begun is
 * for its handler to record.
 */
export function recording(record: RecordCall): Interceptor {
  return (next) => (request) => {
    const { contextValues: values, method, signal } = request;
    return record({ values, method, signal }, async () => next(request));
  };
}
