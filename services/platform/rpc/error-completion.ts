import { ConnectError, Code } from "@connectrpc/connect";
import { compressionBrotli, compressionGzip } from "@connectrpc/connect-node";
import { compressedFlag, encodeEnvelope, type UniversalServerResponse } from "@connectrpc/connect/protocol";
import {
  codeToHttpStatus,
  endStreamFlag,
  endStreamFromJson,
  endStreamToJson,
  errorFromJsonBytes,
  errorToJsonBytes,
} from "@connectrpc/connect/protocol-connect";
import { findTrailerError, setTrailerStatus } from "@connectrpc/connect/protocol-grpc";
import { trailerFlag, trailerParse, trailerSerialize } from "@connectrpc/connect/protocol-grpc-web";
import { chunks, type WireProtocol } from "#platform/rpc/protocol.ts";

/** The compressions that the service reads and writes. */
export const compressions = [compressionGzip, compressionBrotli];

/** Is asked once, when the answer ends: with the error that is about to leave, or with none. Returns what leaves. */
export type Completion = (error: ConnectError | undefined) => ConnectError | undefined;

/**
 * Lets the last word on every error be ours. Connect makes some errors on its own, before the interceptors (a body that
 * it cannot decode, one that is too large) or after them (an answer that it cannot encode); they would leave without
 * ErrorInfo. So the end of each answer is read and, if need be, written again, in the protocol's own place for it.
 */
export function completeAnswer(
  protocol: WireProtocol,
  answer: UniversalServerResponse,
  complete: Completion,
): UniversalServerResponse | Promise<UniversalServerResponse> {
  switch (protocol) {
    case "grpc":
      return completeTrailers(answer, complete);
    case "grpc-web":
      return completeLastEnvelope(answer, trailerFlag, "grpc-encoding", (data) => webTrailers(data, complete));
    case "connect-stream":
      return completeLastEnvelope(answer, endStreamFlag, "connect-content-encoding", (data) =>
        endStream(data, complete),
      );
    case "connect-unary":
      return completeJson(answer, complete);
    default:
      return protocol satisfies never;
  }
}

function completeTrailers(answer: UniversalServerResponse, complete: Completion): UniversalServerResponse {
  const { body, trailer } = answer;
  if (!body || !trailer) return answer;
  async function* withLastWord(parts: AsyncIterable<Uint8Array>, trailers: Headers): AsyncGenerator<Uint8Array> {
    yield* parts;
    const error = findTrailerError(trailers);
    const completed = complete(error);
    if (completed && completed !== error) setTrailerStatus(trailers, completed);
  }
  return { ...answer, body: withLastWord(body, trailer) };
}

function webTrailers(data: Uint8Array, complete: Completion): Uint8Array | undefined {
  const trailers = trailerParse(data);
  const error = findTrailerError(trailers);
  const completed = complete(error);
  return completed && completed !== error ? trailerSerialize(setTrailerStatus(trailers, completed)) : undefined;
}

function endStream(data: Uint8Array, complete: Completion): Uint8Array | undefined {
  const { metadata, error } = endStreamFromJson(data);
  const completed = complete(error);
  if (!completed || completed === error) return undefined;
  return new TextEncoder().encode(JSON.stringify(endStreamToJson(metadata, completed, undefined)));
}

/** Every part of an enveloped body is one whole envelope; the one with the protocol's flag is the last. */
function completeLastEnvelope(
  answer: UniversalServerResponse,
  lastFlag: number,
  encodingHeader: string,
  rewrite: (data: Uint8Array) => Uint8Array | undefined,
): UniversalServerResponse {
  const { body } = answer;
  if (!body) return answer;
  const encoding = answer.header?.get(encodingHeader) ?? null;
  async function* withLastWord(parts: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const part of parts) {
      const flags = part[0] ?? 0;
      if ((flags & lastFlag) !== lastFlag) {
        yield part;
        continue;
      }
      const payload = part.subarray(5);
      const data = (flags & compressedFlag) === compressedFlag ? await decompress(payload, encoding) : payload;
      const rewritten = rewrite(data);
      yield rewritten ? encodeEnvelope(lastFlag, rewritten) : part;
    }
  }
  return { ...answer, body: withLastWord(body) };
}

async function completeJson(answer: UniversalServerResponse, complete: Completion): Promise<UniversalServerResponse> {
  const { body, header, status } = answer;
  if (status === 200 || !body || !header) {
    complete(undefined);
    return answer;
  }
  const sent = await bytesOf(body);
  const encoding = header.get("content-encoding");
  const json = encoding === null ? sent : await decompress(sent, encoding);
  const error = errorFromJsonBytes(json, undefined, new ConnectError("unreadable error", Code.Internal));
  const completed = complete(error);
  const rewritten = completed && completed !== error ? errorToJsonBytes(completed, undefined) : json;
  header.delete("content-encoding");
  header.set("content-length", String(rewritten.byteLength));
  return { ...answer, status: codeToHttpStatus((completed ?? error).code), header, body: chunks(rewritten) };
}

async function bytesOf(body: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  return Buffer.concat(await Array.fromAsync(body));
}

async function decompress(data: Uint8Array, encoding: string | null): Promise<Uint8Array> {
  const compression = compressions.find(({ name }) => name === encoding);
  if (!compression) throw new Error(`the answer is compressed in an unknown way: ${encoding}`);
  // What is read here was written by this process.
  return compression.decompress(Uint8Array.from(data), 0xffff_ffff);
}
