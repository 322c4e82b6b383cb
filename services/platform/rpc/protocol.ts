import { encodeEnvelope, type UniversalServerResponse } from "@connectrpc/connect/protocol";
import {
  codeToHttpStatus,
  endStreamFlag,
  endStreamToJson,
  errorToJsonBytes,
  parseTimeout as parseConnectTimeout,
} from "@connectrpc/connect/protocol-connect";
import { parseTimeout as parseGrpcTimeout, setTrailerStatus } from "@connectrpc/connect/protocol-grpc";
import { trailerFlag, trailerSerialize } from "@connectrpc/connect/protocol-grpc-web";
import type { Refusal } from "#platform/rpc/refusal.ts";

/** The ways in which a request can be put on the wire; each has its own way to say no. */
export type WireProtocol = "grpc" | "grpc-web" | "connect-unary" | "connect-stream";

/** Tells from a request's verb and content type how it is put on the wire; undefined if it is none of ours. */
export function wireProtocolOf(verb: string, header: Headers): WireProtocol | undefined {
  const contentType = header.get("content-type") ?? "";
  if (/^application\/grpc-web(\+|;|$)/i.test(contentType)) return "grpc-web";
  if (/^application\/grpc(\+|;|$)/i.test(contentType)) return "grpc";
  if (/^application\/connect\+/i.test(contentType)) return "connect-stream";
  if (verb === "GET" || /^application\/(json|proto)( *;|$)/i.test(contentType)) return "connect-unary";
  return undefined;
}

/** Milliseconds that the caller's deadline header leaves; undefined if it is absent or cannot be read. */
export function timeoutMsFromHeader(protocol: WireProtocol, header: Headers): number | undefined {
  const isGrpc = protocol === "grpc" || protocol === "grpc-web";
  const { timeoutMs } = isGrpc
    ? parseGrpcTimeout(header.get("grpc-timeout"), Number.MAX_SAFE_INTEGER)
    : parseConnectTimeout(header.get("connect-timeout-ms"), Number.MAX_SAFE_INTEGER);
  return timeoutMs;
}

/**
 * Says no in the words of the request's own protocol. What speaks none of ours is answered as Connect would: an HTTP
 * status and JSON, which people and proxies can read.
 * @param httpStatus instead of the one that Connect has for the error's code.
 */
export function errorAnswer(
  protocol: WireProtocol | undefined,
  error: Refusal,
  contentType: string | null,
  httpStatus?: number,
): UniversalServerResponse {
  switch (protocol) {
    case "grpc":
      return {
        status: 200,
        header: new Headers({ "content-type": contentType ?? "application/grpc" }),
        body: chunks(),
        trailer: setTrailerStatus(new Headers(), error),
      };
    case "grpc-web":
      return {
        status: 200,
        header: new Headers({ "content-type": contentType ?? "application/grpc-web" }),
        body: chunks(encodeEnvelope(trailerFlag, trailerSerialize(setTrailerStatus(new Headers(), error)))),
      };
    case "connect-stream":
      return {
        status: 200,
        header: new Headers({ "content-type": contentType ?? "application/connect+json" }),
        body: chunks(encodeEnvelope(endStreamFlag, jsonBytes(endStreamToJson(new Headers(), error, undefined)))),
      };
    default:
      return jsonErrorAnswer(httpStatus ?? codeToHttpStatus(error.code), error);
  }
}

function jsonErrorAnswer(status: number, error: Refusal): UniversalServerResponse {
  const body = errorToJsonBytes(error, undefined);
  const header = new Headers({ "content-type": "application/json", "content-length": String(body.byteLength) });
  return { status, header, body: chunks(body) };
}

function jsonBytes(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

/** A body that is known already. */
export async function* chunks(...parts: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* parts;
}
