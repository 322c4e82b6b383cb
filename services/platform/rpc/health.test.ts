import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, it } from "@jest/globals";
import { Health, HealthCheckResponse_ServingStatus as Status } from "#gen/grpc/health/v1/health_pb.ts";
import { reasonOf } from "./refusal.ts";
import { startTestRpc } from "./rpc.builder.ts";

const facilities = "medport.hospital.v1.FacilityService";

describe("health", () => {
  it("of every service follows the database and the schema", async () => {
    await using rpc = await startTestRpc();
    const health = rpc.client(Health);
    const ask = async (service: string) => (await health.check({ service })).status;
    expect([await ask(""), await ask(facilities), await ask("broker")]).toEqual(Array(3).fill(Status.SERVING));
    rpc.health.set("", "NOT_SERVING");
    expect([await ask(""), await ask(facilities)]).toEqual([Status.NOT_SERVING, Status.NOT_SERVING]);
    expect(await ask("broker")).toBe(Status.SERVING);
  });

  it("of the broker stands for itself", async () => {
    await using rpc = await startTestRpc();
    rpc.health.set("broker", "NOT_SERVING");
    const { statuses } = await rpc.client(Health).list({});
    expect(statuses["broker"]?.status).toBe(Status.NOT_SERVING);
    expect(statuses[""]?.status).toBe(Status.SERVING);
    expect(statuses[facilities]?.status).toBe(Status.SERVING);
  });

  it("of an unknown service is not found", async () => {
    await using rpc = await startTestRpc();
    const error = await rpc
      .client(Health)
      .check({ service: "nothing.v1.Nowhere" })
      .catch((cause: unknown) => cause);
    expect([ConnectError.from(error).code, reasonOf(error)]).toEqual([Code.NotFound, "RESOURCE_NOT_FOUND"]);
  });

  it("is watched for as long as one likes, and told only when it changes", async () => {
    await using rpc = await startTestRpc();
    const seen: Status[] = [];
    for await (const { status } of rpc.client(Health).watch({ service: facilities })) {
      seen.push(status);
      if (seen.length === 1) {
        rpc.health.set("broker", "NOT_SERVING");
        rpc.health.set("", "NOT_SERVING");
      }
      if (seen.length === 2) rpc.health.set("", "SERVING");
      if (seen.length === 3) break;
    }
    expect(seen).toEqual([Status.SERVING, Status.NOT_SERVING, Status.SERVING]);
  });

  it("of an unknown service is watched as unknown until it becomes known", async () => {
    await using rpc = await startTestRpc();
    const seen: Status[] = [];
    for await (const { status } of rpc.client(Health).watch({ service: "search" })) {
      seen.push(status);
      if (seen.length === 2) break;
      rpc.health.set("search", "SERVING");
    }
    expect(seen).toEqual([Status.SERVICE_UNKNOWN, Status.SERVING]);
  });
});
