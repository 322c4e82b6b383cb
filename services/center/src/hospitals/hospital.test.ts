import { describe, expect, it } from "@jest/globals";
import { activateHospital, blankField, type HospitalId, registerHospital, updateHospital } from "./hospital.ts";

const registeredAt = new Date("2026-11-24T08:00:00Z");
const now = new Date("2026-11-24T09:00:00Z");
const profile = {
  name: "UPMC Altoona",
  address: "620 Howard Ave",
  city: "Altoona",
  state: "PA",
  zipCode: "16601",
  phone: "814-555-0111",
};
const hospital = registerHospital("hospital-1" as HospitalId, profile, registeredAt);

describe("changing a hospital", () => {
  it("changes what is named, and nothing else", () => {
    const after = updateHospital(hospital, { name: "Altoona General", email: "desk@altoona.example" }, now);
    expect(after).toEqual({
      ...hospital,
      name: "Altoona General",
      email: "desk@altoona.example",
      version: 2,
      updateTime: now,
    });
  });

  it("takes away a telephone number or an e-mail address that is named and empty", () => {
    const after = updateHospital(hospital, { phone: "", email: "" }, now);
    expect(after).not.toHaveProperty("phone");
    expect(after).not.toHaveProperty("email");
    expect(after.version).toBe(2);
  });

  it("is no change if everything is as it was", () => {
    expect(updateHospital(hospital, { ...profile, email: "" }, now)).toBe(hospital);
    expect(updateHospital(hospital, {}, now)).toBe(hospital);
  });

  it.each(["name", "address", "city", "state", "zipCode"] as const)("may not leave its %s empty", (field) => {
    expect(blankField({ [field]: " " })).toBe(field);
  });

  it("may leave its telephone number and its e-mail address empty", () => {
    expect(blankField({ phone: "", email: "", name: "Altoona" })).toBeUndefined();
  });
});

describe("shutting a hospital out", () => {
  it("and letting it in again are a change each", () => {
    const disabled = activateHospital(hospital, false, now);
    expect(disabled).toEqual({ ...hospital, active: false, version: 2, updateTime: now });
    expect(activateHospital(disabled, true, now)).toMatchObject({ active: true, version: 3 });
  });

  it("is no change if it is so already", () => {
    expect(activateHospital(hospital, true, now)).toBe(hospital);
  });
});
