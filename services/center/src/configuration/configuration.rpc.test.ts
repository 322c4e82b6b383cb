import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { fromBinary } from "@bufbuild/protobuf";
import { ConnectError } from "@connectrpc/connect";
import { type Configuration, ConfigurationService } from "#gen/medport/center/v1/configuration_service_pb.ts";
import { ConfigurationChangedSchema } from "#gen/medport/events/v1/configuration_events_pb.ts";
import { BadRequestSchema } from "#gen/google/rpc/error_details_pb.ts";
import { aCenterUser, aUser } from "#platform/auth/auth.builder.ts";
import { platformTables } from "#platform/database/platform-tables.ts";
import { newId } from "#platform/id.ts";
import { reasonOf } from "#platform/rpc/refusal.ts";
import { systemSettingRules } from "#platform/system-settings.ts";
import { startTestCenter, type TestCenter } from "../center.builder.ts";
import { ConfigurationEntity } from "./configuration.entity.ts";

let center: TestCenter;
const settings = (user = aCenterUser()) => center.client(ConfigurationService, user);
beforeAll(async () => {
  center = await startTestCenter("center configuration");
});
afterAll(async () => center[Symbol.asyncDispose]());

async function refusalOf(call: Promise<unknown>): Promise<string | undefined> {
  return call.then(
    () => "answered",
    (error: unknown) => reasonOf(error),
  );
}

async function violatedFieldsOf(call: Promise<unknown>): Promise<readonly string[]> {
  const error: unknown = await call.catch((caught: unknown) => caught);
  const details = ConnectError.from(error).findDetails(BadRequestSchema);
  return details.flatMap(({ fieldViolations }) => fieldViolations.map(({ field }) => field));
}

async function told(key: string): Promise<readonly (Configuration | undefined)[]> {
  const events = await platformTables(center.database.fork())
    .selectFrom("outbox_event")
    .select(["payload"])
    .where("aggregate_id", "=", key)
    .orderBy("seq")
    .execute();
  return events.map(({ payload }) => fromBinary(ConfigurationChangedSchema, payload).configuration);
}

async function listed(key: string): Promise<Configuration | undefined> {
  const { configurations } = await settings().listConfigurations({});
  return configurations.find((configuration) => configuration.key === key);
}

/** A row as an earlier version, or the former system, has left it. */
async function leave(row: { key: string; value: string; isActive?: boolean }): Promise<void> {
  await center.database.transaction(async (tx) => {
    const usual = { description: null, category: "award", isActive: true, isDefault: false, updatedBy: null };
    const times = { updatedAt: new Date("2025-01-01T00:00:00Z"), importedAt: null };
    await tx.insert(ConfigurationEntity, { id: newId(), version: 1, ...usual, ...times, ...row });
  });
}

describe("setting a configuration", () => {
  it("sets it, then changes it, and tells the world each time, without what people wrote about it", async () => {
    const key = "bidding.ttl_minutes.urgent";
    const { configuration: created } = await settings().setConfiguration({
      key,
      value: "6",
      description: "Night shift",
    });
    const { configuration: changed } = await settings().setConfiguration({
      key,
      value: "4",
      etag: created?.etag ?? "",
    });
    expect(created).toMatchObject({ key, value: "6", category: "bidding", updatedByUserId: aCenterUser().userId });
    expect(changed).toMatchObject({ value: "4", description: "Night shift", etag: '"2"', defaultValue: "5" });
    expect((await told(key)).map((event) => [event?.value, event?.description])).toEqual([
      ["6", ""],
      ["4", ""],
    ]);
    const [{ subject } = { subject: "" }] = await platformTables(center.database.fork())
      .selectFrom("outbox_event")
      .select("subject")
      .where("aggregate_id", "=", key)
      .execute();
    expect(subject).toBe("evt.center.configuration.bidding%2Ettl_minutes%2Eurgent.changed");
  });

  it("tells nobody of what is as it was", async () => {
    const key = "bidding.ttl_minutes.high";
    const first = await settings().setConfiguration({ key, value: "11" });
    const second = await settings().setConfiguration({ key, value: "11" });
    expect(second).toEqual(first);
    expect(await told(key)).toHaveLength(1);
  });

  it("refuses a change by who has not seen the last one", async () => {
    const key = "consent.window_minutes";
    expect((await listed(key))?.etag).toBe('"0"');
    await settings().setConfiguration({ key, value: "9", etag: '"0"' });
    const call = settings().setConfiguration({ key, value: "8", etag: '"0"' });
    expect(await refusalOf(call)).toBe("ETAG_MISMATCH");
  });

  it("loses no change when many come at once", async () => {
    const key = "award.max_considered";
    const set = (value: number) => settings().setConfiguration({ key, value: String(value) });
    const answers = await Promise.all([1, 2, 3, 4, 6].map(set));
    const etags = answers.map(({ configuration }) => configuration?.etag ?? "");
    expect(etags.toSorted()).toEqual(['"1"', '"2"', '"3"', '"4"', '"5"']);
  });

  it.each([
    ["key", { key: "bidding.ttl_minutes.whenever", value: "5" }],
    ["value", { key: "bidding.ttl_minutes.low", value: "0" }],
    ["value", { key: "bidding.ttl_minutes.low", value: "half an hour" }],
    ["category", { key: "bidding.ttl_minutes.low", value: "20", category: "sla" }],
  ])("refuses what the setting's %s does not admit, and says so", async (field, request) => {
    const call = settings().setConfiguration(request);
    expect(await refusalOf(call)).toBe("VALIDATION_FAILED");
    expect(await violatedFieldsOf(settings().setConfiguration(request))).toEqual([field]);
    expect(await told(request.key)).toEqual([]);
  });

  it("is refused to everybody but Center's admins, as is resetting", async () => {
    const key = "sla.target_percent";
    for (const user of [aCenterUser({ roles: ["dispatcher"] }), aUser({ roles: ["orgAdmin"] })]) {
      expect(await refusalOf(settings(user).setConfiguration({ key, value: "1" }))).toBe("METHOD_NOT_ALLOWED");
      expect(await refusalOf(settings(user).resetConfiguration({ key }))).toBe("METHOD_NOT_ALLOWED");
    }
  });
});

