import { afterAll, beforeAll, beforeEach, describe, expect, it } from "@jest/globals";
import { fromBinary } from "@bufbuild/protobuf";
import { ServiceStatus } from "#gen/medport/ems/v1/agency_pb.ts";
import { ServiceUpdatedSchema } from "#gen/medport/events/v1/service_events_pb.ts";
import { platformTables } from "#platform/database/platform-tables.ts";
import { createUnitOfWork } from "#platform/database/unit-of-work.ts";
import { newId } from "#platform/id.ts";
import { type CenterDatabase, openCenterDatabase } from "../center.builder.ts";
import { reportInstance } from "./instance.report.ts";
import { listRegisteredServices, recordHeartbeat } from "./registered-service.store.ts";
import { aliveWithinMs, instanceName, type RegisteredService } from "./registered-service.ts";
import { retireSilentInstances } from "./silent-instance.sweeper.ts";

let base: CenterDatabase;
let time = new Date("2026-11-24T08:00:00Z");
const release = "0.1.0";
beforeAll(async () => {
  base = await openCenterDatabase("center silent instances");
});
afterAll(async () => base[Symbol.asyncDispose]());
beforeEach(() => {
  // So far ahead that whoever beat in an earlier test is silent in this one.
  time = new Date(time.getTime() + 24 * 3_600_000);
});

const pass = (ms: number): void => void (time = new Date(time.getTime() + ms));
const unitOfWork = () => createUnitOfWork({ database: base.database, service: "center", clock: () => time, newId });

/** Says that an instance is there, as its heartbeat does. */
async function beat(address: string): Promise<RegisteredService> {
  const name = instanceName("ems", address);
  const known = await base.database.transaction((tx) => recordHeartbeat(tx, { name, release, now: time }));
  if (known) return known;
  return unitOfWork().system("test.beat", (work) => reportInstance(work, { service: "ems", address, release, newId }));
}

async function statusOf(id: string): Promise<string | undefined> {
  const services = await listRegisteredServices(base.database.fork(), "MESH");
  return services.find((service) => service.id === id)?.status;
}

async function toldAbout(id: string) {
  const events = await platformTables(base.database.fork())
    .selectFrom("outbox_event")
    .select(["payload", "event_type", "aggregate_ver"])
    .where("aggregate_id", "=", id)
    .orderBy("seq")
    .execute();
  return events.slice(1).map(({ payload, aggregate_ver }) => {
    const service = fromBinary(ServiceUpdatedSchema, payload).service;
    return [Number(aggregate_ver), service?.status, service?.alive];
  });
}

const sweep = (listeningSince = new Date(0)) => retireSilentInstances({ unitOfWork: unitOfWork(), listeningSince })();

describe("an instance", () => {
  it("that falls silent is no longer active, and comes back with its next heartbeat; the world is told of both", async () => {
    const { id } = await beat("10.0.1.1:50052");
    pass(aliveWithinMs);
    await sweep();
    expect(await statusOf(id)).toBe("ACTIVE");
    pass(1);
    await sweep();
    await sweep();
    expect(await statusOf(id)).toBe("INACTIVE");
    await beat("10.0.1.1:50052");
    expect(await statusOf(id)).toBe("ACTIVE");
    expect(await toldAbout(id)).toEqual([
      [2, ServiceStatus.INACTIVE, false],
      [3, ServiceStatus.ACTIVE, true],
    ]);
  });

  it("is not blamed for silence while this Center was not listening", async () => {
    const { id } = await beat("10.0.1.2:50052");
    pass(3_600_000);
    const listeningSince = time;
    await sweep(listeningSince);
    pass(aliveWithinMs - 1);
    await sweep(listeningSince);
    expect(await statusOf(id)).toBe("ACTIVE");
    pass(1);
    await sweep(listeningSince);
    expect(await statusOf(id)).toBe("INACTIVE");
  });

  it("is told gone once though several look at once", async () => {
    const { id } = await beat("10.0.1.3:50052");
    pass(aliveWithinMs + 1);
    await Promise.all([sweep(), sweep(), sweep()]);
    expect(await toldAbout(id)).toEqual([[2, ServiceStatus.INACTIVE, false]]);
  });

  it("that beats as it is declared gone is active in the end, with one event for each version", async () => {
    for (let round = 0; round < 10; round += 1) {
      const { id } = await beat(`10.0.2.${round}:50052`);
      pass(aliveWithinMs + 1);
      await Promise.all([sweep(), beat(`10.0.2.${round}:50052`)]);
      await beat(`10.0.2.${round}:50052`);
      expect(await statusOf(id)).toBe("ACTIVE");
      const versions = (await toldAbout(id)).map(([version]) => version);
      expect(versions).toEqual(versions.map((_, index) => index + 2));
    }
  });
});
