import { type Consumer, type ConsumerOptions, startConsumer } from "#platform/events/consumer.ts";
import type { EventHandlers } from "#platform/events/handler.ts";
import { agencyHandlers, type AgencyHandlersDeps } from "./agencies/agency.consumer.ts";
import { bidHandlers } from "./analytics/bid.consumer.ts";
import { tripHandlers } from "./analytics/trip-fact.consumer.ts";
import { facilityHandlers } from "./references/facility.consumer.ts";
import { unitHandlers } from "./references/unit.consumer.ts";
import { subscriptions } from "./subscriptions.ts";

/** What Center listens with, by aggregate type. Dispose each to stop. */
export type Consumers = ReadonlyMap<string, Consumer>;

/** Starts to listen to everything that Center subscribes to. @throws Error if nobody handles one of it. */
export function startConsumers(
  options: Omit<ConsumerOptions, "producer" | "aggregate" | "handlers">,
  deps: AgencyHandlersDeps,
): Consumers {
  const handlersOf: Readonly<Record<string, EventHandlers>> = {
    agency: agencyHandlers(deps),
    bid: bidHandlers(),
    facility: facilityHandlers(),
    trip: tripHandlers(),
    unit: unitHandlers(),
  };
  return new Map(
    subscriptions.map((subscription) => {
      const handlers = handlersOf[subscription.aggregate];
      if (!handlers) throw new Error(`nobody handles ${subscription.aggregate}`);
      return [subscription.aggregate, startConsumer({ ...options, ...subscription, handlers })];
    }),
  );
}
