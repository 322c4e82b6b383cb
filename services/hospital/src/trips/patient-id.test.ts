import { randomBytes } from "node:crypto";
import { describe, expect, it } from "@jest/globals";
import { patientIdBytes, patientIdFrom } from "./patient-id.ts";

describe("a patient's pseudonym", () => {
  it("keeps every random bit, of which there are more than eighty", () => {
    expect(patientIdBytes * 8).toBeGreaterThanOrEqual(80);
    expect(patientIdFrom(new Uint8Array(patientIdBytes))).toBe("P-000000000000000000000000");
    expect(patientIdFrom(new Uint8Array(patientIdBytes).fill(255))).toBe("P-ZZZZZZZZZZZZZZZZZZZZZZZZ");
    const all = Array.from({ length: 2_000 }, () => patientIdFrom(randomBytes(patientIdBytes)));
    expect(new Set(all).size).toBe(all.length);
  });
});
