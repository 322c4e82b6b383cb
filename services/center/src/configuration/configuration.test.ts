import { describe, expect, it } from "@jest/globals";
import { systemSettingRules } from "#platform/system-settings.ts";
import {
  type Configuration,
  type ConfigurationId,
  keyProblem,
  resetConfiguration,
  setConfiguration,
  settingInForce,
  settingsInForce,
  wantedProblem,
} from "./configuration.ts";

const key = "bidding.ttl_minutes.urgent";
const now = new Date("2026-11-24T08:00:00Z");
const change = { newId: () => "new-id", updatedBy: "user-1", now };
const wanted = (over = {}) => ({ key, value: "7", description: "", category: "", ...over });

function aConfiguration(over: Partial<Configuration> = {}): Configuration {
  return {
    id: "configuration-1" as ConfigurationId,
    key,
    value: "7",
    description: "Night shift",
    category: "bidding",
    updatedBy: "user-0",
    isDefault: false,
    version: 3,
    updateTime: new Date("2026-11-23T08:00:00Z"),
    ...over,
  };
}

describe("what is wanted of a setting", () => {
  it.each([
    ["a key that there is not", { key: "award.radius_miles" }, "key"],
    ["no number", { value: "soon" }, "value"],
    ["a number beyond the limits", { value: "0" }, "value"],
    ["a fraction", { value: "7.5" }, "value"],
    ["another category than the key's", { category: "sla" }, "category"],
  ])("is wrong with %s", (_what, over, field) => {
    expect(wantedProblem(wanted(over))?.field).toBe(field);
  });

  it("is right within the limits, with the key's own category or none", () => {
    expect(wantedProblem(wanted())).toBeUndefined();
    expect(wantedProblem(wanted({ category: "bidding" }))).toBeUndefined();
    expect(keyProblem(key)).toBeUndefined();
  });
});

describe("setting a configuration", () => {
  it("makes the first version of one that nobody had set", () => {
    expect(setConfiguration(undefined, wanted(), change)).toEqual({
      id: "new-id",
      key,
      value: "7",
      description: "",
      category: "bidding",
      updatedBy: "user-1",
      isDefault: false,
      version: 1,
      updateTime: now,
    });
  });

  it("leaves one that is as wanted as it is", () => {
    const known = aConfiguration();
    expect(setConfiguration(known, wanted(), change)).toBe(known);
  });

  it.each([
    ["another value", { value: "8" }],
    ["another description", { description: "Day shift" }],
  ])("counts the version up for %s", (_what, over) => {
    expect(setConfiguration(aConfiguration(), wanted(over), change)).toMatchObject({ ...over, version: 4 });
  });

  it("sets one that was brought back, though to the same value", () => {
    const known = aConfiguration({ isDefault: true });
    expect(setConfiguration(known, wanted(), change)).toMatchObject({ isDefault: false, version: 4 });
  });
});

describe("resetting a configuration", () => {
  it("brings back the default's text, with a version of its own", () => {
    const after = resetConfiguration(aConfiguration(), key, change);
    expect(after).toMatchObject({ value: "5", isDefault: true, version: 4, updatedBy: "user-1" });
  });

  it("leaves alone what nobody has set, and what was brought back before", () => {
    const known = aConfiguration({ isDefault: true });
    expect(resetConfiguration(known, key, change)).toBe(known);
    expect(resetConfiguration(undefined, key, change)).toBeUndefined();
  });
});

describe("the setting in force", () => {
  it("is the default while nobody has set it", () => {
    expect(settingInForce(key, undefined)).toMatchObject({
      value: "5",
      defaultValue: "5",
      isDefault: true,
      version: 0,
    });
  });

  it("is what was set, which may be the default's text", () => {
    const setting = settingInForce(key, aConfiguration({ value: "5" }));
    expect(setting).toMatchObject({ value: "5", isDefault: false, description: "Night shift" });
  });

  it("is the default where the former system left a value that the key does not admit", () => {
    expect(settingInForce(key, aConfiguration({ value: "five" }))).toMatchObject({ value: "5", isDefault: true });
  });

  it("is what the former system left under a key of its own", () => {
    const radius = aConfiguration({ key: "award.radius_miles", value: "100", category: "award" });
    expect(settingInForce(radius.key, radius)).toMatchObject({
      value: "100",
      defaultValue: "",
      isDefault: false,
      category: "award",
    });
  });
});

describe("all settings in force", () => {
  it("are those that there are and those that the former system left, by key", () => {
    const radius = aConfiguration({ key: "award.radius_miles", value: "100", category: "award" });
    const keys = settingsInForce([radius], "").map((setting) => setting.key);
    expect(keys).toEqual([...systemSettingRules.keys(), radius.key].toSorted());
  });

  it("are those of one category if one is asked for", () => {
    const settings = settingsInForce([aConfiguration()], "bidding");
    expect(settings.map((setting) => setting.value)).toEqual(["10", "30", "15", "7"]);
  });
});
