import { PreferencesChangedSchema } from "#gen/medport/events/v1/preference_events_pb.ts";
import { type EventHandlers, on } from "#platform/events/handler.ts";
import { HospitalPreferenceEntity } from "./preference.entity.ts";

/** Keeps the copy of what hospitals prefer. */
export const preferenceHandlers: EventHandlers = [
  on(PreferencesChangedSchema, async (tx, { hospitalId, agencyIds }, { version }) => {
    await tx.upsert(HospitalPreferenceEntity, { hospitalId, agencyIds, version: Number(version) });
  }),
];
