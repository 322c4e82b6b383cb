import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { fromBinary } from "@bufbuild/protobuf";
import { ConfigurationService } from "#gen/medport/center/v1/configuration_service_pb.ts";
import { ConfigurationChangedSchema } from "#gen/medport/events/v1/configuration_events_pb.ts";
import { aCenterUser, aUser } from "#platform/auth/auth.builder.ts";
import { platformTables } from "#platform/database/platform-tables.ts";
import { reasonOf } from "#platform/rpc/refusal.ts";
import { startTestCenter, type TestCenter } from "../center.builder.ts";

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

describe("setting a configuration", () => {
  it("creates it, then changes it, and tells the world each time, without what people wrote about it", async () => {
    const key = "bidding.ttl_minutes.urgent";
    const { configuration: created } = await settings().setConfiguration({
      key,
      value: "5",
      description: "Minutes to bid",
    });
    const { configuration: changed } = await settings().setConfiguration({
      key,
      value: "4",
      etag: created?.etag ?? "",
    });
    expect(created).toMatchObject({ key, value: "5", category: "bidding", updatedByUserId: aCenterUser().userId });
    expect(changed).toMatchObject({ value: "4", description: "Minutes to bid", category: "bidding", etag: '"2"' });
    const events = await platformTables(center.database.fork())
      .selectFrom("outbox_event")
      .select(["payload", "aggregate_ver", "subject"])
      .where("aggregate_id", "=", key)
      .orderBy("seq")
      .execute();
    const told = events.map(({ payload }) => fromBinary(ConfigurationChangedSchema, payload).configuration);
    expect(told.map((configuration) => [configuration?.value, configuration?.description])).toEqual([
      ["5", ""],
      ["4", ""],
    ]);
    expect(events[0]?.subject).toBe("evt.center.configuration.bidding%2Ettl_minutes%2Eurgent.changed");
  });

  it("refuses a change by who has not seen the last one", async () => {
    const key = "award.radius_miles";
    const { configuration } = await settings().setConfiguration({ key, value: "100" });
    await settings().setConfiguration({ key, value: "90" });
    const call = settings().setConfiguration({ key, value: "80", etag: configuration?.etag ?? "" });
    expect(await refusalOf(call)).toBe("ETAG_MISMATCH");
  });

  it("loses no change when many come at once", async () => {
    const key = "award.max_considered";
    const set = (value: number) => settings().setConfiguration({ key, value: String(value) });
    const answers = await Promise.all([1, 2, 3, 4, 5].map(set));
    const etags = answers.map(({ configuration }) => configuration?.etag ?? "");
    expect(etags.toSorted()).toEqual(['"1"', '"2"', '"3"', '"4"', '"5"']);
  });

  it("is refused to everybody but Center's admins", async () => {
    const request = { key: "a.b", value: "1" };
    expect(await refusalOf(settings(aCenterUser({ roles: ["dispatcher"] })).setConfiguration(request))).toBe(
      "METHOD_NOT_ALLOWED",
    );
    expect(await refusalOf(settings(aUser({ roles: ["orgAdmin"] })).setConfiguration(request))).toBe(
      "METHOD_NOT_ALLOWED",
    );
  });
});

describe("listing configurations", () => {
  it("gives them by key, of one category if one is named", async () => {
    await settings().setConfiguration({ key: "sla.urgent", value: "10/60", category: "sla" });
    await settings().setConfiguration({ key: "sla.high", value: "20/120", category: "sla" });
    const { configurations } = await settings().listConfigurations({ category: "sla" });
    expect(configurations.map(({ key }) => key)).toEqual(["sla.high", "sla.urgent"]);
    const all = (await settings().listConfigurations({})).configurations.map(({ key }) => key);
    expect(all).toEqual(all.toSorted());
    expect(all.length).toBeGreaterThan(2);
  });
});
