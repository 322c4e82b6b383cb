import { afterAll, beforeAll, beforeEach, describe, expect, it } from "@jest/globals";
import { Client } from "pg";
import { startTestPostgres } from "#platform/testing/test-postgres.ts";
import { createLegacySchema } from "../legacy/legacy-schema.ts";
import type { Dossier } from "./dossier.ts";
import { readDossiers, readDossiersByIds } from "./read-dossiers.ts";

/** What a row is filled with if a test does not care. */
const defaults = {
  TransportRequest: {
    ...{ patientId: "P0A1B2C3D", originFacilityId: "mercy", destinationFacilityId: "general", transportLevel: "ALS" },
    ...{ createdById: "nurse", updatedAt: "2025-03-01 08:00" },
  },
  TransportBid: { agencyId: "swift", agencyUserId: "dispatcher", unitType: "ALS", updatedAt: "2025-03-01 08:00" },
  UnitAssignment: {
    ...{ unitId: "swift-1", unitAvailabilityId: "1", assignmentType: "PRIMARY" },
    ...{ startTime: "2025-03-01 08:00", updatedAt: "2025-03-01 08:00" },
  },
  TransportQueue: { emergencyDepartmentId: "er", queuePosition: "1", updatedAt: "2025-03-01 08:00" },
};

/** The old database without the keys between its tables, so that a row may be about nothing. */
async function createTables(): Promise<void> {
  await createLegacySchema(client, { foreignKeys: false });
  for (const [table, columns] of Object.entries(defaults)) {
    const settings = Object.entries(columns).map(([name, value]) => `alter column "${name}" set default '${value}'`);
    await client.query(`alter table "${table}" ${settings.join(", ")}`);
  }
}

/** Ids whose order differs between languages and bytes. */
const tripIds = ["B", "a", "a-1", "a1", "b", "É", "z", "ﬀ", "🚑"];

const opened = new AsyncDisposableStack();
let client: Client;

beforeAll(async () => {
  const postgres = opened.use(await startTestPostgres());
  const { ownerUrl } = await postgres.createDatabase("dossiers");
  client = new Client({ connectionString: ownerUrl });
  await client.connect();
  opened.defer(() => client.end());
  await createTables();
});

afterAll(() => opened.disposeAsync());

beforeEach(async () => {
  await client.query(`truncate "TransportRequest", "TransportBid", "UnitAssignment", "TransportQueue"`);
  await client.query(`insert into "TransportRequest" (id) select unnest($1::text[])`, [tripIds]);
});

async function inSnapshot<T>(work: () => Promise<T>): Promise<T> {
  await client.query("begin isolation level repeatable read");
  try {
    return await work();
  } finally {
    await client.query("rollback");
  }
}

function readAll(range?: Parameters<typeof readDossiers>[1]): Promise<Dossier[]> {
  return inSnapshot(() => Array.fromAsync(readDossiers(client, range)));
}

async function idsOf(range?: Parameters<typeof readDossiers>[1]): Promise<readonly string[]> {
  return (await readAll(range)).map(({ trip }) => trip.id);
}

async function insertParts(): Promise<void> {
  await client.query(`insert into "TransportBid" (id, "transportRequestId")
    values ('2', 'a'), ('1', 'a'), ('3', 'É'), ('4', '🚑'), ('5', 'a1')`);
  await client.query(
    `insert into "UnitAssignment" (id, "transportRequestId") values ('1', null), ('2', 'z'), ('3', 'B')`,
  );
  await client.query(`insert into "TransportQueue" (id, "transportRequestId", "assignedProviderId")
    values ('1', 'ﬀ', 'swift'), ('2', 'b', null)`);
}

/** What is in the dossiers that are not empty. */
function partsOf(dossiers: readonly Dossier[]): readonly string[] {
  return dossiers.flatMap(({ trip, bids, unitAssignments, queueEntries }) => {
    const ids = [bids, unitAssignments, queueEntries].map((rows) => rows.map(({ id }) => id).join());
    return ids.every((it) => it === "") ? [] : [`${trip.id}: ${ids.join("/")}`];
  });
}

const allParts = ["B: /3/", "a: 1,2//", "a1: 5//", "b: //2", "z: /2/", "É: 3//", "ﬀ: //1", "🚑: 4//"];

