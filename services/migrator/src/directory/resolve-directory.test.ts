import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { Client } from "pg";
import { createMemoryLog } from "#platform/database/database.builder.ts";
import { migrate } from "#platform/database/migrate.ts";
import { startTestPostgres } from "#platform/testing/test-postgres.ts";
import { migrations as centerMigrations } from "../../../center/migrations/migrations.ts";
import { migrations as emsMigrations } from "../../../ems/migrations/migrations.ts";
import { migrations as hospitalMigrations } from "../../../hospital/migrations/migrations.ts";
import type { Moved } from "../moved.ts";
import type { TargetRow } from "../target/target-tables.ts";
import { rowsOf, someOptions } from "./directory.builder.ts";
import type { DirectoryInput } from "./directory.ts";
import { type Disorder, disorder } from "./disorder.builder.ts";
import { joinMoved } from "./moved-rows.ts";
import { resolveDirectory } from "./resolve-directory.ts";

function moveAll({ input, evidence, strict, onTrips }: Disorder): Moved {
  const { moved, moveUnits } = resolveDirectory(input, evidence, someOptions({ strict }));
  return joinMoved([moved, moveUnits(new Set(onTrips))]);
}

const tables: Readonly<Record<keyof DirectoryInput, string>> = {
  users: "User",
  agencyUsers: "AgencyUser",
  facilities: "Facility",
  agencies: "TransportAgency",
  units: "Unit",
  serviceAreas: "ServiceArea",
  preferences: "HospitalAgencyPreference",
  unitAvailabilities: "UnitAvailability",
  routes: "Route",
  routeStops: "RouteStop",
};

/** Every row of an old database, such as `User u1`. */
function sourceRows(input: DirectoryInput): readonly string[] {
  return Object.entries(tables).flatMap(([key, table]) =>
    input[key as keyof DirectoryInput].map(({ id }) => `${table} ${id}`),
  );
}

/** Where a row of a table is, if it was MIGRATED. */
const targets = {
  User: "center.user_account",
  AgencyUser: "center.user_account",
  Facility: "hospital.facility",
  TransportAgency: "ems.agency",
  Unit: "ems.unit",
  HospitalAgencyPreference: "hospital.agency_preference",
  UnitAvailability: "ems.unit_availability",
  Route: "ems.route",
} as const;

function sortedJson(values: readonly unknown[]): readonly string[] {
  return values.map((value) => JSON.stringify(value)).toSorted();
}

