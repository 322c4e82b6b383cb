import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { describe, expect, it } from "@jest/globals";
import { Health, HealthCheckResponse_ServingStatus as Status } from "#gen/grpc/health/v1/health_pb.ts";
import { AuditLogService } from "#gen/medport/audit/v1/audit_log_service_pb.ts";
import { eventually } from "#platform/testing/eventually.ts";
import { startTestEms } from "./ems.builder.ts";

describe("a running EMS", () => {
  it("serves, says to Center that it is there, and has its events carried to the broker", async () => {
    await using test = await startTestEms();
    const transport = createGrpcTransport({ baseUrl: test.url() });
    const health = createClient(Health, transport);
    expect((await health.check({})).status).toBe(Status.SERVING);
    expect((await health.check({ service: AuditLogService.typeName })).status).toBe(Status.SERVING);
    await eventually(() => expect(test.reported).toContain("ems.test:50052"));
    await test.agency("blair");
    await eventually(async () => {
      const [row] = await test.query<{ published_at: Date | null }>("select published_at from outbox_event");
      expect(row?.published_at).toBeInstanceOf(Date);
    });
  });

  it("does not serve while its database is not what it expects, and says why", async () => {
    await using test = await startTestEms({ spoil: "drop index one_active_trip_per_unit" });
    const health = createClient(Health, createGrpcTransport({ baseUrl: test.url() }));
    expect((await health.check({})).status).toBe(Status.NOT_SERVING);
    expect(test.logged.join("")).toContain("index one_active_trip_per_unit on assignment is missing");
    await test.query(
      "create unique index one_active_trip_per_unit on assignment (unit_id) where state in ('HELD', 'CONFIRMED')",
    );
    await eventually(async () => expect((await health.check({})).status).toBe(Status.SERVING));
  });

  it("serves without the broker", async () => {
    await using test = await startTestEms();
    await test.broker.stop();
    const health = createClient(Health, createGrpcTransport({ baseUrl: test.url() }));
    await eventually(async () => {
      expect((await health.check({ service: "broker" })).status).toBe(Status.NOT_SERVING);
    });
    expect((await health.check({})).status).toBe(Status.SERVING);
    await test.agency("blair");
  });
});