describe("reading dossiers", () => {
  it("brings them in the order of their trips' ids, byte by byte", async () => {
    expect(await idsOf()).toEqual(["B", "a", "a-1", "a1", "b", "z", "É", "ﬀ", "🚑"]);
  });

  it("brings each trip with all that is about it", async () => {
    await insertParts();
    expect(partsOf(await readAll())).toEqual(allParts);
  });

  it("begins after a trip and ends with another", async () => {
    await insertParts();
    const dossiers = await readAll({ afterTripId: "a", toTripId: "É" });
    expect(dossiers.map(({ trip }) => trip.id)).toEqual(["a-1", "a1", "b", "z", "É"]);
    expect(partsOf(dossiers)).toEqual(["a1: 5//", "b: //2", "z: /2/", "É: 3//"]);
  });

  it("can be told ids that would end a text", async () => {
    expect(await idsOf({ afterTripId: "a' or '1'='1" })).not.toContain("B");
  });

  it("brings only trips that an agency may be underway with, if so told", async () => {
    await insertParts();
    await client.query(`update "TransportRequest" set status = 'SCHEDULED' where id in ('a', 'b')`);
    await client.query(`update "TransportRequest" set status = 'IN_TRANSIT' where id = 'z'`);
    expect(partsOf(await readAll({ isUnderway: true }))).toEqual(["a: 1,2//", "b: //2", "z: /2/"]);
  });

  it("reads times as UTC whatever the zone and the style of the session", async () => {
    await client.query(`update "TransportRequest" set "pickupTimestamp" = '2025-07-01 23:30:00.12',
      "completionTimestamp" = 'infinity', "acceptedTimestamp" = '0044-03-15 BC', "estimatedPickupTime" = '12025-01-01'
      where id = 'a'`);
    await client.query("set timezone to 'America/New_York'; set datestyle to 'German'");
    try {
      const [dossier] = await readAll({ afterTripId: "B", toTripId: "a" });
      expect(dossier?.trip.pickupTimestamp).toEqual(new Date("2025-07-01T23:30:00.120Z"));
      expect(dossier?.trip.completionTimestamp?.getTime()).toBeNaN();
      expect(dossier?.trip.acceptedTimestamp?.getTime()).toBeNaN();
      expect(dossier?.trip.estimatedPickupTime?.getTime()).toBeNaN();
      expect(dossier?.trip.estimatedArrivalTime).toBeNull();
    } finally {
      await client.query("reset timezone; reset datestyle");
    }
  });

  it.each([
    ["2025-12-31 23:59:59.999", "2025-12-31T23:59:59.999Z"],
    ["2024-02-29 00:00:00", "2024-02-29T00:00:00.000Z"],
    ["2025-03-01 08:05:06.1", "2025-03-01T08:05:06.100Z"],
    ["2025-03-01 08:05:06.05", "2025-03-01T08:05:06.050Z"],
    ["0044-03-15 00:00:00.007", "0044-03-15T00:00:00.007Z"],
    ["0001-01-01 00:00:00", "0001-01-01T00:00:00.000Z"],
    ["9999-12-31 23:59:59", "9999-12-31T23:59:59.000Z"],
  ])("reads %s as it is", async (text, iso) => {
    await client.query(`update "TransportRequest" set "requestTimestamp" = $1 where id = 'a'`, [text]);
    const [dossier] = await inSnapshot(() => readDossiersByIds(client, ["a"]));
    expect(dossier?.trip.requestTimestamp.toISOString()).toBe(iso);
  });

  it("reads amounts as they are", async () => {
    await client.query(`insert into "TransportBid" (id, "transportRequestId", "bidAmount")
      values ('1', 'a', 0.1), ('2', 'a', 'NaN'), ('3', 'a', 1e300), ('4', 'a', null)`);
    const [dossier] = await inSnapshot(() => readDossiersByIds(client, ["a"]));
    expect(dossier?.bids.map(({ bidAmount }) => bidAmount)).toEqual([0.1, Number.NaN, 1e300, null]);
  });

  it("goes on over many fetches", async () => {
    await client.query(`insert into "TransportRequest" (id) select 't' || n from generate_series(1, 12000) n`);
    await client.query(`insert into "TransportBid" (id, "transportRequestId")
      select 'b' || n || '-' || m, 't' || n from generate_series(1, 12000) n, generate_series(1, n % 3) m`);
    const dossiers = (await readAll()).filter(({ trip }) => trip.id.startsWith("t"));
    expect(dossiers).toHaveLength(12_000);
    expect(dossiers.filter(({ trip, bids }) => bids.length !== Number(trip.id.slice(1)) % 3)).toEqual([]);
    expect(dossiers.flatMap(({ trip, bids }) => bids.filter((bid) => bid.transportRequestId !== trip.id))).toEqual([]);
  });

  it("may be given up early, and begun again in the same transaction", async () => {
    await inSnapshot(async () => {
      for await (const { trip } of readDossiers(client)) if (trip.id === "a") break;
      expect(await Array.fromAsync(readDossiers(client))).toHaveLength(tripIds.length);
    });
  });

  it("refuses a bid of a trip that there is not, rather than lose it", async () => {
    await client.query(`insert into "TransportBid" (id, "transportRequestId") values ('1', 'aa')`);
    await expect(readAll()).rejects.toThrow("TransportBid has rows of a trip that there is not");
  });

  it("says what the database objects to", async () => {
    await client.query(`alter table "TransportQueue" rename to "Gone"`);
    try {
      await expect(readAll()).rejects.toThrow('relation "TransportQueue" does not exist');
    } finally {
      await client.query(`alter table "Gone" rename to "TransportQueue"`);
    }
  });
});

describe("reading dossiers by the ids of their trips", () => {
  it("brings those that there are, each with all that is about it", async () => {
    await insertParts();
    const dossiers = await inSnapshot(() => readDossiersByIds(client, [...tripIds.toReversed(), "gone"]));
    expect(dossiers.map(({ trip }) => trip.id)).toEqual(["B", "a", "a-1", "a1", "b", "z", "É", "ﬀ", "🚑"]);
    expect(partsOf(dossiers)).toEqual(allParts);
  });

  it("brings the same as reading them all", async () => {
    await insertParts();
    expect(await inSnapshot(() => readDossiersByIds(client, tripIds))).toEqual(await readAll());
  });

  it("brings none for none", async () => {
    expect(await readDossiersByIds(client, [])).toEqual([]);
  });
});
