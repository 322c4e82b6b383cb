import type { Subscriptions } from "#platform/events/topology.ts";
import { subscriptions as center } from "../../../center/src/subscriptions.ts";
import { subscriptions as ems } from "../../../ems/src/subscriptions.ts";
import { subscriptions as hospital } from "../../../hospital/src/subscriptions.ts";

/** Who listens to what, as the services themselves say. */
export const subscriptions: Subscriptions = { hospital, ems, center };
