import type { Unit } from "#gen/medport/ems/v1/unit_pb.ts";
import { UnitCreatedSchema, UnitImportedSchema, UnitUpdatedSchema } from "#gen/medport/events/v1/unit_events_pb.ts";
import type { Tx } from "#platform/database/database.ts";
import { type EventHandlers, type EventMeta, on } from "#platform/events/handler.ts";
import { saveReference } from "./reference.store.ts";

/** What Center does about units: it notes which agency of its directory each belongs to. */
export function unitHandlers(): EventHandlers {
  return [on(UnitCreatedSchema, receive), on(UnitImportedSchema, receive), on(UnitUpdatedSchema, receive)];
}

async function receive(tx: Tx, { unit }: { readonly unit?: Unit | undefined }, meta: EventMeta): Promise<void> {
  if (!unit) throw new Error("EMS told of a unit without saying which");
  await saveReference(
    tx,
    {
      entityType: "unit",
      entityId: unit.id,
      sourceDatabase: "ems",
      referenceType: "agency",
      referenceId: unit.agencyId,
      targetDatabase: "center",
    },
    meta.receivedAt,
  );
}
