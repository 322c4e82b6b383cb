import { defineEntity, p } from "@mikro-orm/postgresql";
import type { Priority, SlaState, TransportLevel, TripStatus } from "./trip-fact.ts";

/** One row for each trip of all hospitals, fed by events; what analytics count. */
export const TripFactEntity = defineEntity({
  name: "TripFact",
  tableName: "trip_fact",
  properties: {
    tripId: p.text().primary(),
    hospitalId: p.text(),
    agencyId: p.text().nullable(),
    unitId: p.text().nullable(),
    status: p.text().$type<TripStatus>(),
    transportLevel: p.text().$type<TransportLevel>(),
    priority: p.text().$type<Priority>(),
    originCounty: p.text(),
    requestedAt: p.datetime(3),
    acceptedAt: p.datetime(3).nullable(),
    pickedUpAt: p.datetime(3).nullable(),
    completedAt: p.datetime(3).nullable(),
    cancelledAt: p.datetime(3).nullable(),
    windowStart: p.datetime(3).nullable(),
    windowEnd: p.datetime(3).nullable(),
    slaStart: p.datetime(3).nullable(),
    pausedSince: p.datetime(3).nullable(),
    assignDueAt: p.datetime(3).nullable(),
    assignState: p.text().$type<SlaState>().nullable(),
    pickupDueAt: p.datetime(3).nullable(),
    pickupState: p.text().$type<SlaState>().nullable(),
    version: p.bigint("number"),
    heardAt: p.datetime(3),
  },
});
