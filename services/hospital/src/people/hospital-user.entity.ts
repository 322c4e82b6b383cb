import { defineEntity, p } from "@mikro-orm/postgresql";

/** The people of hospitals, from Center's events. Center owns the accounts; no password ever comes here. */
export const HospitalUserEntity = defineEntity({
  name: "HospitalUser",
  tableName: "hospital_user",
  properties: {
    id: p.text().primary(),
    email: p.text(),
    name: p.text(),
    hospitalId: p.text(),
    active: p.boolean(),
    version: p.integer(),
    createdAt: p.datetime(3),
    updatedAt: p.datetime(3),
  },
});
