import { once } from "node:events";
import { connect, type IncomingHttpHeaders } from "node:http2";

/** An HTTP/2 answer, byte for byte. */
export interface H2Answer {
  readonly status: number;
  readonly header: Headers;
  readonly body: Buffer;
  readonly trailer: Headers;
}

/** What a request may set beside its headers. */
export interface H2Options {
  /** Keeps the request open after the body: the caller says that more will come, and sends nothing. */
  readonly keepOpen?: boolean;
}

/** Posts bytes over HTTP/2, each time on a connection of its own, and reads whatever comes back. */
export async function h2Post(
  url: string,
  path: string,
  body: Uint8Array,
  headers: Readonly<Record<string, string | string[]>>,
  { keepOpen = false }: H2Options = {},
): Promise<H2Answer> {
  const session = connect(url);
  try {
    const stream = session.request({ ":method": "POST", ":path": path, ...headers });
    const head = once(stream, "response") as Promise<[IncomingHttpHeaders & { ":status"?: number }]>;
    const trailer = new Headers();
    stream.on("trailers", (sent: IncomingHttpHeaders) =>
      headersFrom(sent).forEach((value, key) => trailer.set(key, value)),
    );
    if (keepOpen) stream.write(body);
    else stream.end(body);
    const [sent] = await head;
    const parts = Buffer.concat(await Array.fromAsync(stream as AsyncIterable<Buffer>));
    return { status: sent[":status"] ?? 0, header: headersFrom(sent), body: parts, trailer };
  } finally {
    session.destroy();
  }
}

function headersFrom(sent: IncomingHttpHeaders): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(sent)) {
    if (!name.startsWith(":") && value !== undefined) headers.set(name, String(value));
  }
  return headers;
}
