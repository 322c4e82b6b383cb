import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "@jest/globals";
import { Client } from "pg";
import { startTestPostgres } from "#platform/testing/test-postgres.ts";
import { createLegacySchema } from "../legacy/legacy-schema.ts";
import {
  aLegacyAgency,
  aLegacyAgencyUser,
  aLegacyAvailability,
  aLegacyFacility,
  aLegacyPreference,
  aLegacyRoute,
  aLegacyRouteStop,
  aLegacyServiceArea,
  aLegacyUnit,
  aLegacyUser,
  longAgo,
  someOptions,
} from "./directory.builder.ts";
import type { DirectoryInput } from "./directory.ts";
import { readDirectory } from "./read-directory.ts";
import { resolveDirectory } from "./resolve-directory.ts";

const parts = new AsyncDisposableStack();
let client: Client;

beforeAll(async () => {
  const postgres = parts.use(await startTestPostgres());
  const { ownerUrl } = await postgres.createDatabase("read directory");
  client = new Client({ connectionString: ownerUrl });
  await client.connect();
  parts.defer(() => client.end());
  await createLegacySchema(client);
  // Old times have no zone, wherever the database thinks that it is.
  await client.query("set time zone 'America/New_York'");
  await client.query("set datestyle to 'SQL, DMY'");
});
afterAll(() => parts.disposeAsync());

beforeEach(() => client.query("begin"));
afterEach(() => client.query("rollback"));

/** Adds rows as they are read: times in UTC, and nothing where a column's default would be. */
async function add(table: string, rows: readonly object[]): Promise<void> {
  for (const row of rows) {
    const entries = Object.entries(row as Readonly<Record<string, unknown>>);
    const places = entries.map(([, value], index) =>
      value instanceof Date ? `$${index + 1}::timestamp` : `$${index + 1}`,
    );
    const names = entries.map(([column]) => `"${column}"`).join(", ");
    await client.query(
      `insert into "${table}" (${names}) values (${places.join(", ")})`,
      entries.map(([, it]) => sqlValue(it)),
    );
  }
}

function sqlValue(value: unknown): unknown {
  if (value === null) return null;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "infinity" : value.toISOString().replace("Z", "");
  return typeof value === "object" ? JSON.stringify(value) : value;
}

const rows: DirectoryInput = {
  users: [aLegacyUser(), aLegacyUser({ id: "u2" }), aLegacyUser({ id: "u3" })],
  agencyUsers: [aLegacyAgencyUser({ lastLogin: longAgo })],
  facilities: [
    aLegacyFacility({ coordinates: { lat: 40.5, lng: -78.4 }, capabilities: ["ICU", { name: "Trauma" }] }),
    aLegacyFacility({ id: "f2", type: "NURSING_HOME" }),
    aLegacyFacility({ id: "f3", type: "CANCER_CENTER" }),
  ],
  agencies: [
    aLegacyAgency({ addedBy: "u1", addedAt: longAgo, serviceArea: { counties: ["Blair"] } }),
    ...["p1", "p2", "p3"].map((id) => aLegacyAgency({ id, serviceArea: { type: "hospital", facilityId: "f2" } })),
  ],
  units: [aLegacyUnit({ shiftStart: longAgo, currentLocation: [40.5, -78.4] })],
  serviceAreas: [aLegacyServiceArea()],
  preferences: [aLegacyPreference()],
  unitAvailabilities: [aLegacyAvailability()],
  routes: [aLegacyRoute()],
  routeStops: [aLegacyRouteStop()],
};

const tables: readonly (readonly [string, keyof DirectoryInput])[] = [
  ["User", "users"],
  ["Facility", "facilities"],
  ["TransportAgency", "agencies"],
  ["AgencyUser", "agencyUsers"],
  ["Unit", "units"],
  ["ServiceArea", "serviceAreas"],
  ["HospitalAgencyPreference", "preferences"],
  ["UnitAvailability", "unitAvailabilities"],
  ["Route", "routes"],
  ["RouteStop", "routeStops"],
];

async function addAll(): Promise<void> {
  for (const [table, key] of tables) await add(table, rows[key]);
}

