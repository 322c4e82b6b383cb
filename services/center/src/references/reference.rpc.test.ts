import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { ServiceRegistryService } from "#gen/medport/center/v1/service_registry_service_pb.ts";
import { Silo } from "#gen/medport/policy/v1/principal_pb.ts";
import { aUser } from "#platform/auth/auth.builder.ts";
import { reasonOf } from "#platform/rpc/refusal.ts";
import { startTestCenter, type TestCenter } from "../center.builder.ts";
import { saveReference } from "./reference.store.ts";

let center: TestCenter;
const registry = () => center.client(ServiceRegistryService);
const now = new Date("2026-11-24T08:00:00Z");

beforeAll(async () => {
  center = await startTestCenter("center references");
  await center.database.transaction(async (tx) => {
    const rows = [
      ["trip", "trip-1", "agency", "agency-1"],
      ["trip", "trip-1", "unit", "unit-1"],
      ["trip", "trip-2", "agency", "agency-2"],
      ["unit", "unit-1", "agency", "agency-1"],
      ["unit", "unit-2", "agency", "agency-2"],
    ] as const;
    for (const [entityType, entityId, referenceType, referenceId] of rows) {
      const source = entityType === "trip" ? "hospital" : "ems";
      const target = entityType === "trip" ? "ems" : "center";
      const key = { entityType, entityId, referenceType, referenceId };
      await saveReference(tx, { ...key, sourceDatabase: source, targetDatabase: target }, now);
    }
  });
});
afterAll(async () => center[Symbol.asyncDispose]());

type Request = Parameters<ReturnType<typeof registry>["listDatabaseReferences"]>[0];

async function listed(request: Request): Promise<readonly string[]> {
  const { references } = await registry().listDatabaseReferences(request);
  return references.map(({ entityId, referenceId }) => `${entityId} ${referenceId}`);
}

describe("listing the references between silos", () => {
  it("tells which record of which silo names which of another", async () => {
    const { references } = await registry().listDatabaseReferences({ entityId: "trip-2" });
    expect(references).toEqual([
      expect.objectContaining({
        entityType: "trip",
        entityId: "trip-2",
        source: Silo.HOSPITAL,
        referenceType: "agency",
        referenceId: "agency-2",
        target: Silo.EMS,
      }),
    ]);
    expect(references[0]?.updateTime).toBeDefined();
  });

  it.each([
    ["all of them", {}, ["trip-1 agency-1", "trip-1 unit-1", "trip-2 agency-2", "unit-1 agency-1", "unit-2 agency-2"]],
    ["a kind of record", { entityType: "unit" }, ["unit-1 agency-1", "unit-2 agency-2"]],
    ["a record", { entityType: "trip", entityId: "trip-1" }, ["trip-1 agency-1", "trip-1 unit-1"]],
    ["a kind of record that is named", { referenceType: "unit" }, ["trip-1 unit-1"]],
    [
      "a record that is named",
      { referenceType: "agency", referenceId: "agency-2" },
      ["trip-2 agency-2", "unit-2 agency-2"],
    ],
    ["what there is not", { entityId: "trip-3" }, []],
  ])("gives those of %s, in order", async (_what, request, expected) => {
    expect(await listed(request)).toEqual(expected);
  });

  it("gives each once over all pages, and no page of another list", async () => {
    const all = await listed({});
    const seen: string[] = [];
    let pageToken = "";
    do {
      const page = await registry().listDatabaseReferences({ pageSize: 2, pageToken });
      seen.push(...page.references.map(({ entityId, referenceId }) => `${entityId} ${referenceId}`));
      pageToken = page.nextPageToken;
    } while (pageToken !== "");
    expect(seen).toEqual(all);
    const { nextPageToken } = await registry().listDatabaseReferences({ pageSize: 2 });
    const error: unknown = await registry()
      .listDatabaseReferences({ pageToken: nextPageToken, entityType: "unit" })
      .catch((caught: unknown) => caught);
    expect(reasonOf(error)).toBe("PAGE_TOKEN_MISMATCH");
  });

  it("is for Center alone", async () => {
    const error: unknown = await center
      .client(ServiceRegistryService, aUser())
      .listDatabaseReferences({})
      .catch((caught: unknown) => caught);
    expect(reasonOf(error)).toBe("METHOD_NOT_ALLOWED");
  });
});
