import {
  TripAcceptedSchema,
  TripAmendedSchema,
  TripBiddingReopenedSchema,
  TripCancelledSchema,
  TripCompletedSchema,
  TripConsentedSchema,
  TripCreatedSchema,
  TripImportedSchema,
  TripMilestoneRecordedSchema,
  TripReleasedSchema,
  TripSlaPausedSchema,
  TripSlaResumedSchema,
  TripStartedSchema,
  type TripState,
  TripUnitAssignedSchema,
  TripUpdatedSchema,
} from "#gen/medport/events/v1/trip_events_pb.ts";
import type { Tx } from "#platform/database/database.ts";
import { type EventHandlers, type EventMeta, on } from "#platform/events/handler.ts";
import { saveReference } from "../references/reference.store.ts";
import { insertMetric } from "./metric.store.ts";
import { tripFactFromState } from "./trip-fact.message.ts";
import { saveTripFact } from "./trip-fact.store.ts";
import { type TripFact, tripMeasurements } from "./trip-fact.ts";

type TripMessage = { readonly trip?: TripState | undefined };

/** What Center does about trips, at every change of one: it counts them, measures them, and notes which agency and unit each names. */
export function tripHandlers(): EventHandlers {
  return [
    on(TripCreatedSchema, receiving("created")),
    on(TripImportedSchema, receiving("imported")),
    on(TripUpdatedSchema, receiving("updated")),
    on(TripAcceptedSchema, receiving("accepted")),
    on(TripConsentedSchema, receiving("consented")),
    on(TripUnitAssignedSchema, receiving("unit_assigned")),
    on(TripReleasedSchema, receiving("released")),
    on(TripBiddingReopenedSchema, receiving("bidding_reopened")),
    on(TripSlaPausedSchema, receiving("sla_paused")),
    on(TripSlaResumedSchema, receiving("sla_resumed")),
    on(TripMilestoneRecordedSchema, receiving("milestone_recorded")),
    on(TripStartedSchema, receiving("started")),
    on(TripCompletedSchema, receiving("completed")),
    on(TripCancelledSchema, receiving("cancelled")),
    on(TripAmendedSchema, receiving("amended")),
  ];
}

function receiving(change: string) {
  return async (tx: Tx, message: TripMessage, meta: EventMeta): Promise<void> => {
    const fact = tripFactFromState(message.trip, Number(meta.version));
    await saveTripFact(tx, fact, meta.receivedAt);
    await saveAssignment(tx, fact, meta.receivedAt);
    const { hospitalId, agencyId, transportLevel, priority, tripId } = fact;
    const metadata = { tripId, hospitalId, transportLevel, priority, ...(agencyId !== undefined && { agencyId }) };
    for (const { name, value } of tripMeasurements(change, fact)) {
      await insertMetric(tx, { name, value, category: "TRIP", time: meta.occurredAt, metadata });
    }
  };
}

/** Both belong to EMS, and no foreign key can reach them. */
async function saveAssignment(tx: Tx, { tripId, agencyId = "", unitId = "" }: TripFact, now: Date): Promise<void> {
  const trip = { entityType: "trip", entityId: tripId, sourceDatabase: "hospital", targetDatabase: "ems" } as const;
  await saveReference(tx, { ...trip, referenceType: "agency", referenceId: agencyId }, now);
  await saveReference(tx, { ...trip, referenceType: "unit", referenceId: unitId }, now);
}
