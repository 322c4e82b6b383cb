import { defineEntity, type InferEntity, p } from "@mikro-orm/postgresql";

/** Hospitals as organizations; the guide's Hospital. */
export const HospitalEntity = defineEntity({
  name: "Hospital",
  tableName: "hospital",
  properties: {
    id: p.text().primary(),
    name: p.text(),
    address: p.text(),
    city: p.text(),
    state: p.text(),
    zipCode: p.text(),
    phone: p.text().nullable(),
    email: p.text().nullable(),
    isActive: p.boolean(),
    version: p.bigint("number"),
    createdAt: p.datetime(3),
    updatedAt: p.datetime(3),
    importedAt: p.datetime(3).nullable(),
  },
});

/** One row of hospitals. */
export type HospitalRow = InferEntity<typeof HospitalEntity>;
