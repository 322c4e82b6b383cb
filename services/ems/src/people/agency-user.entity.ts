import { defineEntity, p } from "@mikro-orm/postgresql";

/** The people of agencies, from Center's events. Center owns the accounts; no password ever comes here. */
export const AgencyUserEntity = defineEntity({
  name: "AgencyUser",
  tableName: "agency_user",
  properties: {
    id: p.text().primary(),
    email: p.text(),
    name: p.text(),
    agencyId: p.text(),
    isActive: p.boolean(),
    version: p.integer(),
    createdAt: p.datetime(3),
    updatedAt: p.datetime(3),
  },
});
