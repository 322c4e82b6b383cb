import { defineEntity, p } from "@mikro-orm/postgresql";

/** Which agencies each hospital prefers, from Hospital's events. Hospital owns them. */
export const HospitalPreferenceEntity = defineEntity({
  name: "HospitalPreference",
  tableName: "hospital_preference",
  properties: {
    hospitalId: p.text().primary(),
    /** Most preferred first. */
    agencyIds: p.array<string>().columnType("text[]"),
    version: p.integer(),
  },
});
