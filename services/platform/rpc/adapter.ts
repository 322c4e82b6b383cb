import type { Http2ServerRequest } from "node:http2";
import { type connectNodeAdapter, universalRequestFromNodeRequest } from "@connectrpc/connect-node";
import type { Logger } from "#platform/telemetry/log.ts";
import type { Exchange, Front } from "#platform/rpc/front.ts";
import { type NodeServerResponse, Outlet } from "#platform/rpc/outlet.ts";

/** What a server of `node:http` or `node:http2` calls for each request. */
export type RequestListener = ReturnType<typeof connectNodeAdapter>;

type NodeServerRequest = Parameters<RequestListener>[0];

/**
 * Connects the front to Node's servers.
 * @param stallMs milliseconds after which a caller who takes nothing of its answer is given up.
 */
export function requestListener(front: Front, log: Logger, stallMs: number): RequestListener {
  return (request, response) => {
    // A connection that breaks shows up as "close" as well, and is dealt with there.
    request.on("error", () => undefined);
    response.on("error", () => undefined);
    const exchange = begin(front, request, response);
    if (!exchange) return;
    const outlet = new Outlet(response, stallMs);
    let isSent = false;
    response.once("close", () => {
      if (!isSent) exchange.leave();
      exchange.finish();
    });
    if ("stream" in request) dropRestOfBody(request);
    // What is left of an HTTP/1.1 request is read over: the connection's next request comes after it.
    else response.once("finish", () => request.resume());
    exchange.answer
      .then(async (answer) => {
        isSent = await outlet.send(answer);
      })
      .catch((error: unknown) => {
        log.error({ event: "rpc.answer_failed", err: error });
        outlet.destroy();
      });
  };
}

/** The request in the form that all protocols share; undefined if its target is no path, which is answered here. */
function begin(front: Front, request: NodeServerRequest, response: NodeServerResponse): Exchange | undefined {
  try {
    const universal = universalRequestFromNodeRequest(request, response, undefined, undefined);
    // A decoder that gives up in the middle must not destroy an HTTP/1.1 request: its connection would hang.
    const body = "stream" in request ? universal.body : request.iterator({ destroyOnReturn: false });
    return front.accept({ request: { ...universal, body }, rawHeaders: request.rawHeaders });
  } catch {
    // Neither a protocol nor a method can be told from it, so nothing better than a status can be said.
    response.writeHead(400);
    response.end();
    return undefined;
  }
}

/**
 * Tells an HTTP/2 caller that is still sending when its answer is complete that nobody reads on (RFC 9113, 8.1); without
 * that the stream would stay open for as long as the caller likes. Only after the trailers: a caller takes a stream that
 * is closed before them for broken.
 */
function dropRestOfBody({ stream }: Http2ServerRequest): void {
  stream.once("wantTrailers", () => {
    setImmediate(() => {
      if (!stream.destroyed) stream.close();
    });
  });
}
