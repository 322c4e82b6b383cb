import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { openAdminSession } from "#platform/database/admin-session.ts";
import { openSiloDatabase, type SiloDatabase } from "#platform/database/database.builder.ts";
import { schemaText } from "#platform/database/schema-text.ts";
import { createLog } from "#platform/telemetry/log.ts";
import { eventually } from "#platform/testing/eventually.ts";
import { startSiloHealth } from "./silo-health.ts";

const log = createLog({ service: "hospital", level: "silent" });
const broker = { state: "connected", onChange: () => () => undefined } as const;

let test: SiloDatabase;
beforeAll(async () => {
  test = await openSiloDatabase("silo health", { statements: ["create table bed (id text primary key, ward text)"] });
});
afterAll(async () => {
  await test[Symbol.asyncDispose]();
});

async function asOwner(statement: string): Promise<void> {
  await using session = await openAdminSession(test.silo.ownerUrl, "silo health");
  await session.run(statement);
}

describe("a silo's health", () => {
  it("follows a schema that changes while the service runs, there and back", async () => {
    const { database } = test;
    const expectedSchema = await schemaText(database);
    await using health = await startSiloHealth({ database, expectedSchema, broker, log, everyMs: 10 });
    const told: (string | undefined)[] = [];
    health.onChange(() => told.push(health.statuses().get("")));
    expect(health.statuses().get("")).toBe("SERVING");
    await asOwner("alter index bed_pkey rename to bed_key");
    await eventually(() => expect(health.statuses().get("")).toBe("NOT_SERVING"));
    await asOwner("alter index bed_key rename to bed_pkey");
    await eventually(() => expect(health.statuses().get("")).toBe("SERVING"));
    expect(told).toEqual(["NOT_SERVING", "SERVING"]);
  });
});
