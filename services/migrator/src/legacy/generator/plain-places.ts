import type { LegacyFacility, LegacyServiceArea, LegacyTransportAgency } from "../legacy-rows.ts";
import { firstDay, lastDay, later } from "./calendar.ts";
import { nth } from "./dice.ts";
import type { NewRow } from "./insert-rows.ts";
import type { Keys } from "./keys.ts";
import { addressOf, agencyName, domainOf, hospitalName, phoneOf, placeKinds, placeName } from "./names.ts";
import { hospitalEmail, registeredAt, userIndexes } from "./plain-people.ts";
import type { RegionSize } from "./region-size.ts";

/** A place, of which `over` says what matters. */
export function facilityRow(
  over: Pick<LegacyFacility, "id"> & Partial<NewRow<LegacyFacility>>,
  index: number,
): NewRow<LegacyFacility> {
  const kind = nth(placeKinds, index);
  return {
    name: placeName(index, kind),
    type: kind,
    ...addressOf(index),
    coordinates: { lat: 40 + (index % 97) / 100, lng: -78 - (index % 89) / 100 },
    phone: phoneOf(index),
    email: null,
    operatingHours: { start: "08:00", end: "17:00" },
    capabilities: ["BLS", "ALS"],
    isActive: true,
    createdAt: later(firstDay, index * 60 + 15),
    updatedAt: later(lastDay, -index),
    ...over,
  };
}

/** Hospitals, and after them two other places for each. */
export function plainFacilities(size: RegionSize, keys: Keys): readonly NewRow<LegacyFacility>[] {
  return Array.from({ length: size.facilities }, (_, index) => {
    const id = keys.of("Facility", index);
    if (index >= size.hospitals) return facilityRow({ id }, index);
    const hospital = { name: hospitalName(index), type: "HOSPITAL", createdAt: registeredAt(index) } as const;
    const known = { email: hospitalEmail(index), operatingHours: { open: "24/7" }, capabilities: ["CCT", "Trauma II"] };
    return facilityRow({ id, ...hospital, ...known }, index);
  });
}

/** An agency, of which `over` says what matters. */
export function agencyRow(
  over: Pick<LegacyTransportAgency, "id"> & Partial<NewRow<LegacyTransportAgency>>,
  index: number,
): NewRow<LegacyTransportAgency> {
  return {
    name: `${agencyName(index)} ${index + 1}`,
    contactName: "The dispatcher",
    phone: phoneOf(index),
    email: `dispatch@${domainOf("ems", index)}`,
    ...addressOf(index + 50),
    serviceArea: { counties: ["Alder", "Birch"] },
    operatingHours: { open: "24/7" },
    capabilities: ["BLS", "ALS", "CCT"],
    pricingStructure: { baseRate: 400 + (index % 50), mileageRate: 12.5 },
    isActive: true,
    addedBy: null,
    status: "ACTIVE",
    addedAt: later(firstDay, index * 60 + 55),
    createdAt: later(firstDay, index * 60 + 55),
    updatedAt: later(lastDay, -index),
    ...over,
  };
}

/** Row numbers of table TransportAgency from here on are hospitals in disguise. */
export function firstPhantom({ agencies }: RegionSize): number {
  return agencies;
}

/** Agencies, and after them the rows that registering left behind for every other hospital. */
export function plainAgencies(size: RegionSize, keys: Keys): readonly NewRow<LegacyTransportAgency>[] {
  const agencies = Array.from({ length: size.agencies }, (_, index) => {
    const addedBy = keys.of("User", userIndexes.ofStaff(size, index % size.staff));
    return agencyRow({ id: keys.of("TransportAgency", index), addedBy }, index);
  });
  const phantoms = Array.from({ length: Math.ceil(size.hospitals / 2) }, (_, index) => {
    const id = keys.of("TransportAgency", firstPhantom(size) + index);
    return phantomRow({ id, serviceArea: { type: "hospital", facilityId: keys.of("Facility", index * 2) } }, index * 2);
  });
  return [...agencies, ...phantoms];
}

/** What registering a hospital wrote into the table of agencies. */
export function phantomRow(
  over: Pick<LegacyTransportAgency, "id"> & Partial<NewRow<LegacyTransportAgency>>,
  hospital: number,
): NewRow<LegacyTransportAgency> {
  return agencyRow(
    {
      name: hospitalName(hospital),
      email: hospitalEmail(hospital),
      createdAt: later(registeredAt(hospital), 0.02),
      ...{ capabilities: null, pricingStructure: null, operatingHours: null },
      ...over,
    },
    hospital,
  );
}

/** Where agencies say that they work: one area each. */
export function plainServiceAreas(size: RegionSize, keys: Keys): readonly NewRow<LegacyServiceArea>[] {
  return Array.from({ length: size.agencies }, (_, index) => ({
    id: keys.of("ServiceArea", index),
    agencyId: keys.of("TransportAgency", index),
    name: `${addressOf(index).city} and around`,
    description: index % 2 === 0 ? null : "As far as the county line",
    geographicBoundaries: { type: "Polygon", coordinates: [[-78.4, 40.5]] },
    coverageRadius: 25 + (index % 20) / 2,
    primaryServiceArea: true,
    operatingHours: null,
    specialRestrictions: null,
    isActive: true,
    createdAt: later(firstDay, 5_000 + index),
    updatedAt: later(lastDay, -index),
  }));
}
