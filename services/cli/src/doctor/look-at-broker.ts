import { connect, type JetStreamManager, NatsError } from "nats";
import { serviceTitles } from "#platform/config/settings.ts";
import { isAtLeast } from "#platform/embedded/nats-binary.ts";
import { durableName, inboxPrefix, streamName, type Subscription } from "#platform/events/topology.ts";
import { type ServiceName, serviceNames } from "#platform/service-name.ts";
import { subscriptions } from "../embedded/all-subscriptions.ts";
import { isBrokerThere } from "../embedded/mesh-status.ts";
import { type Finding, problem, warning, well } from "./finding.ts";

/** The broker, as an operator logs in to it. */
export interface BrokerAtHand {
  readonly url: string;
  readonly address: string;
  readonly user: string;
  readonly password: string | undefined;
}

/** Looks at the broker: whether it answers, how old it is, and whether every stream and durable consumer is there. */
export async function lookAtBroker({ url, address, user, password }: BrokerAtHand): Promise<readonly Finding[]> {
  if (password === undefined) {
    return [warning("broker", `not looked at: no password of the user ${user} is known`, "Set DOCTOR_NATS_PASSWORD")];
  }
  if (!(await isBrokerThere(url))) return [notAnswering(address, "no broker with JetStream speaks there")];
  try {
    const connection = await connect({
      servers: url.split(","),
      user,
      pass: password,
      inboxPrefix: inboxPrefix(user),
      timeout: 3_000,
      reconnect: false,
    });
    try {
      const manager = await connection.jetstreamManager();
      const findings = [version(connection.info?.version ?? "0.0.0")];
      for (const producer of serviceNames) findings.push(...(await stream(manager, producer)));
      return findings;
    } finally {
      await connection.close();
    }
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    return [notAnswering(address, text)];
  }
}

function notAnswering(address: string, text: string): Finding {
  return problem(
    "broker",
    `does not answer at ${address}: ${text}`,
    'Start it ("npm start" starts the embedded one), and check address and credentials',
  );
}

function version(found: string): Finding {
  if (isAtLeast(found, "2.10.27")) return well("broker", `answers, version ${found}`);
  return warning(
    "broker",
    `version ${found} is older than 2.10.27 and cannot write each message to disk at once`,
    "Use a newer nats-server",
  );
}

async function stream(manager: JetStreamManager, producer: ServiceName): Promise<readonly Finding[]> {
  const name = streamName(producer);
  if (!(await isThere(() => manager.streams.info(name)))) {
    return [
      problem(
        `stream ${name}`,
        "is missing",
        `Start ${serviceTitles[producer]}: it makes the stream, and publishes again what the broker has lost`,
      ),
    ];
  }
  const findings = [well(`stream ${name}`, "is there")];
  for (const consumer of serviceNames) {
    const own = subscriptions[consumer].filter((subscription) => subscription.producer === producer);
    for (const subscription of own) findings.push(await durable(manager, consumer, subscription));
  }
  return findings;
}

async function durable(manager: JetStreamManager, consumer: ServiceName, subscription: Subscription): Promise<Finding> {
  const name = durableName(consumer, subscription);
  const subject = `consumer ${name} on ${streamName(subscription.producer)}`;
  if (await isThere(() => manager.consumers.info(streamName(subscription.producer), name)))
    return well(subject, "is there");
  return problem(subject, "is missing", `Start ${serviceTitles[consumer]}: it makes its consumers`);
}

async function isThere(ask: () => Promise<unknown>): Promise<boolean> {
  try {
    await ask();
    return true;
  } catch (error) {
    // "stream not found" and "consumer not found" are answers; anything else is not.
    if (error instanceof NatsError && error.api_error?.code === 404) return false;
    throw error;
  }
}
