import { z } from "zod";
import type { Broker } from "./broker.ts";

/** JetStream's no. It answers in JSON, over ordinary requests. */
export class JetStreamRefusal extends Error {
  /** JetStream's own number for the reason; see `jetStreamCodes`. */
  readonly code: number;

  constructor(code: number, description: string) {
    super(`JetStream refused: ${description} (${code})`);
    this.name = "JetStreamRefusal";
    this.code = code;
  }
}

/** The reasons that we tell apart, out of nats-server's errors.json. */
export const jetStreamCodes = {
  consumerNotFound: 10014,
  messageNotFound: 10037,
  streamNotFound: 10059,
  wrongLastSequence: 10071,
} as const;

const refusal = z.object({
  error: z.object({ code: z.number(), err_code: z.number().default(0), description: z.string().default("") }),
});

/** Whether an error is JetStream's no for that reason. */
export function isRefusal(error: unknown, reason: keyof typeof jetStreamCodes): boolean {
  return error instanceof JetStreamRefusal && error.code === jetStreamCodes[reason];
}

/**
 * Asks JetStream's API.
 * @throws JetStreamRefusal if it says no; BrokerAway if it says nothing, which it also does to who may not ask.
 */
export async function askJetStream<T>(
  broker: Broker,
  { subject, body, answer }: { readonly subject: string; readonly body?: unknown; readonly answer: z.ZodType<T> },
): Promise<T> {
  const { payload } = await broker.request(`$JS.API.${subject}`, {
    ...(body === undefined ? {} : { payload: JSON.stringify(body) }),
  });
  return parseAnswer(payload, answer);
}

/**
 * Reads what JetStream answered.
 * @throws JetStreamRefusal if it said no.
 */
export function parseAnswer<T>(payload: Uint8Array, answer: z.ZodType<T>): T {
  const json: unknown = JSON.parse(new TextDecoder().decode(payload));
  const refused = refusal.safeParse(json);
  if (refused.success) {
    const { code, err_code, description } = refused.data.error;
    throw new JetStreamRefusal(err_code || code, description);
  }
  return answer.parse(json);
}

/** What differs between how a thing is and how we would have made it, in sentences. */
export function configDifferences(
  what: string,
  live: Readonly<Record<string, unknown>>,
  wanted: Readonly<Record<string, unknown>>,
): readonly string[] {
  return Object.entries(wanted).flatMap(([key, value]) =>
    // A server leaves out what is zero or false.
    JSON.stringify(live[key] ?? (typeof value === "boolean" ? false : undefined)) === JSON.stringify(value)
      ? []
      : [`${what} has ${key} ${JSON.stringify(live[key])}, and ${JSON.stringify(value)} is wanted`],
  );
}
