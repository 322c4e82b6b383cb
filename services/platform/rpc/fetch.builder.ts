/** What a plain HTTP caller sees. */
export interface JsonAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly json: unknown;
}

/** Posts text as JSON over HTTP/1.1, as curl would. */
export async function fetchJson(
  url: string,
  headers: Readonly<Record<string, string>>,
  body: string,
): Promise<JsonAnswer> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body,
  });
  return { status: response.status, headers: response.headers, json: await response.json() };
}
