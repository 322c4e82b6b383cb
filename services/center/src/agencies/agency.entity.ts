import { defineEntity, type InferEntity, p } from "@mikro-orm/postgresql";
import type { AgencyPricing, AgencyStatus } from "./agency.ts";

/** Center's directory of agencies, a copy that EMS feeds; the guide's Agency and EMSAgency in one. */
export const AgencyEntity = defineEntity({
  name: "Agency",
  tableName: "agency",
  properties: {
    id: p.text().primary(),
    name: p.text(),
    contactName: p.text(),
    phone: p.text(),
    email: p.text(),
    address: p.text(),
    city: p.text(),
    state: p.text(),
    zipCode: p.text(),
    serviceArea: p.array(),
    operatingHours: p.text(),
    capabilities: p.array(),
    pricingStructure: p.json<AgencyPricing>().nullable(),
    isActive: p.boolean(),
    status: p.text().$type<AgencyStatus>(),
    addedBy: p.text().nullable(),
    addedAt: p.datetime(3),
    createdAt: p.datetime(3),
    updatedAt: p.datetime(3),
    version: p.bigint("number"),
    heardAt: p.datetime(3),
    importedAt: p.datetime(3).nullable(),
  },
});

/** One row of the directory. */
export type AgencyRow = InferEntity<typeof AgencyEntity>;

/**
 * Which id a registration has given its agency, in versions of Center that registered agencies without an admin: a call
 * that was cut off then and is repeated now means the same agency. Nothing is added any more.
 */
export const AgencyRegistrationEntity = defineEntity({
  name: "AgencyRegistration",
  tableName: "agency_registration",
  properties: {
    userId: p.text().primary(),
    requestId: p.text().primary(),
    agencyId: p.text(),
    createdAt: p.datetime(3),
  },
});
