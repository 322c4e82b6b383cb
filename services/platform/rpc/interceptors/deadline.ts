import type { Interceptor } from "@connectrpc/connect";
import { abortable, raceAbort } from "#platform/rpc/abort.ts";
import { liveCallOf } from "#platform/rpc/live-call.ts";

/**
 * Gives handlers the call's signal, and no more time than the call has: a handler that does not listen to the signal
 * is left behind, and the caller has its answer all the same.
 */
export const deadline: Interceptor = (next) => async (request) => {
  const call = liveCallOf(request.contextValues);
  const response = await raceAbort(next({ ...request, signal: call.signal }), call.hardSignal);
  if (!response.stream) return response;
  return { ...response, message: abortable(response.message, call.hardSignal) };
};
