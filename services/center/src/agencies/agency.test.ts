import { describe, expect, it } from "@jest/globals";
import { anAgency } from "./agency.builder.ts";
import { decideStatus, takesPart } from "./agency.ts";

describe("a command about an agency's part", () => {
  it.each([
    ["APPROVE", "PENDING", "ACTIVE"],
    ["APPROVE", "ACTIVE", "ACTIVE"],
    ["DISABLE", "ACTIVE", "INACTIVE"],
    ["DISABLE", "PENDING", "INACTIVE"],
    ["DISABLE", "INACTIVE", "INACTIVE"],
    ["ENABLE", "INACTIVE", "ACTIVE"],
    ["ENABLE", "ACTIVE", "ACTIVE"],
  ] as const)("to %s one that is %s makes it %s", (command, status, after) => {
    expect(decideStatus(command, status)).toEqual({ ok: true, status: after });
  });

  it.each([
    ["APPROVE", "INACTIVE"],
    ["ENABLE", "PENDING"],
  ] as const)("to %s one that is %s is refused", (command, status) => {
    expect(decideStatus(command, status).ok).toBe(false);
  });
});

describe("an agency", () => {
  it("takes part if it is switched on and ACTIVE", () => {
    expect(takesPart(anAgency())).toBe(true);
    expect(takesPart(anAgency({ active: false }))).toBe(false);
    expect(takesPart(anAgency({ status: "PENDING" }))).toBe(false);
    expect(takesPart(anAgency({ status: "INACTIVE" }))).toBe(false);
  });
});
