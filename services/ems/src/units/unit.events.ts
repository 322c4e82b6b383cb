import { UnitCreatedSchema, UnitUpdatedSchema } from "#gen/medport/events/v1/unit_events_pb.ts";
import type { Change } from "../change.ts";
import { messageFromUnit } from "./unit.message.ts";
import { insertUnit, lockUnit, updateUnit } from "./unit.store.ts";
import { freedUnit, takenUnit, type Unit } from "./unit.ts";

/** Adds a unit and tells it. @throws as `insertUnit` does. */
export async function addUnit(change: Change, unit: Unit): Promise<void> {
  await insertUnit(change.tx, unit);
  const message = { unit: messageFromUnit(unit, change.now) };
  change.emit({ schema: UnitCreatedSchema, message, aggregateId: unit.id, version: unit.version });
  change.touched("unit", unit.id);
}

/** Marks a unit, whose row the transaction holds, as held for a trip. */
export async function takeUnit(change: Change, unit: Unit): Promise<void> {
  await saveUnit(change, takenUnit(unit, change.now));
}

/** Gives a unit back to its agency; one that nothing holds stays as it is. */
export async function freeUnit(change: Change, unitId: string): Promise<void> {
  const unit = await lockUnit(change.tx, unitId, change.now);
  const freed = unit && freedUnit(unit, change.now);
  if (freed) await saveUnit(change, freed);
}

/**
 * Saves a changed unit, whose row the transaction holds, and tells it.
 * @param statusReason why it has its status; stays as it is if absent.
 * @throws as `updateUnit` does.
 */
export async function saveUnit(change: Change, unit: Unit, statusReason?: string): Promise<void> {
  await updateUnit(change.tx, unit, statusReason);
  const message = { unit: messageFromUnit(unit, change.now) };
  change.emit({ schema: UnitUpdatedSchema, message, aggregateId: unit.id, version: unit.version });
  change.touched("unit", unit.id);
}
