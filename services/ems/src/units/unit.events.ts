import { UnitCreatedSchema, UnitUpdatedSchema } from "#gen/medport/events/v1/unit_events_pb.ts";
import type { Change } from "../change.ts";
import { messageFromUnit } from "./unit.message.ts";
import { insertUnit, lockUnit, updateUnit } from "./unit.store.ts";
import { freedUnit, takenUnit, type Unit } from "./unit.ts";

/** Adds a unit and tells it. @throws as `insertUnit` does. */
export async function addUnit(change: Change, unit: Unit): Promise<void> {
  await insertUnit(change.tx, unit);
  const message = { unit: messageFromUnit(unit) };
  change.emit({ schema: UnitCreatedSchema, message, aggregateId: unit.id, version: unit.version });
  change.touched("unit", unit.id);
}

/** Marks a unit, whose row the transaction holds, as held for a trip. */
export async function takeUnit(change: Change, unit: Unit): Promise<void> {
  await saveUnit(change, takenUnit(unit, change.now));
}

/** Gives a unit back to its agency. */
export async function freeUnit(change: Change, unitId: string): Promise<void> {
  const unit = await lockUnit(change.tx, unitId);
  const freed = unit && freedUnit(unit, change.now);
  if (freed) await saveUnit(change, freed);
}

async function saveUnit(change: Change, unit: Unit): Promise<void> {
  await updateUnit(change.tx, unit);
  const message = { unit: messageFromUnit(unit) };
  change.emit({ schema: UnitUpdatedSchema, message, aggregateId: unit.id, version: unit.version });
  change.touched("unit", unit.id);
}
