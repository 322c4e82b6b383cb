import { newId } from "#platform/id.ts";
import type { Agency, AgencyId } from "./agency.ts";

/** An active agency fit for tests; name only what the test is about. */
export function anAgency(over: Partial<Agency> = {}): Agency {
  const time = new Date("2026-03-01T12:00:00Z");
  return {
    ...aProfile(),
    id: newId() as AgencyId,
    pricing: { baseFares: { BLS: "250.00" }, perMile: "12.50" },
    active: true,
    status: "ACTIVE",
    version: 1,
    createTime: time,
    updateTime: time,
    ...over,
  };
}

type AgencyProfile = ReturnType<typeof aProfile>;
type Priced = { pricing: { baseFares: { BLS: string }; perMile: string } };

/** What is told of an agency to register it, fit for tests; name only what the test is about. */
export function anAgencyProfile(over: Partial<AgencyProfile> = {}): AgencyProfile & Priced {
  return { ...aProfile(), pricing: { baseFares: { BLS: "250.00" }, perMile: "12.50" }, ...over };
}

function aProfile() {
  return {
    name: "Blair Valley EMS",
    contactName: "Dispatch",
    phone: "814-555-0100",
    email: "office@blairvalley.example",
    address: "1 Station Rd",
    city: "Altoona",
    state: "PA",
    zipCode: "16601",
    serviceArea: ["county:Blair", "county:Cambria"],
    operatingHours: "24/7",
    capabilities: ["BLS", "ALS"],
  };
}
