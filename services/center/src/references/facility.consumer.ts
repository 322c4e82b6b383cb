import { FacilityCreatedSchema } from "#gen/medport/events/v1/facility_events_pb.ts";
import { type EventHandlers, on } from "#platform/events/handler.ts";
import { saveReference } from "./reference.store.ts";

/** What Center does about facilities: it notes which of its hospitals each belongs to. */
export function facilityHandlers(): EventHandlers {
  return [
    on(FacilityCreatedSchema, (tx, { facilityId, hospitalId }, { receivedAt }) =>
      saveReference(
        tx,
        {
          entityType: "facility",
          entityId: facilityId,
          sourceDatabase: "hospital",
          referenceType: "hospital",
          referenceId: hospitalId,
          targetDatabase: "center",
        },
        receivedAt,
      ),
    ),
  ];
}
