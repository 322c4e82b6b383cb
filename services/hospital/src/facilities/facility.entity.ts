import { defineEntity, type InferEntity, p } from "@mikro-orm/postgresql";
import type { FacilityId, FacilityType } from "./facility.ts";

/** Facilities. */
export const FacilityEntity = defineEntity({
  name: "Facility",
  tableName: "facility",
  properties: {
    id: p.text().$type<FacilityId>().primary(),
    hospitalId: p.text(),
    name: p.text(),
    type: p.text().$type<FacilityType>(),
    address: p.text(),
    city: p.text(),
    state: p.text(),
    zipCode: p.text(),
    county: p.text(),
    latitude: p.double().nullable(),
    longitude: p.double().nullable(),
    phone: p.text().nullable(),
    email: p.text().nullable(),
    operatingHours: p.text().nullable(),
    capabilities: p.array(),
    active: p.boolean(),
    version: p.integer(),
    createdAt: p.datetime(3),
    updatedAt: p.datetime(3),
    importedAt: p.datetime(3).nullable(),
  },
});

/** One row of `facility`. */
export type FacilityRow = InferEntity<typeof FacilityEntity>;
