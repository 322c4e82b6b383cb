import { PreferencesChangedSchema, PreferencesImportedSchema } from "#gen/medport/events/v1/preference_events_pb.ts";
import type { Tx } from "#platform/database/database.ts";
import { type EventHandlers, type EventMeta, on } from "#platform/events/handler.ts";
import { HospitalPreferenceEntity } from "./preference.entity.ts";

/** Keeps the copy of what hospitals prefer. */
export const preferenceHandlers: EventHandlers = [
  on(PreferencesChangedSchema, keepPreferences),
  on(PreferencesImportedSchema, keepPreferences),
];

interface PreferencesMessage {
  readonly hospitalId: string;
  readonly agencyIds: string[];
}

async function keepPreferences(
  tx: Tx,
  { hospitalId, agencyIds }: PreferencesMessage,
  { version }: EventMeta,
): Promise<void> {
  await tx.upsert(HospitalPreferenceEntity, { hospitalId, agencyIds, version: Number(version) });
}
