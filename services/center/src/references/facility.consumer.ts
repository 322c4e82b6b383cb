import { FacilityCreatedSchema, FacilityImportedSchema } from "#gen/medport/events/v1/facility_events_pb.ts";
import type { Tx } from "#platform/database/database.ts";
import { type EventHandlers, type EventMeta, on } from "#platform/events/handler.ts";
import { saveReference } from "./reference.store.ts";

/** What Center does about facilities: it notes which of its hospitals each belongs to. */
export function facilityHandlers(): EventHandlers {
  return [on(FacilityCreatedSchema, receive), on(FacilityImportedSchema, receive)];
}

interface FacilityMessage {
  readonly facilityId: string;
  readonly hospitalId: string;
}

async function receive(tx: Tx, { facilityId, hospitalId }: FacilityMessage, { receivedAt }: EventMeta): Promise<void> {
  await saveReference(
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
  );
}
