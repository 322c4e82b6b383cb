import { defineEntity, p } from "@mikro-orm/postgresql";

/** The last that this silo heard of each hospital, from Center's events. Center owns them. */
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
    phone: p.text(),
    email: p.text(),
    active: p.boolean(),
    version: p.integer(),
    createdAt: p.datetime(3),
    updatedAt: p.datetime(3),
  },
});
