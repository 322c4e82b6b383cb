import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { HealthCheckResponse_ServingStatus as Status, Health } from "#gen/grpc/health/v1/health_pb.ts";
import { ConfigurationChangedSchema } from "#gen/medport/events/v1/configuration_events_pb.ts";
import { HospitalUpdatedSchema } from "#gen/medport/events/v1/hospital_events_pb.ts";
import { UserCreatedSchema, UserUpdatedSchema } from "#gen/medport/events/v1/user_events_pb.ts";
import { UserType } from "#gen/medport/policy/v1/principal_pb.ts";
import { eventually } from "#platform/testing/eventually.ts";
import { aFacilityRequest } from "./facilities/facility.builder.ts";
import { aDispatcher, startTestHospital, type TestHospital } from "./hospital.builder.ts";

describe("the Hospital service", () => {
  let test: TestHospital;
  beforeAll(async () => {
    test = await startTestHospital();
  });
  afterAll(async () => {
    await test[Symbol.asyncDispose]();
  });

  const health = async (service: string): Promise<number> => {
    const client = createClient(Health, createGrpcTransport({ baseUrl: test.hospital.url }));
    return (await client.check({ service })).status;
  };

  it("serves, and says so of its broker too", async () => {
    expect(await health("")).toBe(Status.SERVING);
    expect(await health("broker")).toBe(Status.SERVING);
    expect(await health("medport.hospital.v1.TripService")).toBe(Status.SERVING);
  });

  it("tells Center that it is there", async () => {
    await eventually(() => expect(test.center.reported).toContain("hospital.test:50051"));
  });

  it("keeps a copy of hospitals", async () => {
    await test.knowHospital("mercy");
    await test.tell(HospitalUpdatedSchema, { hospital: { id: "mercy", name: "Mercy", active: false } }, "mercy", 2);
    await eventually(async () => {
      const rows = await test.query("select name, active, version from hospital where id = 'mercy'");
      expect(rows).toEqual([{ name: "Mercy", active: false, version: 2 }]);
    });
  });

  it("keeps a copy of the hospitals' people and of nobody else", async () => {
    const user = { id: "u1", email: "a@mercy.example", name: "Ann", organizationId: "mercy", active: true };
    const crew = { ...user, id: "u2", userType: UserType.EMS, organizationId: "blair" };
    await test.tell(UserCreatedSchema, { user: crew }, "u2");
    await test.tell(UserCreatedSchema, { user: { ...user, userType: UserType.HOSPITAL } }, "u1");
    const people = () => test.query("select id, hospital_id, name from hospital_user");
    await eventually(async () => expect(await people()).toEqual([{ id: "u1", hospital_id: "mercy", name: "Ann" }]));
    await test.tell(UserUpdatedSchema, { user: { ...user, userType: UserType.CENTER, organizationId: "" } }, "u1", 2);
    await eventually(async () => expect(await people()).toEqual([]));
  });

  it("keeps a copy of the system's settings", async () => {
    const key = "bidding.ttl_minutes.urgent";
    await test.tell(ConfigurationChangedSchema, { configuration: { key, value: "5" } }, key);
    await test.tell(ConfigurationChangedSchema, { configuration: { key, value: "6" } }, key, 2);
    await eventually(async () => {
      expect(await test.query("select key, value from configuration")).toEqual([{ key, value: "6" }]);
    });
  });

  it("publishes what it commits, and goes on working while the broker is away", async () => {
    const { facilities } = test.as(aDispatcher("mercy"));
    await test.broker.kill();
    await eventually(async () => expect(await health("broker")).toBe(Status.NOT_SERVING));
    const { facility } = await facilities.createFacility(aFacilityRequest());
    expect(await health("")).toBe(Status.SERVING);
    await test.broker.restart();
    await eventually(
      async () => {
        const [row] = await test.query<{ published_at: Date | null }>(
          "select published_at from outbox_event where aggregate_id = $1",
          [facility?.id],
        );
        expect(row?.published_at).toBeInstanceOf(Date);
      },
      { withinMs: 15_000 },
    );
  });
});

describe("a Hospital whose database is not what it expects", () => {
  it("does not serve until it is, and says why", async () => {
    await using test = await startTestHospital({ spoil: "alter table trip rename column priority to urgency" });
    const client = createClient(Health, createGrpcTransport({ baseUrl: test.hospital.url }));
    expect((await client.check({})).status).toBe(Status.NOT_SERVING);
    expect(test.logged.join("")).toContain("column priority on trip is missing");
    await test.query("alter table trip rename column urgency to priority");
    await eventually(async () => expect((await client.check({})).status).toBe(Status.SERVING));
  });
});
