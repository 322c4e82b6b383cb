import { cors } from "@connectrpc/connect";
import type { UniversalServerResponse } from "@connectrpc/connect/protocol";

/** Which web pages may call. */
export interface CorsOptions {
  /** Origins such as https://desk.example.org, spelled as browsers send them. */
  readonly allowedOrigins: readonly string[];
}

// The header of service tokens is missing on purpose: no page may ever send it.
const allowedHeaders = [...cors.allowedHeaders, "Authorization", "X-Request-Id", "Traceparent"].join(", ");
const exposedHeaders = [...cors.exposedHeaders, "X-Request-Id"].join(", ");
/** Seconds for which a browser need not ask again; browsers cap it at two hours. */
const maxAgeSeconds = 7_200;

/** True for the question that a browser asks before it lets a page call. */
export function isPreflight(verb: string, header: Headers): boolean {
  return verb === "OPTIONS" && header.has("origin") && header.has("access-control-request-method");
}

/** Answers a browser's question; a page from elsewhere gets an answer without permission. */
export function preflightAnswer(header: Headers, options: CorsOptions): UniversalServerResponse {
  const answer = new Headers({ vary: "Origin, Access-Control-Request-Method, Access-Control-Request-Headers" });
  const origin = allowedOrigin(header, options);
  if (origin !== undefined) {
    answer.set("access-control-allow-origin", origin);
    answer.set("access-control-allow-methods", cors.allowedMethods.join(", "));
    answer.set("access-control-allow-headers", allowedHeaders);
    answer.set("access-control-max-age", String(maxAgeSeconds));
  }
  return { status: 204, header: answer };
}

/** Lets a page from an allowed origin read an answer. */
export function allowReading(requestHeader: Headers, answerHeader: Headers, options: CorsOptions): void {
  if (!requestHeader.has("origin")) return;
  answerHeader.append("vary", "Origin");
  const origin = allowedOrigin(requestHeader, options);
  if (origin === undefined) return;
  answerHeader.set("access-control-allow-origin", origin);
  answerHeader.set("access-control-expose-headers", exposedHeaders);
}

function allowedOrigin(header: Headers, { allowedOrigins }: CorsOptions): string | undefined {
  const origin = header.get("origin");
  return origin !== null && allowedOrigins.includes(origin) ? origin : undefined;
}
