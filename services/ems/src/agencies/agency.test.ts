import { describe, expect, it } from "@jest/globals";
import { countiesServed, serves } from "./agency.ts";

const profile = {
  name: "Blair Ambulance",
  contactName: "Ada",
  phone: "814-555-0100",
  email: "office@blair.example",
  address: "1 Main Street",
  city: "Altoona",
  state: "PA",
  zipCode: "16601",
  serviceArea: ["county:Blair", " County: Centre ", "city:Altoona"],
  operatingHours: "24/7",
  capabilities: [],
};

describe("an agency's service area", () => {
  it("has the counties that it names, however they are written", () => {
    expect(countiesServed(profile.serviceArea)).toEqual(["blair", "centre", ""]);
    expect(serves(profile, " BLAIR ")).toBe(true);
    expect(serves(profile, "Elk")).toBe(false);
  });

  it("has every place in it whose county nobody knows", () => {
    expect(serves(profile, "")).toBe(true);
    expect(serves({ ...profile, serviceArea: [] }, " ")).toBe(true);
    expect(serves({ ...profile, serviceArea: [] }, "Blair")).toBe(false);
  });
});
