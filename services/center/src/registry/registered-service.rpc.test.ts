import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import { ServiceRegistryService, ServiceType } from "#gen/medport/center/v1/service_registry_service_pb.ts";
import { aUser } from "#platform/auth/auth.builder.ts";
import { platformTables } from "#platform/database/platform-tables.ts";
import { reasonOf } from "#platform/rpc/refusal.ts";
import { eventually } from "#platform/testing/eventually.ts";
import { startTestCenter, type TestCenter } from "../center.builder.ts";
import { aliveWithinMs } from "./registered-service.ts";

let center: TestCenter;
let time = new Date();
const registry = () => center.client(ServiceRegistryService);
const report = (from: "hospital" | "ems", address: string, version = "0.1.0") =>
  center.clientOfService(ServiceRegistryService, from).reportInstance({ address, version });

beforeAll(async () => {
  center = await startTestCenter("center registry", { clock: () => time });
});
afterAll(async () => center[Symbol.asyncDispose]());

async function serviceNamed(name: string) {
  const { services } = await registry().listServices({ type: ServiceType.MESH });
  return services.find((service) => service.name === name);
}

async function eventsAbout(id: string): Promise<readonly string[]> {
  const rows = await platformTables(center.database.fork())
    .selectFrom("outbox_event")
    .select("event_type")
    .where("aggregate_id", "=", id)
    .orderBy("seq")
    .execute();
  return rows.map(({ event_type }) => event_type.replace("medport.events.v1.", ""));
}

describe("reporting an instance", () => {
  it("enters it once, and tells the world once, however often it beats", async () => {
    const { service } = await report("hospital", "10.0.0.1:50051");
    time = new Date(time.getTime() + 10_000);
    const again = await report("hospital", "10.0.0.1:50051");
    expect(service).toMatchObject({ name: "hospital@10.0.0.1:50051", address: "10.0.0.1:50051", alive: true });
    expect(again.service?.id).toBe(service?.id);
    expect(again.service?.lastHeartbeatTime && timestampDate(again.service.lastHeartbeatTime)).toEqual(time);
    expect(await eventsAbout(service?.id ?? "")).toEqual(["ServiceAdded"]);
  });

  it("tells the world when an instance runs another version", async () => {
    const { service } = await report("ems", "10.0.0.2:50052", "0.1.0");
    await report("ems", "10.0.0.2:50052", "0.2.0");
    await report("ems", "10.0.0.2:50052", "0.2.0");
    expect(await eventsAbout(service?.id ?? "")).toEqual(["ServiceAdded", "ServiceUpdated"]);
  });

  it("enters one of many first heartbeats that come at once", async () => {
    const answers = await Promise.all(Array.from({ length: 5 }, () => report("ems", "10.0.0.3:50052")));
    expect(new Set(answers.map(({ service }) => service?.id)).size).toBe(1);
    expect(await eventsAbout(answers[0]?.service?.id ?? "")).toEqual(["ServiceAdded"]);
  });

  it("takes the name from the token, so that none can report another", async () => {
    await report("ems", "10.0.0.4:50051");
    expect(await serviceNamed("hospital@10.0.0.4:50051")).toBeUndefined();
    expect(await serviceNamed("ems@10.0.0.4:50051")).toBeDefined();
  });

  it("is for services alone", async () => {
    const call = registry().reportInstance({ address: "10.0.0.5:1", version: "1" });
    await expect(call.catch((error: unknown) => Promise.reject(new Error(reasonOf(error))))).rejects.toThrow(
      "METHOD_NOT_ALLOWED",
    );
  });
});

describe("listing services", () => {
  it("shows Center itself, which reports by itself", async () => {
    await eventually(async () =>
      expect(await serviceNamed("center@center.example:50053")).toMatchObject({ alive: true }),
    );
  });

  it("shows an instance as gone when it was not heard of for a while", async () => {
    await report("hospital", "10.0.0.6:50051");
    time = new Date(time.getTime() + aliveWithinMs);
    expect(await serviceNamed("hospital@10.0.0.6:50051")).toMatchObject({ alive: true });
    time = new Date(time.getTime() + 1);
    expect(await serviceNamed("hospital@10.0.0.6:50051")).toMatchObject({ alive: false });
  });

  it("is for Center alone", async () => {
    const error: unknown = await center
      .client(ServiceRegistryService, aUser())
      .listServices({})
      .catch((caught: unknown) => caught);
    expect(reasonOf(error)).toBe("METHOD_NOT_ALLOWED");
  });
});