/** A trip of which only what is named matters. */
async function addTrip(
  id: string,
  over: { readonly createdById: string; readonly originFacilityId: string; readonly assignedAgencyId?: string },
) {
  const dates = { requestTimestamp: longAgo, createdAt: longAgo, updatedAt: longAgo };
  const labels = { transportLevel: "BLS", priority: "LOW", status: "PENDING" };
  const plain = { patientId: "P0000000A", destinationFacilityId: "f1", ...labels, ...dates };
  await add("TransportRequest", [{ id, ...plain, ...over }]);
}

function byKey([one]: readonly [string, unknown], [other]: readonly [string, unknown]): number {
  return one < other ? -1 : 1;
}

describe("reading the old directory", () => {
  it("reads every row as it is, times in UTC", async () => {
    await addAll();
    expect((await readDirectory(client)).input).toEqual(rows);
  });

  it("reads a time that never was as one that no rule lets pass", async () => {
    await add("Facility", [aLegacyFacility({ updatedAt: new Date(Number.NaN) })]);
    const [facility] = (await readDirectory(client)).input.facilities;
    expect(facility?.updatedAt.getTime()).toBeNaN();
    expect(facility?.createdAt).toEqual(longAgo);
  });

  it("reads what can be resolved", async () => {
    await addAll();
    const { input, evidence } = await readDirectory(client);
    const { moved, moveUnits } = resolveDirectory(input, evidence, someOptions());
    const count = Object.values(rows).flat().length;
    expect(moved.verdicts.length + moveUnits(new Set()).verdicts.length).toBe(count);
  });

  it("finds where each person's trips begin, two places at most", async () => {
    await addAll();
    const origins = [
      ["u1", "f1"],
      ["u1", "f1"],
      ["u2", "f3"],
      ["u2", "f2"],
      ["u2", "f1"],
    ] as const;
    for (const [index, [createdById, originFacilityId]] of origins.entries()) {
      await addTrip(`t${index}`, { createdById, originFacilityId });
    }
    const { originsByCreator } = (await readDirectory(client)).evidence;
    expect([...originsByCreator].toSorted(byKey)).toEqual([
      ["u1", ["f1"]],
      ["u2", ["f1", "f3"]],
    ]);
  });

  it("finds who created the trips of places that are not of type HOSPITAL", async () => {
    await addAll();
    const origins = [
      ["u2", "f2"],
      ["u1", "f2"],
      ["u1", "f2"],
      ["u1", "f1"],
      ["u3", "f3"],
    ] as const;
    for (const [index, [createdById, originFacilityId]] of origins.entries()) {
      await addTrip(`t${index}`, { createdById, originFacilityId });
    }
    const { creatorsByOrigin } = (await readDirectory(client)).evidence;
    expect([...creatorsByOrigin].toSorted(byKey)).toEqual([
      ["f2", ["u1", "u2"]],
      ["f3", ["u3"]],
    ]);
  });

  it("finds hospitals in disguise that trips or bids know as agencies", async () => {
    await addAll();
    await addTrip("t1", { createdById: "u1", originFacilityId: "f1", assignedAgencyId: "p1" });
    await addTrip("t2", { createdById: "u1", originFacilityId: "f1", assignedAgencyId: "a1" });
    const dates = { submittedAt: longAgo, createdAt: longAgo, updatedAt: longAgo };
    const bid = { transportRequestId: "t2", agencyUserId: "au1", unitType: "BLS", status: "PENDING", ...dates };
    await add("TransportBid", [{ id: "b1", agencyId: "p2", ...bid }]);
    expect([...(await readDirectory(client)).evidence.busyAgencies].toSorted()).toEqual(["p1", "p2"]);
  });

  it("finds nothing where there is nothing", async () => {
    const { input, evidence } = await readDirectory(client);
    expect(Object.values(input).flat()).toEqual([]);
    expect([evidence.originsByCreator.size, evidence.creatorsByOrigin.size, evidence.busyAgencies.size]).toEqual([
      0, 0, 0,
    ]);
  });
});
