import type { UniversalServerRequest, UniversalServerResponse } from "@connectrpc/connect/protocol";

const textType = /^application\/grpc-web-text(?=\+|;|$)/i;
const binaryType = /^application\/grpc-web(?=\+|;|$)/i;

/** True for gRPC-Web in base64, which clients send who can read an answer only as text. */
export function isWebText(header: Headers): boolean {
  return textType.test(header.get("content-type") ?? "");
}

/** The same request in binary gRPC-Web. What is no base64 decodes to nonsense, which is refused as such. */
export function binaryRequest(request: UniversalServerRequest): UniversalServerRequest {
  const { body } = request;
  const header = retyped(request.header, textType, "application/grpc-web");
  header.delete("content-length");
  const isStream = typeof body === "object" && body !== null && Symbol.asyncIterator in body;
  return { ...request, header, body: isStream ? decoded(body) : body };
}

/** The same answer in base64; one that speaks no gRPC-Web, because the request's form was refused, stays as it is. */
export function textAnswer(answer: UniversalServerResponse): UniversalServerResponse {
  const { header, body } = answer;
  if (!header || !body || !binaryType.test(header.get("content-type") ?? "")) return answer;
  return { ...answer, header: retyped(header, binaryType, "application/grpc-web-text"), body: encoded(body) };
}

function retyped(header: Headers, from: RegExp, to: string): Headers {
  const changed = new Headers(header);
  changed.set("content-type", (header.get("content-type") ?? "").replace(from, to));
  return changed;
}

/** Four letters are three bytes, wherever the network cut the text; padding ends a part, and another may follow. */
async function* decoded(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let rest = "";
  for await (const chunk of body) {
    const text = rest + Buffer.from(chunk).toString("latin1");
    const whole = text.length - (text.length % 4);
    rest = text.slice(whole);
    yield bytesOf(text.slice(0, whole));
  }
  if (rest !== "") yield bytesOf(rest);
}

function bytesOf(text: string): Uint8Array {
  const parts = text.match(/[^=]+=*/g) ?? [];
  return Buffer.concat(parts.map((part) => Buffer.from(part, "base64")));
}

/** Each part by itself, so that a message can be read as soon as it is there. */
async function* encoded(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const part of body) yield Buffer.from(Buffer.from(part).toString("base64"), "latin1");
}
