import { endedSessionHandlers, revokedAccountHandlers } from "#platform/auth/revocation-events.ts";
import { type Consumer, type ConsumerOptions, startConsumer } from "#platform/events/consumer.ts";
import { type EventHandlers, together } from "#platform/events/handler.ts";
import { configurationHandlers } from "./configuration/configuration.consumer.ts";
import { userHandlers } from "./people/agency-user.consumer.ts";
import { preferenceHandlers } from "./preferences/preference.consumer.ts";
import { subscriptions } from "./subscriptions.ts";
import { tripHandlers, type TripHandlersDeps } from "./trip-copies/trip-copy.consumer.ts";

/** What the silo listens with, by aggregate type. Dispose each to stop. */
export type Consumers = ReadonlyMap<string, Consumer>;

/** Starts to listen to everything that the silo subscribes to. @throws Error if nobody handles one of it. */
export function startConsumers(
  options: Omit<ConsumerOptions, "producer" | "aggregate" | "handlers">,
  deps: TripHandlersDeps,
): Consumers {
  const handlersOf: Readonly<Record<string, EventHandlers>> = {
    trip: tripHandlers(deps),
    preference: preferenceHandlers,
    user: together(userHandlers, revokedAccountHandlers),
    session: endedSessionHandlers,
    configuration: configurationHandlers,
  };
  return new Map(
    subscriptions.map((subscription) => {
      const handlers = handlersOf[subscription.aggregate];
      if (!handlers) throw new Error(`nobody handles ${subscription.aggregate}`);
      // Bids and assignments follow the trip, and calls lock the same rows.
      const oneAggregatePerTransaction = subscription.aggregate === "trip";
      const consumer = startConsumer({ ...options, ...subscription, handlers, oneAggregatePerTransaction });
      return [subscription.aggregate, consumer];
    }),
  );
}
