import { z } from "zod";
import type { Broker } from "./broker.ts";
import { askJetStream, configDifferences, isRefusal } from "./jetstream-api.ts";
import { durableName, streamName, type Subscription, subscriptionSubjects } from "./topology.ts";

/** How far a durable is. */
export interface DurableState {
  /** Events that it has not delivered yet. */
  readonly pending: number;
  /** Events that are delivered and not acknowledged. */
  readonly unacknowledged: number;
}

/** The broker delivers an event again that was not acknowledged within this time. */
export const ackWaitMs = 10_000;

/**
 * Makes the service's durable on the producer's stream if it is not there, and answers how far it is; undefined if the
 * stream is not there yet. May be repeated. Differences are reported, as for streams.
 * @throws BrokerAway, JetStreamRefusal
 */
export async function ensureDurable(broker: Broker, subscription: Subscription): Promise<DurableState | undefined> {
  const stream = streamName(subscription.producer);
  const config = durableConfig(broker, subscription);
  try {
    const info = (await findDurable(broker, stream, config.name)) ?? (await createDurable(broker, stream, config));
    broker.report(config.name, configDifferences(`durable ${config.name}`, info.config, config));
    return { pending: info.num_pending, unacknowledged: info.num_ack_pending };
  } catch (error) {
    if (isRefusal(error, "streamNotFound")) return undefined;
    throw error;
  }
}

const durableInfo = z.object({
  config: z.record(z.string(), z.unknown()),
  num_pending: z.number(),
  num_ack_pending: z.number(),
});

type DurableInfo = z.infer<typeof durableInfo>;

async function findDurable(broker: Broker, stream: string, name: string): Promise<DurableInfo | undefined> {
  try {
    return await askJetStream(broker, { subject: `CONSUMER.INFO.${stream}.${name}`, answer: durableInfo });
  } catch (error) {
    if (isRefusal(error, "consumerNotFound")) return undefined;
    throw error;
  }
}

type DurableConfig = ReturnType<typeof durableConfig>;

function createDurable(broker: Broker, stream: string, config: DurableConfig): Promise<DurableInfo> {
  return askJetStream(broker, {
    // The filter stands in the subject too, so that the broker's permissions can name it.
    subject: `CONSUMER.CREATE.${stream}.${config.name}.${config.filter_subject}`,
    body: { stream_name: stream, config },
    answer: durableInfo,
  });
}

function durableConfig(broker: Broker, subscription: Subscription) {
  const name = durableName(broker.name, subscription);
  return {
    name,
    durable_name: name,
    filter_subject: subscriptionSubjects(subscription),
    deliver_policy: "all",
    ack_policy: "explicit",
    ack_wait: ackWaitMs * 1_000_000,
    // Never given up by the broker: whether an event is hopeless is decided where its failures are known.
    max_deliver: -1,
    max_ack_pending: 256,
  } as const;
}
