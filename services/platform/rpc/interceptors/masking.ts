import type { Interceptor } from "@connectrpc/connect";
import type { ErrorMask } from "#platform/rpc/error-masking.ts";
import { liveCallOf } from "#platform/rpc/live-call.ts";

/**
 * The outermost interceptor: whatever the others and the handler throw leaves as a refusal in the service's name.
 * The messages of a stream are decoded while it is read, so what is wrong with them shows up in here, too.
 */
export function masking(mask: ErrorMask): Interceptor {
  return (next) => async (request) => {
    const call = liveCallOf(request.contextValues);
    call.markDecoded();
    try {
      const response = await next(
        request.stream
          ? { ...request, message: mapErrors(request.message, (error) => mask.undecodable(error, call)) }
          : request,
      );
      if (!response.stream) return response;
      return { ...response, message: mapErrors(response.message, (error) => mask.mask(error, call)) };
    } catch (error) {
      throw mask.mask(error, call);
    }
  };
}

async function* mapErrors<T>(items: AsyncIterable<T>, map: (error: unknown) => Error): AsyncGenerator<T> {
  try {
    yield* items;
  } catch (error) {
    throw map(error);
  }
}
