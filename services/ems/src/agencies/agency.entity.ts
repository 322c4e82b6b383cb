import { defineEntity, type InferEntity, p } from "@mikro-orm/postgresql";
import type { AgencyId, AgencyStatus } from "./agency.ts";

/** Agencies; EMSAgency in the siloing guide. */
export const AgencyEntity = defineEntity({
  name: "Agency",
  tableName: "agency",
  properties: {
    id: p.text().$type<AgencyId>().primary(),
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
    pricingStructure: p.json<unknown>().nullable(),
    isActive: p.boolean(),
    status: p.text().$type<AgencyStatus>(),
    addedBy: p.text().nullable(),
    /** SHA-256 over the command that created it; null for those that were here before it was kept. */
    registrationHash: p.blob().nullable(),
    addedAt: p.datetime(3),
    version: p.integer(),
    createdAt: p.datetime(3),
    updatedAt: p.datetime(3),
    importedAt: p.datetime(3).nullable(),
  },
});

/** One row of `agency`. */
export type AgencyRow = InferEntity<typeof AgencyEntity>;