describe("resetting a configuration", () => {
  it("brings the default back and tells the world its text, so that copies obey", async () => {
    const key = "sla.pickup_minutes.high";
    await settings().setConfiguration({ key, value: "90" });
    const { configuration } = await settings().resetConfiguration({ key, etag: '"1"' });
    expect(configuration).toMatchObject({ value: "120", defaultValue: "120", isDefault: true, etag: '"2"' });
    expect((await told(key)).map((event) => [event?.value, event?.isDefault])).toEqual([
      ["90", false],
      ["120", true],
    ]);
    expect(await listed(key)).toEqual(configuration);
    const { configuration: again } = await settings().setConfiguration({ key, value: "120" });
    expect(again).toMatchObject({ isDefault: false, etag: '"3"' });
  });

  it("changes nothing where nothing is set", async () => {
    const key = "sla.pickup_minutes.low";
    const { configuration } = await settings().resetConfiguration({ key });
    expect(configuration).toMatchObject({ value: "480", isDefault: true, etag: '"0"' });
    expect(await told(key)).toEqual([]);
  });

  it("refuses a key that there is not, and who has not seen the last change", async () => {
    const key = "sla.pickup_minutes.medium";
    await settings().setConfiguration({ key, value: "200" });
    expect(await violatedFieldsOf(settings().resetConfiguration({ key: "sla.whatever" }))).toEqual(["key"]);
    expect(await refusalOf(settings().resetConfiguration({ key, etag: '"0"' }))).toBe("ETAG_MISMATCH");
  });
});

describe("listing configurations", () => {
  it("gives every one that there is, at its default or not, by key", async () => {
    const { configurations } = await settings().listConfigurations({});
    const keys = configurations.map(({ key }) => key);
    expect(keys).toEqual(expect.arrayContaining([...systemSettingRules.keys()]));
    expect(keys).toEqual(keys.toSorted());
    expect(configurations.find(({ key }) => key === "sla.assign_minutes.low")).toMatchObject({
      value: "60",
      defaultValue: "60",
      isDefault: true,
      category: "sla",
      updatedByUserId: "",
    });
  });

  it("gives those of one category if one is named", async () => {
    const { configurations } = await settings().listConfigurations({ category: "sla" });
    expect(new Set(configurations.map(({ category }) => category))).toEqual(new Set(["sla"]));
    expect(configurations).toHaveLength(10);
  });

  it("gives what the former system left under a key of its own, which nobody can set", async () => {
    await leave({ key: "award.radius_miles", value: "100" });
    await leave({ key: "award.switched_off", value: "1", isActive: false });
    expect(await listed("award.radius_miles")).toMatchObject({ value: "100", defaultValue: "", isDefault: false });
    expect(await listed("award.switched_off")).toBeUndefined();
    const call = settings().setConfiguration({ key: "award.radius_miles", value: "90" });
    expect(await refusalOf(call)).toBe("VALIDATION_FAILED");
    expect(await listed("award.radius_miles")).toMatchObject({ value: "100" });
  });

  it("gives the default where the former system left what the key does not admit, until it is set", async () => {
    const key = "sla.window_tolerance_minutes";
    await leave({ key, value: "a quarter of an hour" });
    expect(await listed(key)).toMatchObject({ value: "15", isDefault: true, etag: '"1"' });
    await settings().setConfiguration({ key, value: "10", etag: '"1"' });
    expect(await listed(key)).toMatchObject({ value: "10", isDefault: false, etag: '"2"' });
  });
});
