import { once } from "node:events";
import type { connectNodeAdapter } from "@connectrpc/connect-node";
import type { UniversalServerResponse } from "@connectrpc/connect/protocol";

/** A response of `node:http` or of `node:http2`. */
export type NodeServerResponse = Parameters<ReturnType<typeof connectNodeAdapter>>[1];

/**
 * The way an answer goes out, for as long as the caller takes it. A class because it remembers whether the caller is
 * still there: HTTP/2 responses cannot be asked.
 */
export class Outlet {
  readonly #response: NodeServerResponse;
  readonly #stallMs: number;
  readonly #closed = new AbortController();

  /** @param stallMs milliseconds after which a caller who takes nothing more is given up. */
  constructor(response: NodeServerResponse, stallMs: number) {
    this.#response = response;
    this.#stallMs = stallMs;
    response.once("close", () => this.#closed.abort());
  }

  get isClosed(): boolean {
    return this.#closed.signal.aborted;
  }

  /** Sends an answer. @returns false if the caller was gone before its end. */
  async send({ status, header, body, trailer }: UniversalServerResponse): Promise<boolean> {
    const parts = body?.[Symbol.asyncIterator]();
    try {
      // The first part comes before the headers, because a handler may still set some until then.
      let part = await parts?.next();
      if (this.isClosed) return false;
      this.#response.writeHead(status, nodeHeaders(header));
      while (part && !part.done) {
        if (!(await this.#write(part.value))) return false;
        part = await parts?.next();
      }
      if (this.isClosed) return false;
      if (trailer) this.#response.addTrailers(nodeHeaders(trailer));
      this.#response.end();
      this.#giveUpLater();
      return true;
    } finally {
      await parts?.return?.();
    }
  }

  /** Breaks the answer off, in a way that no caller takes for its end. */
  destroy(): void {
    this.#response.destroy();
  }

  async #write(part: Uint8Array): Promise<boolean> {
    if (this.isClosed) return false;
    if (this.#response.write(part)) return true;
    const stalled = AbortSignal.timeout(this.#stallMs);
    try {
      await once(this.#response, "drain", { signal: AbortSignal.any([this.#closed.signal, stalled]) });
    } catch {
      // Gone, or as good as gone: either way nobody takes the rest.
      this.destroy();
      return false;
    }
    return !this.isClosed;
  }

  /** A caller may have asked for its answer and never take it from the wire. */
  #giveUpLater(): void {
    const timer = setTimeout(() => this.destroy(), this.#stallMs);
    if (this.isClosed) clearTimeout(timer);
    this.#closed.signal.addEventListener("abort", () => clearTimeout(timer), { once: true });
  }
}

function nodeHeaders(headers: Headers | undefined): Record<string, string> {
  return Object.fromEntries(headers ?? []);
}
