import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { Client } from "pg";
import { AwardPolicy, Priority, TransportLevel, type Trip } from "#gen/medport/transport/v1/trip_pb.ts";
import type { ServiceName } from "#platform/service-name.ts";
import { systemSettingsFrom } from "#platform/system-settings.ts";
import { eventually } from "#platform/testing/eventually.ts";
import { type Cast, assembleCast } from "../../services/cli/src/demo/cast.ts";
import { Recorder } from "../../services/cli/src/demo/step.ts";
import { startTestMesh, type TestMesh } from "./mesh.builder.ts";

/** Less than a test has, so that what does not come is told with its last answer. */
const patience = { withinMs: 20_000 } as const;
const minuteMs = 60_000;

describe("a setting of the whole system", () => {
  let test: TestMesh;
  let cast: Cast;

  beforeAll(async () => {
    test = await startTestMesh();
    cast = await assembleCast(test.mesh, test.accounts, new Recorder(() => undefined));
  }, 60_000);
  afterAll(async () => {
    await test[Symbol.asyncDispose]();
  });

  const settings = () => cast.overseer.center.configurations;

  async function aTrip(): Promise<Trip> {
    const { trip } = await cast.coordinator.hospital.trips.createTrip({
      ...{ originFacilityId: cast.origin.id, destinationFacilityId: cast.destination.id },
      ...{ transportLevel: TransportLevel.BLS, priority: Priority.HIGH, awardPolicy: AwardPolicy.MANUAL },
    });
    if (!trip) throw new Error("CreateTrip answered without a trip");
    return trip;
  }

  /** For how many minutes agencies may bid on a trip that is asked for now. */
  async function minutesToBid(): Promise<number> {
    const { requestTime, biddingCloseTime } = await aTrip();
    if (!requestTime || !biddingCloseTime) throw new Error("a trip without its times");
    return (timestampMs(biddingCloseTime) - timestampMs(requestTime)) / minuteMs;
  }

  /** The settings that a silo obeys, as its copy has them. */
  async function settingsOf(silo: ServiceName) {
    const client = new Client({ connectionString: test.databases[silo].adminUrl });
    await client.connect();
    try {
      const { rows } = await client.query<{ key: string; value: string }>("select key, value from configuration");
      return systemSettingsFrom(rows);
    } finally {
      await client.end();
    }
  }

  it("is obeyed by Hospital without a restart, when it is set and when it is brought back", async () => {
    const key = "bidding.ttl_minutes.high";
    expect(await minutesToBid()).toBe(10);
    await settings().setConfiguration({ key, value: "25" });
    await eventually(async () => expect(await minutesToBid()).toBe(25), patience);
    await settings().resetConfiguration({ key });
    await eventually(async () => expect(await minutesToBid()).toBe(10), patience);
  });

  it("reaches the copies of Hospital and EMS, and so does its default", async () => {
    const key = "award.max_considered";
    await settings().setConfiguration({ key, value: "3" });
    for (const silo of ["hospital", "ems"] as const) {
      await eventually(async () => expect((await settingsOf(silo)).maxAwardsConsidered).toBe(3), patience);
    }
    await settings().resetConfiguration({ key });
    for (const silo of ["hospital", "ems"] as const) {
      await eventually(async () => expect((await settingsOf(silo)).maxAwardsConsidered).toBe(5), patience);
    }
  });
});
