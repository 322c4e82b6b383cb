import type { DescMessage } from "@bufbuild/protobuf";
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
import type { AuditedEntity } from "#platform/audit/audit-entry.ts";
import type { AuditLog } from "#platform/audit/audit-log.ts";
import type { Tx } from "#platform/database/database.ts";
import { eventTypeOf } from "#platform/events/event-type.ts";
import { type EventHandlers, type EventMeta, on, PoisonedEvent } from "#platform/events/handler.ts";
import type { IdSource } from "#platform/id.ts";
import { recordAvailableTripChange } from "../board/available-trip-change.store.ts";
import {
  type AwardChange,
  confirmAttempt,
  confirmUnit,
  endCancelledTrip,
  endCompletedTrip,
  endEarlierAwards,
  endOpenBids,
} from "../dispatch/award.store.ts";
import { tripFromState } from "./trip-copy.message.ts";
import { saveTripCopy } from "./trip-copy.store.ts";
import type { TripCopy } from "./trip-copy.ts";

export interface TripHandlersDeps {
  readonly auditLog: Pick<AuditLog, "append">;
  readonly newId: IdSource;
}

/** What EMS does about trips: it keeps its copy, and its bids and assignments follow what Hospital has decided. */
export function tripHandlers(deps: TripHandlersDeps): EventHandlers {
  const follow =
    (schema: DescMessage) =>
    (tx: Tx, { trip }: { readonly trip?: TripState | undefined }, meta: EventMeta): Promise<void> =>
      followTrip(tx, trip, { ...deps, meta, action: schema.typeName, change: eventTypeOf(schema).name });
  return [
    on(TripCreatedSchema, follow(TripCreatedSchema)),
    on(TripImportedSchema, follow(TripImportedSchema)),
    on(TripUpdatedSchema, follow(TripUpdatedSchema)),
    on(TripBiddingReopenedSchema, follow(TripBiddingReopenedSchema)),
    on(TripAcceptedSchema, follow(TripAcceptedSchema)),
    on(TripConsentedSchema, follow(TripConsentedSchema)),
    on(TripReleasedSchema, follow(TripReleasedSchema)),
    on(TripUnitAssignedSchema, follow(TripUnitAssignedSchema)),
    on(TripMilestoneRecordedSchema, follow(TripMilestoneRecordedSchema)),
    on(TripSlaPausedSchema, follow(TripSlaPausedSchema)),
    on(TripSlaResumedSchema, follow(TripSlaResumedSchema)),
    on(TripStartedSchema, follow(TripStartedSchema)),
    on(TripCompletedSchema, follow(TripCompletedSchema)),
    on(TripCancelledSchema, follow(TripCancelledSchema)),
    on(TripAmendedSchema, follow(TripAmendedSchema)),
  ];
}

interface Arrival extends TripHandlersDeps {
  readonly meta: EventMeta;
  /** What happened, for the audit log. */
  readonly action: string;
  /** What happened, for the live board. */
  readonly change: string;
}

async function followTrip(tx: Tx, state: TripState | undefined, arrival: Arrival): Promise<void> {
  const { meta, auditLog, newId, action, change } = arrival;
  const { receivedAt } = meta;
  const trip = tripFromState(state, { version: Number(meta.version), receivedAt });
  if (!trip) throw new PoisonedEvent("the event does not tell of a trip that this version understands");
  // The trip's row is held from here on, as by everybody who changes its bids and assignments.
  await recordAvailableTripChange(tx, { tripId: trip.id, change }, () => saveTripCopy(tx, trip));
  const entities = new Map<string, AuditedEntity>();
  const touched = (type: string, id: string): void => void entities.set(`${type} ${id}`, { type, id });
  await carryOut({ tx, now: receivedAt, newId, emit: (event) => meta.emit(event), touched }, trip);
  if (entities.size === 0) return;
  const { requestId } = meta.context;
  await auditLog.append(tx, { caller: {}, action, decision: "ALLOWED", entities: [...entities.values()], requestId });
}

/**
 * Brings bids and assignments to what the trip's state means for them. It looks at the state alone and not at what has
 * just happened, so that whatever came before and however often, it ends the same.
 */
async function carryOut(change: AwardChange, trip: TripCopy): Promise<void> {
  const { id, acceptedAttemptId: attemptId, assignedUnitId: unitId, version } = trip;
  if (trip.status === "PENDING") return endEarlierAwards(change, trip);
  if (trip.status === "CANCELLED") return endCancelledTrip(change, id);
  if (attemptId !== undefined) await confirmAttempt(change, { attemptId, tripVersion: version });
  if (attemptId !== undefined && unitId !== undefined) await confirmUnit(change, { attemptId, unitId });
  if (trip.status === "COMPLETED") await endCompletedTrip(change, id);
  else await endOpenBids(change, id, "TRIP_ASSIGNED");
}
