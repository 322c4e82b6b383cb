import { describe, expect, it } from "@jest/globals";
import { createFacility, type Facility, type FacilityId, updateFacility } from "./facility.ts";

const [then, now] = [new Date("2026-01-05T08:00:00Z"), new Date("2026-01-05T09:00:00Z")];

function aFacility(over: Partial<Parameters<typeof createFacility>[0]> = {}): Facility {
  return createFacility({
    id: "facility-1" as FacilityId,
    hospitalId: "mercy",
    name: "Mercy General",
    type: "HOSPITAL",
    address: "620 Howard Avenue",
    city: "Altoona",
    state: "PA",
    zipCode: "16601",
    county: "Blair",
    coordinates: { latitude: 40.5, longitude: -78.4 },
    phone: "",
    email: "",
    operatingHours: "24/7",
    capabilities: ["CT"],
    now: then,
    ...over,
  });
}

describe("changing a facility", () => {
  it("makes one version more, and leaves alone what is not named", () => {
    const before = aFacility();
    expect(updateFacility(before, { name: "Mercy", isActive: false }, now)).toEqual({
      ...before,
      name: "Mercy",
      isActive: false,
      version: 2,
      updatedAt: now,
    });
  });

  it("tells coordinates that nobody knows from those that are not named", () => {
    const before = aFacility();
    expect(updateFacility(before, { name: "Mercy" }, now).coordinates).toEqual(before.coordinates);
    expect(updateFacility(before, { coordinates: null }, now)).not.toHaveProperty("coordinates");
    const coordinates = { latitude: 41, longitude: -78 };
    expect(updateFacility(before, { coordinates }, now)).toMatchObject({ coordinates, version: 2 });
  });

  it("that is none gives back the very same", () => {
    const before = aFacility();
    const { coordinates = null, ...same } = before;
    expect(
      updateFacility(before, { ...same, capabilities: ["CT"], coordinates: coordinates && { ...coordinates } }, now),
    ).toBe(before);
    expect(updateFacility(before, {}, now)).toBe(before);
    expect(updateFacility(before, { capabilities: ["CT", "MRI"] }, now)).not.toBe(before);
  });
});
