import { z } from "zod";
import type { ServiceName } from "#platform/service-name.ts";
import type { Broker } from "./broker.ts";
import { askJetStream, configDifferences, isRefusal } from "./jetstream-api.ts";
import { producerSubjects, streamName } from "./topology.ts";

export interface StreamOptions {
  /** How many servers keep a copy; 1 unless said otherwise. */
  readonly replicas?: number;
  /** Where the oldest events give way; 512 MiB unless said otherwise. */
  readonly maxBytes?: number;
}

/** A stream as it is now. */
export interface StreamState {
  /** When the stream was made. Another time means another stream: wiped, or made anew. */
  readonly epoch: string;
  readonly firstSequence: number;
  readonly lastSequence: number;
  /** Sequences within that have no message. We never delete one, so each is a loss. */
  readonly missing: readonly number[];
  /** The oldest events have given way to newer ones for lack of space, or soon will. */
  readonly isFull: boolean;
}

const secondNs = 1_000_000_000;
const largestMessageBytes = 256 * 1024;

/** The broker keeps an event for so long; the outbox keeps it longer. */
export const streamAgeDays = 14;

/**
 * Makes the service's own stream if it is not there, and answers how it is. May be repeated. A stream that is there but
 * not as we would make it is left alone and reported: changing it is an operator's decision.
 * @throws BrokerAway, JetStreamRefusal
 */
export async function ensureOwnStream(broker: Broker, options: StreamOptions = {}): Promise<StreamState> {
  const config = streamConfig(broker.name, options);
  const found = await findStream(broker, config.name, { deleted_details: true });
  const info = found ?? (await createStream(broker, config));
  broker.report(config.name, configDifferences(`stream ${config.name}`, info.config, config));
  return stateOf(info);
}

/** How a service's own stream is; undefined if it is not there. @throws BrokerAway, JetStreamRefusal */
export async function findOwnStream(broker: Broker): Promise<StreamState | undefined> {
  const info = await findStream(broker, streamName(broker.name), {});
  return info && stateOf(info);
}

/**
 * The id of the event that the service's own stream holds under a sequence; undefined if there is no message, or it
 * cannot be read any more.
 * @throws BrokerAway
 */
export async function storedEventId(broker: Broker, sequence: number): Promise<string | undefined> {
  try {
    const { message } = await askJetStream(broker, {
      subject: `STREAM.MSG.GET.${streamName(broker.name)}`,
      body: { seq: sequence },
      answer: storedMessage,
    });
    const headers = Buffer.from(message.hdrs ?? "", "base64").toString("latin1");
    return /^Nats-Msg-Id: *(\S+)\r?$/im.exec(headers)?.[1];
  } catch (error) {
    // A message that the server finds damaged is refused with a code of its own: lost is lost.
    if (error instanceof Error && error.name === "JetStreamRefusal") return undefined;
    throw error;
  }
}

const storedMessage = z.object({ message: z.object({ hdrs: z.string().optional() }) });

const streamInfo = z.object({
  created: z.string(),
  config: z.record(z.string(), z.unknown()),
  state: z.object({
    first_seq: z.number(),
    last_seq: z.number(),
    bytes: z.number(),
    deleted: z.array(z.number()).nullish(),
  }),
});

type StreamInfo = z.infer<typeof streamInfo>;

async function findStream(broker: Broker, name: string, body: object): Promise<StreamInfo | undefined> {
  try {
    return await askJetStream(broker, { subject: `STREAM.INFO.${name}`, body, answer: streamInfo });
  } catch (error) {
    if (isRefusal(error, "streamNotFound")) return undefined;
    throw error;
  }
}

function createStream(broker: Broker, config: { readonly name: string }): Promise<StreamInfo> {
  return askJetStream(broker, { subject: `STREAM.CREATE.${config.name}`, body: config, answer: streamInfo });
}

function streamConfig(service: ServiceName, { replicas = 1, maxBytes = 512 * 1024 * 1024 }: StreamOptions) {
  return {
    name: streamName(service),
    subjects: [producerSubjects(service)],
    // Not work-queue or interest, which delete what is acknowledged and cannot be read again.
    retention: "limits",
    storage: "file",
    discard: "old",
    max_age: streamAgeDays * 24 * 3600 * secondNs,
    max_bytes: maxBytes,
    max_msg_size: largestMessageBytes,
    duplicate_window: 5 * 60 * secondNs,
    deny_delete: true,
    deny_purge: true,
    num_replicas: replicas,
  } as const;
}

function stateOf({ created, config, state }: StreamInfo): StreamState {
  const maxBytes = Number(config["max_bytes"] ?? -1);
  return {
    epoch: created,
    firstSequence: state.first_seq,
    lastSequence: state.last_seq,
    missing: state.deleted ?? [],
    isFull: maxBytes > 0 && state.bytes + 4 * largestMessageBytes > maxBytes,
  };
}
