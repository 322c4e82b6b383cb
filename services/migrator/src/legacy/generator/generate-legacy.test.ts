import { describe, expect, it } from "@jest/globals";
import { compare } from "bcrypt";
import type { Client } from "pg";
import { issueKinds } from "../../report/issue-kinds.ts";
import { joinTables, legacyTables } from "../legacy-tables.ts";
import { generateLegacy } from "./generate-legacy.ts";
import { askRules, quarantineLine } from "./moved-legacy.builder.ts";
import { anOldDatabase } from "./old-database.builder.ts";

const allTables = [...legacyTables, ...joinTables].map(({ name }) => name);

describe("generating an old database", () => {
  it("fills every table, and tells how many rows it has", async () => {
    await using old = await anOldDatabase();
    const { rows, counts } = await generateLegacy(old.client, { trips: 500, seed: 1, oddities: true });
    const found = await countRows(old.client);
    expect(counts).toEqual(found);
    expect(Object.entries(found).filter(([, count]) => count === 0)).toEqual([]);
    expect(rows).toBe(Object.values(found).reduce((sum, count) => sum + count, 0));
    expect(found["TransportRequest"]).toBeGreaterThan(500);
  });

  it("makes the same rows of the same seed, and others of another", async () => {
    const digests: string[] = [];
    for (const seed of [7, 7, 8]) {
      await using old = await anOldDatabase();
      await generateLegacy(old.client, { trips: 200, seed, oddities: true });
      digests.push(await digestOf(old.client));
    }
    expect(digests[1]).toBe(digests[0]);
    expect(digests[2]).not.toBe(digests[0]);
  });

  it("makes nothing without oddities that a rule could find fault with", async () => {
    await using old = await anOldDatabase();
    const { quarantined } = await generateLegacy(old.client, { trips: 3_000, seed: 2, oddities: false });
    expect(await askRules(old.client)).toMatchObject({ kinds: [], quarantined: [] });
    expect(quarantined).toEqual([]);
  });

  it("makes everything with oddities that a rule can find, and tells what must be quarantined", async () => {
    await using old = await anOldDatabase();
    const { quarantined } = await generateLegacy(old.client, { trips: 3_000, seed: 3, oddities: true });
    const said = await askRules(old.client);
    expect(said.quarantined).toEqual(quarantined.map(quarantineLine).toSorted());
    const met = new Set([...said.kinds, ...quarantined.map(({ reason }) => reason)]);
    // Nothing overrides anything here, and a foreign key forbids the last one.
    const others = ["OVERRIDE_HOSPITAL_UNKNOWN", "OVERRIDE_AGENCY_UNKNOWN", "ADDED_BY_UNKNOWN"];
    const rulesCanFind = issueKinds.map(({ kind }) => kind).filter((kind) => !others.includes(kind));
    expect(rulesCanFind.filter((kind) => !met.has(kind))).toEqual([]);
  });

  it("makes references to nothing where no foreign key forbids them", async () => {
    await using old = await anOldDatabase({ foreignKeys: false });
    await generateLegacy(old.client, { trips: 10, seed: 4, oddities: true });
    expect((await askRules(old.client)).kinds).toContain("ADDED_BY_UNKNOWN");
    expect(await countForeignKeys(old.client)).toBe(0);
  });

  it("leaves the foreign keys as they were, all of them satisfied", async () => {
    await using old = await anOldDatabase();
    const before = await countForeignKeys(old.client);
    await generateLegacy(old.client, { trips: 50, seed: 5, oddities: true });
    expect(await countForeignKeys(old.client)).toBe(before);
    expect(before).toBe(66 + joinTables.length * 2);
  });

  it("names somebody of a hospital who created trips and can log in", async () => {
    await using old = await anOldDatabase();
    const { login } = await generateLegacy(old.client, { trips: 50, seed: 6, oddities: true });
    const { rows } = await old.client.query<{ password: string; trips: number }>(
      `select password, (select count(*)::int from "TransportRequest" where "createdById" = u.id) as trips
         from "User" u where email = $1`,
      [login.email],
    );
    expect(rows[0]?.trips).toBeGreaterThan(0);
    expect(await compare(login.password, rows[0]?.password ?? "")).toBe(true);
    const account = (await askRules(old.client)).accounts.get(login.email);
    expect(account).toMatchObject({ user_type: "HOSPITAL", hospital_id: expect.any(String) });
  });

  it("gives everybody the one password, but for the two who have none that counts", async () => {
    await using old = await anOldDatabase();
    const { password } = await generateLegacy(old.client, { trips: 10, seed: 6, oddities: true });
    const { rows } = await old.client.query<{ password: string }>(
      `select distinct password from (select password from "User" union all select password from "AgencyUser") people`,
    );
    const checked = await Promise.all(rows.map((row) => compare(password, row.password)));
    expect(checked.filter((isRight) => !isRight)).toHaveLength(2);
    expect(new Set(rows.map((row) => row.password.slice(0, 4)))).toEqual(new Set(["$2a$", "$2b$", "$2y$", "chan"]));
  });

  it("tells how far it is", async () => {
    await using old = await anOldDatabase();
    const told = new Map<string, number>();
    const onProgress = ({ table, rows }: { table: string; rows: number }) => void told.set(table, rows);
    const { counts } = await generateLegacy(old.client, { trips: 20, seed: 1, oddities: true, onProgress });
    expect(Object.fromEntries(told)).toEqual(counts);
  });
});

async function countRows(client: Client): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const table of allTables) {
    const { rows } = await client.query<{ count: number }>(`select count(*)::int as count from "${table}"`);
    counts[table] = rows[0]?.count ?? 0;
  }
  return counts;
}

async function digestOf(client: Client): Promise<string> {
  const parts: string[] = [];
  for (const table of allTables) {
    const { rows } = await client.query<{ digest: string }>(
      `select md5(string_agg(t::text, '|' order by t::text collate "C")) as digest from "${table}" t`,
    );
    parts.push(rows[0]?.digest ?? "");
  }
  return parts.join(" ");
}

async function countForeignKeys(client: Client): Promise<number> {
  const { rows } = await client.query<{ count: number }>(
    "select count(*)::int as count from pg_constraint where contype = 'f' and connamespace = 'public'::regnamespace",
  );
  return rows[0]?.count ?? 0;
}
