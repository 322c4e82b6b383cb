import {
  durableName,
  inboxPrefix,
  producerSubjects,
  streamName,
  type Subscription,
  type Subscriptions,
  subscriptionSubjects,
} from "#platform/events/topology.ts";
import { type ServiceName, serviceNames } from "#platform/service-name.ts";
import { isAtLeast } from "./nats-binary.ts";

/** Who may log in at the broker: each service, and the operator's commands, which may only look. */
export const brokerUsers = [...serviceNames, "doctor"] as const;

/** One user of the broker. */
export type BrokerUser = (typeof brokerUsers)[number];

/** What stands for a password in the configuration: itself, or a variable that the server looks up when it starts. */
export type BrokerPassword = { readonly password: string } | { readonly variable: string };

export interface NatsConfigOptions {
  readonly host: string;
  readonly port: number;
  readonly storeDir: string;
  readonly passwords: Readonly<Record<BrokerUser, BrokerPassword>>;
  readonly subscriptions: Subscriptions;
  /** The version of the server that will read it. */
  readonly version: string;
  /** A file to read first, such as one that defines the variables. */
  readonly include?: string;
}

/** What a user may say and hear. */
export interface BrokerPermissions {
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
}

/**
 * Renders nats-server's configuration.
 *
 * Every user stands inside `accounts{}`: an `authorization{}` beside it would let strangers in on old servers. And
 * nobody may say `$JS.API.>`: it would include purging other services' streams. `sync_interval: always` writes each
 * message to disk before it is acknowledged. Measured on two cores and a fast disk, 500 messages in flight: 5,300 a
 * second with it, 25,000 without; a relay that waits for each: 2,100 and 3,700. A region says a few a second.
 */
export function natsServerConfig(options: NatsConfigOptions): string {
  const users = brokerUsers.map((user) => renderUser(user, options));
  return `${options.include === undefined ? "" : `include ${quoted(options.include)}\n`}server_name: medport
listen: ${quoted(`${options.host}:${options.port}`)}
jetstream {
  store_dir: ${quoted(options.storeDir)}
  max_memory_store: 67108864
  max_file_store: 10737418240
${isAtLeast(options.version, "2.10.0") ? "  sync_interval: always\n" : ""}}
accounts {
  MEDPORT {
    jetstream: enabled
    users: [
${users.join("\n")}
    ]
  }
}
`;
}

/** What one user may do: a service exactly what it needs to publish its own events and read those it listens to. */
export function brokerPermissions(user: BrokerUser, subscriptions: Subscriptions): BrokerPermissions {
  const subscribe = [`${inboxPrefix(user)}.>`];
  if (user === "doctor") return { publish: operatorSubjects, subscribe };
  return {
    publish: [
      ...ownStreamSubjects(user),
      ...subscriptions[user].flatMap((subscription) => durableSubjects(user, subscription)),
    ],
    subscribe,
  };
}

const operatorSubjects: readonly string[] = [
  "$JS.API.INFO",
  "$JS.API.STREAM.NAMES",
  "$JS.API.STREAM.LIST",
  "$JS.API.STREAM.INFO.*",
  "$JS.API.CONSUMER.NAMES.*",
  "$JS.API.CONSUMER.LIST.*",
  "$JS.API.CONSUMER.INFO.*.*",
];

function ownStreamSubjects(service: ServiceName): readonly string[] {
  const stream = streamName(service);
  return [
    producerSubjects(service),
    "$JS.API.INFO",
    "$JS.API.STREAM.NAMES",
    "$JS.API.STREAM.INFO.*",
    `$JS.API.STREAM.CREATE.${stream}`,
    `$JS.API.STREAM.MSG.GET.${stream}`,
  ];
}

/** `CONSUMER.DURABLE.CREATE`, the older way to make one, is not granted: it would leave the filter open. */
function durableSubjects(service: ServiceName, subscription: Subscription): readonly string[] {
  const durable = `${streamName(subscription.producer)}.${durableName(service, subscription)}`;
  return [
    `$JS.API.CONSUMER.CREATE.${durable}.${subscriptionSubjects(subscription)}`,
    `$JS.API.CONSUMER.INFO.${durable}`,
    `$JS.API.CONSUMER.MSG.NEXT.${durable}`,
    `$JS.ACK.${durable}.>`,
  ];
}

function renderUser(user: BrokerUser, { passwords, subscriptions }: NatsConfigOptions): string {
  const secret = passwords[user];
  const { publish, subscribe } = brokerPermissions(user, subscriptions);
  return `      {
        user: ${user}
        password: ${"variable" in secret ? `$${secret.variable}` : quoted(secret.password)}
        permissions {
          publish { allow: [
${publish.map((subject) => `            ${quoted(subject)}`).join("\n")}
          ] }
          subscribe { allow: [${subscribe.map(quoted).join(", ")}] }
        }
      }`;
}

function quoted(text: string): string {
  // The server's own escapes are few; nothing that we write needs one.
  if (/["\\\n]/.test(text)) throw new Error(`${text} cannot stand in the broker's configuration`);
  return `"${text}"`;
}
