import { describe, expect, it } from "@jest/globals";
import { patientIdFrom } from "./patient-id.ts";

describe("a patient's pseudonym", () => {
  it.each(["P0A1B2C3D", "P00000000", "PFFFFFFFF", "demo-patient-001", "test-patient-2"])(
    "stays if it is one: %s",
    (id) => {
      expect(patientIdFrom(id, "trip-1")).toEqual({ value: id });
    },
  );

  it.each([
    "MRN-4711",
    "4711",
    "",
    "Doe, Jane",
    "p0a1b2c3d",
    "P0A1B2C3",
    "P0A1B2C3DE",
    "P0A1B2C3G",
    "P0A1B2C3D\n",
    " P0A1B2C3D",
    "demo-patient-x",
    "demo-patient-4711-doe",
  ])("is replaced if it is not one: %j", (id) => {
    const { value, issue } = patientIdFrom(id, "trip-1");
    expect(value).toMatch(/^P-[0-9A-F]{24}$/);
    expect(issue).toBe("PATIENT_ID_REPLACED");
  });

  it("is made of the trip's id alone, so that nobody finds the number by trying", () => {
    expect(patientIdFrom("MRN-4711", "trip-1")).toEqual(patientIdFrom("MRN-4712", "trip-1"));
    expect(patientIdFrom("MRN-4711", "trip-1").value).not.toBe(patientIdFrom("MRN-4711", "trip-2").value);
  });

  it("cannot be read from the trip's number, which more people see", () => {
    // sha256("patient trip-1"), by sha256sum.
    expect(patientIdFrom("MRN-4711", "trip-1").value).toBe("P-8A344D624F0E3ADC2CB59884");
  });
});
