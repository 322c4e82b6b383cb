import { endedSessionHandlers, revokedAccountHandlers } from "#platform/auth/revocation-events.ts";
import { type Consumer, type ConsumerOptions, startConsumer } from "#platform/events/consumer.ts";
import { type EventHandlers, together } from "#platform/events/handler.ts";
import { agencyHandlers } from "./agencies/agency.consumer.ts";
import { configurationHandlers } from "./configuration/configuration.consumer.ts";
import { hospitalHandlers } from "./hospitals/hospital.consumer.ts";
import { userHandlers } from "./people/hospital-user.consumer.ts";
import { subscriptions } from "./subscriptions.ts";

const handlersOf: Readonly<Record<string, EventHandlers>> = {
  agency: agencyHandlers,
  user: together(userHandlers, revokedAccountHandlers),
  session: endedSessionHandlers,
  hospital: hospitalHandlers,
  configuration: configurationHandlers,
};

/** What the silo listens with, by aggregate type. Dispose each to stop. */
export type Consumers = ReadonlyMap<string, Consumer>;

/** Starts to listen to everything that the silo subscribes to. @throws Error if nobody handles one of it. */
export function startConsumers(options: Omit<ConsumerOptions, "producer" | "aggregate" | "handlers">): Consumers {
  return new Map(
    subscriptions.map((subscription) => {
      const handlers = handlersOf[subscription.aggregate];
      if (!handlers) throw new Error(`nobody handles ${subscription.aggregate}`);
      return [subscription.aggregate, startConsumer({ ...options, ...subscription, handlers })];
    }),
  );
}