describe("resolving any directory", () => {
  it("decides about every row exactly once", () => {
    fc.assert(
      fc.property(disorder, (given) => {
        const decided = moveAll(given).verdicts.map(({ table, pk }) => `${table} ${pk}`);
        expect(decided.toSorted()).toEqual(sourceRows(given.input).toSorted());
      }),
    );
  });

  it("has a row for whatever is MIGRATED, and for nothing else", () => {
    fc.assert(
      fc.property(disorder, (given) => {
        const moved = moveAll(given);
        const migrated = moved.verdicts.filter(({ fate }) => fate === "MIGRATED");
        for (const target of new Set(Object.values(targets))) {
          const there = rowsOf(moved, target).map((row) => row.id);
          const expected = migrated.filter(({ table }) => targets[table as keyof typeof targets] === target);
          expect(there.toSorted()).toEqual(expected.map(({ pk }) => pk).toSorted());
        }
      }),
    );
  });

  it("merges nothing into what is not there, and gives reasons for all that is not moved", () => {
    fc.assert(
      fc.property(disorder, (given) => {
        const moved = moveAll(given);
        const there = new Set(moved.rows.flatMap(({ row }) => ("id" in row ? [row.id] : [])));
        for (const { fate, into, reason } of moved.verdicts) {
          expect(reason === undefined).toBe(fate === "MIGRATED");
          expect(into !== undefined).toBe(fate === "MERGED");
          if (into !== undefined) expect(there).toContain(into);
        }
      }),
    );
  });

  it("knows a person for every row, under an id that has an account if it says so", () => {
    fc.assert(
      fc.property(disorder, ({ input, evidence, strict }) => {
        const { directory, moved } = resolveDirectory(input, evidence, someOptions({ strict }));
        const accounts = new Map(rowsOf(moved, "center.user_account").map((row) => [row.id, row]));
        const people = [
          ...input.users.map(({ id }) => directory.person(id)),
          ...input.agencyUsers.map(({ id }) => directory.agencyUser(id)),
        ];
        for (const person of people) {
          expect(person).toBeDefined();
          if (!person?.hasAccount) continue;
          const { userId: id, email, name, type: user_type, hospitalId: hospital_id, agencyId: agency_id } = person;
          expect(accounts.get(id)).toMatchObject({ id, email, name, user_type, hospital_id, agency_id });
        }
      }),
    );
  });

  it("does not depend on the order in which the rows come", () => {
    fc.assert(
      fc.property(disorder, (given) => {
        const inputs: readonly (readonly [string, readonly unknown[]])[] = Object.entries(given.input);
        const turned = Object.fromEntries(inputs.map(([key, rows]) => [key, rows.toReversed()]));
        const [one, other] = [moveAll(given), moveAll({ ...given, input: { ...given.input, ...turned } })];
        expect(sortedJson(one.rows)).toEqual(sortedJson(other.rows));
        expect(sortedJson(one.verdicts)).toEqual(sortedJson(other.verdicts));
        expect(sortedJson(one.issues)).toEqual(sortedJson(other.issues));
      }),
    );
  });
});

const silos = { hospital: hospitalMigrations, ems: emsMigrations, center: centerMigrations };

const jsonColumns: ReadonlySet<string> = new Set(["pricing_structure", "current_location", "waypoints"]);

function jsonText(value: unknown): string | null {
  return value === null ? null : JSON.stringify(value);
}

/** Parents first. */
const order: readonly string[] = ["center.hospital", "hospital.facility", "ems.agency", "ems.unit"];

describe("the rows of any directory", () => {
  const parts = new AsyncDisposableStack();
  const clients = new Map<string, Client>();

  beforeAll(async () => {
    const postgres = parts.use(await startTestPostgres());
    for (const [silo, migrations] of Object.entries(silos)) {
      const { ownerUrl, appRole } = await postgres.createDatabase(`directory ${silo}`);
      await migrate({ ownerUrl, appRole, migrations, log: createMemoryLog(silo).log });
      const client = new Client({ connectionString: ownerUrl });
      await client.connect();
      parts.defer(() => client.end());
      clients.set(silo, client);
    }
  });
  afterAll(() => parts.disposeAsync());

  async function insert({ table, row }: TargetRow): Promise<void> {
    const [silo = "", name] = table.split(".");
    const entries = Object.entries(row as Readonly<Record<string, unknown>>);
    const names = entries.map(([column]) => `"${column}"`).join(", ");
    const places = entries.map((_, index) => `$${index + 1}`).join(", ");
    const values = entries.map(([column, value]) => (jsonColumns.has(column) ? jsonText(value) : value));
    await clients.get(silo)?.query(`insert into "${name}" (${names}) values (${places})`, values);
  }

  it("satisfy every constraint of the silos", async () => {
    await fc.assert(
      fc.asyncProperty(disorder, async (given) => {
        const { rows } = moveAll(given);
        const sorted = rows.toSorted((one, other) => order.indexOf(other.table) - order.indexOf(one.table));
        const first = sorted.filter(({ table }) => order.includes(table)).toReversed();
        for (const client of clients.values()) await client.query("begin");
        try {
          for (const row of [...first, ...sorted.filter(({ table }) => !order.includes(table))]) await insert(row);
        } finally {
          for (const client of clients.values()) await client.query("rollback");
        }
      }),
      { numRuns: 25 },
    );
  });
});
