import { createServer } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { Code } from "@connectrpc/connect";
import { Client } from "pg";
import { Health, HealthCheckResponse_ServingStatus as Status } from "#gen/grpc/health/v1/health_pb.ts";
import { AuthService } from "#gen/medport/center/v1/auth_service_pb.ts";
import { createMemoryLog } from "#platform/database/database.builder.ts";
import { eventually } from "#platform/testing/eventually.ts";
import { startTestCenter, type TestCenter } from "./center.builder.ts";
import { startCenter } from "./center.ts";
import type { CenterConfig } from "./config.ts";

let center: TestCenter;
beforeAll(async () => {
  center = await startTestCenter("center whole");
});
afterAll(async () => center[Symbol.asyncDispose]());

const health = (service = "") => center.clientWith(Health, {}).check({ service });

describe("Center", () => {
  it("serves as soon as it has started", async () => {
    expect((await health()).status).toBe(Status.SERVING);
    expect((await health("medport.center.v1.AuthService")).status).toBe(Status.SERVING);
  });

  it("serves on while the broker is away, and says so under the broker's name", async () => {
    await eventually(async () => expect((await health("broker")).status).toBe(Status.SERVING));
    await center.broker.stop();
    await eventually(async () => expect((await health("broker")).status).toBe(Status.NOT_SERVING));
    expect((await health()).status).toBe(Status.SERVING);
    expect((await center.clientWith(AuthService, {}).listSigningKeys({})).keys).toHaveLength(1);
    await center.broker.restart();
    await eventually(async () => expect((await health("broker")).status).toBe(Status.SERVING));
  });

  it("does not say SERVING while its schema is not the one it works with", async () => {
    await using other = await startTestCenter("center schema", {
      beforeStart: ({ silo }) => asOwner(silo.ownerUrl, "drop index hospital_name_idx"),
    });
    expect((await other.clientWith(Health, {}).check({})).status).toBe(Status.NOT_SERVING);
    expect(other.logged.join("")).toContain("index hospital_name_idx on hospital is missing");
  });

  it("takes no service's token for a person's", async () => {
    const foreign = center.clientWith(AuthService, {
      authorization: `Bearer ${await center.keys.serviceToken("ems", "center")}`,
    });
    await expect(foreign.verifyToken({})).rejects.toMatchObject({ code: Code.Unauthenticated });
  });
});

describe("starting Center", () => {
  const start = (over: Partial<CenterConfig>) =>
    startCenter({ ...center.config, ...over }, { log: createMemoryLog("center").log, passwords: { cost: 4 } });

  it.each(["serviceKeyFile", "servicePublicKeysFile", "tokenKeysFile"] as const)(
    "fails without %s",
    async (setting) => {
      await expect(start({ [setting]: "/nowhere/key.json" })).rejects.toThrow("/nowhere/key.json cannot be read");
    },
  );

  it("fails when the port is taken, and lets go of everything", async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => void taken.listen(0, "127.0.0.1", resolve));
    const address = taken.address();
    const port = typeof address === "object" && address ? address.port : 0;
    await expect(start({ port })).rejects.toMatchObject({ code: "EADDRINUSE" });
    await new Promise((resolve) => taken.close(resolve));
  });

  it("fails when the database is out of reach", async () => {
    await expect(start({ databaseUrl: "postgresql://nobody@127.0.0.1:1/none" })).rejects.toThrow("ECONNREFUSED");
  });
});

async function asOwner(connectionString: string, statement: string): Promise<void> {
  const client = new Client({ connectionString });
  await client.connect();
  await client.query(statement);
  await client.end();
}
