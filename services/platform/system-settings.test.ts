import { describe, expect, it } from "@jest/globals";
import { type PerPriority, systemSettingProblem, systemSettingRules, systemSettingsFrom } from "./system-settings.ts";

describe("the settings in force", () => {
  it("are the defaults where nothing is stored", () => {
    expect(systemSettingsFrom([])).toEqual({
      biddingTtlMinutes: { URGENT: 5, HIGH: 10, MEDIUM: 15, LOW: 30 },
      maxAwardsConsidered: 5,
      consentMinutes: 5,
      slaAssignMinutes: { URGENT: 10, HIGH: 20, MEDIUM: 30, LOW: 60 },
      slaPickupMinutes: { URGENT: 60, HIGH: 120, MEDIUM: 240, LOW: 480 },
      slaWindowToleranceMinutes: 15,
      slaTargetPercent: 90,
    });
  });

  it("are what is stored, each under its own key", () => {
    const stored = [...systemSettingRules.keys()].map((key, index) => ({ key, value: String(index + 1) }));
    const settings = systemSettingsFrom(stored);
    const numbers = Object.values(settings).flatMap((value: number | PerPriority) =>
      typeof value === "number" ? [value] : [value.URGENT, value.HIGH, value.MEDIUM, value.LOW],
    );
    expect(numbers.toSorted((one, other) => one - other)).toEqual(stored.map((_, index) => index + 1));
    expect(settings.biddingTtlMinutes).toEqual({ URGENT: 1, HIGH: 2, MEDIUM: 3, LOW: 4 });
  });

  it("are the defaults where what is stored is not what the key demands, and know nothing of other keys", () => {
    const stored = [
      { key: "bidding.ttl_minutes.urgent", value: "soon" },
      { key: "sla.target_percent", value: "101" },
      { key: "award.radius_miles", value: "100" },
    ];
    expect(systemSettingsFrom(stored)).toEqual(systemSettingsFrom([]));
  });
});

describe("a setting's value", () => {
  it.each([...systemSettingRules.values()].map((rule) => [rule.key, rule] as const))(
    "of %s is a whole number within its limits, as its default is",
    (key, { min, max, defaultValue }) => {
      for (const good of [min, max, defaultValue]) expect(systemSettingProblem(key, String(good))).toBeUndefined();
      for (const bad of [String(min - 1), String(max + 1), "", " 5", "5.0", "1e2", "five"]) {
        expect(systemSettingProblem(key, bad)).toContain(key);
      }
    },
  );

  it("of a key that there is not is wrong, whatever it is", () => {
    expect(systemSettingProblem("award.radius_miles", "5")).toBe("there is no setting award.radius_miles");
  });
});
