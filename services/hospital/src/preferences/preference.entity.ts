import { defineEntity, type InferEntity, p } from "@mikro-orm/postgresql";

/** Which agencies a hospital prefers. An agency that is taken off the list keeps its row, inactive. */
export const AgencyPreferenceEntity = defineEntity({
  name: "AgencyPreference",
  tableName: "agency_preference",
  properties: {
    id: p.text().primary(),
    hospitalId: p.text(),
    agencyId: p.text(),
    active: p.boolean(),
    /** 1 is the most preferred. */
    preferenceOrder: p.integer(),
    notes: p.text(),
    createdAt: p.datetime(3),
    updatedAt: p.datetime(3),
    importedAt: p.datetime(3).nullable(),
  },
});

/** A hospital's list as a whole: what is locked to change it, and the version of its events. */
export const PreferenceListEntity = defineEntity({
  name: "PreferenceList",
  tableName: "preference_list",
  properties: {
    hospitalId: p.text().primary(),
    version: p.integer(),
  },
});

/** One row of `agency_preference`. */
export type AgencyPreferenceRow = InferEntity<typeof AgencyPreferenceEntity>;
