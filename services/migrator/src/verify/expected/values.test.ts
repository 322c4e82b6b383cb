import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { Client } from "pg";
import { startTestPostgres } from "#platform/testing/test-postgres.ts";
import { valueFunctions } from "./values.sql.ts";

let client: Client;
const parts = new AsyncDisposableStack();

beforeAll(async () => {
  const postgres = parts.use(await startTestPostgres());
  client = new Client({ connectionString: (await postgres.createDatabase("values")).ownerUrl });
  await client.connect();
  parts.defer(() => client.end());
  for (const statement of valueFunctions) await client.query(statement);
});
afterAll(() => parts.disposeAsync());

async function answer(call: string, given: unknown): Promise<unknown> {
  const { rows } = await client.query<{ answer: unknown }>(`select ${call} as answer`, [given]);
  return rows[0]?.answer;
}
const ofJson = (call: string, given: unknown): Promise<unknown> =>
  answer(`pg_temp.${call}`, given === undefined ? null : JSON.stringify(given));

const weekdays = { monday: 1, tuesday: 1, wednesday: 1, thursday: 1, friday: 1 };
const allWeek = { ...weekdays, saturday: 1, sunday: 1 };
const each = (days: object, hours: unknown): object => Object.fromEntries(Object.keys(days).map((day) => [day, hours]));

describe("the second statement of the rules about values", () => {
  it.each<readonly [unknown, readonly string[]]>([
    [undefined, []],
    [null, []],
    ["", []],
    ["BLS, ALS,, bls ", ["BLS", "ALS"]],
    [
      ["Oxygen", " Stretcher ", "oxygen", "", null, 7],
      ["Oxygen", "Stretcher", "7"],
    ],
    [
      [{ name: "Ventilator" }, { label: "Bariatric" }, { code: "IABP" }, { id: 4 }],
      ["Ventilator", "Bariatric", "IABP", '{"id":4}'],
    ],
    [
      { equipment: ["Pump"], specialServices: ["Neonatal"], transportLevels: ["BLS", "ALS"] },
      ["BLS", "ALS", "Neonatal", "Pump"],
    ],
    [{ specialEquipment: "Monitor, Suction", specialCapabilities: ["Bariatric"] }, ["Bariatric", "Monitor", "Suction"]],
    [{ oxygen: true, ventilator: false, bariatric: null }, ["oxygen"]],
    [3, ["3"]],
    [true, ["true"]],
  ])("R-CAPS: %j is %j", async (given, expected) => {
    expect(await ofJson("capabilities($1::jsonb)", given)).toEqual(expected);
  });

  it.each<readonly [unknown, string | null]>([
    [undefined, null],
    [null, null],
    ["", null],
    ["  Mon-Fri 08:00-17:00 ", "Mon-Fri 08:00-17:00"],
    [{ open: "24/7" }, "24/7"],
    [{ start: "06:00", end: "22:00" }, "06:00-22:00"],
    [{ start: "6:00 AM", end: "10:30 PM" }, "06:00-22:30"],
    [{ start: "12:00 AM", end: "12:15 PM" }, "00:00-12:15"],
    [each(allWeek, { start: "00:00", end: "23:59" }), "24/7"],
    [each(weekdays, { start: "00:00", end: "23:59" }), "Mon-Fri 00:00-23:59"],
    [
      { ...each(weekdays, { start: "08:00", end: "18:00" }), saturday: { open: "09:00", close: "13:00" } },
      "Mon-Fri 08:00-18:00; Sat 09:00-13:00",
    ],
    [
      { monday: { start: "06:00", end: "18:00" }, wednesday: { start: "06:00", end: "18:00" } },
      "Mon 06:00-18:00; Wed 06:00-18:00",
    ],
    [
      {
        primary: { days: "Mon-Fri", hours: "6:00 AM - 6:00 PM" },
        secondary: { days: "Sat", hours: "8:00 AM - 4:00 PM" },
      },
      "Mon-Fri 6:00 AM - 6:00 PM; Sat 8:00 AM - 4:00 PM",
    ],
    [{ start: "08:00", end: "17:00", zone: "EST" }, '{"end":"17:00","zone":"EST","start":"08:00"}'],
    [{ start: "late", end: "17:00" }, '{"end":"17:00","start":"late"}'],
    [["Mon-Fri", "08:00-17:00"], '["Mon-Fri","08:00-17:00"]'],
    [24, "24"],
  ])("R-HOURS: %j is %j", async (given, expected) => {
    expect(await ofJson("hours($1::jsonb, null)", given)).toBe(expected);
    expect(await ofJson("hours($1::jsonb, 'UNKNOWN')", given)).toBe(expected ?? "UNKNOWN");
  });

  it.each<readonly [unknown, readonly string[]]>([
    [undefined, []],
    ["", []],
    ["Blair County, Cambria", ["Blair County", " Cambria"]],
    [{ counties: ["Alder", "Birch"], cities: ["Cedarford"] }, ["county:Alder", "county:Birch", "city:Cedarford"]],
    [{ radius: 50, center: { lat: 40.52, lng: -78.39 } }, ["radius:50mi@40.52,-78.39"]],
    [{ primary: { counties: ["Hazel"] }, secondary: { cities: ["Ironton"] } }, ["county:Hazel", "city:Ironton"]],
    [
      ["Alder County", "Birch County"],
      ["Alder County", "Birch County"],
    ],
  ])("R-AREA: %j is %j", async (given, expected) => {
    expect(await ofJson("area($1::jsonb)", given)).toEqual(expected);
  });

  it.each<readonly [unknown, readonly number[] | null]>([
    [undefined, null],
    [{ lat: 40.5, lng: -78.4 }, [40.5, -78.4]],
    [{ latitude: 40.6, longitude: -78.5 }, [40.6, -78.5]],
    [
      [40.7, -78.6],
      [40.7, -78.6],
    ],
    [{ lat: 0, lng: 0 }, null],
    [{ lat: 0, lng: 7 }, [0, 7]],
    [{ lat: 140.5, lng: -78.4 }, null],
    [{ lat: 40.5, lng: -278.4 }, null],
    [[40.5], null],
    ["40.5,-78.4", null],
  ])("R-COORD: %j is %j", async (given, expected) => {
    expect(await ofJson("place($1::jsonb)", given)).toEqual(expected);
  });

  it.each<readonly [string | null, string | null]>([
    [null, null],
    ["450", "450.00"],
    ["0", "0.00"],
    ["2.675", "2.68"],
    ["2.665", "2.66"],
    ["0.125", "0.12"],
    ["0.135", "0.14"],
    ["1.005", "1.00"],
    ["1.15", "1.15"],
    ["0.1251", "0.13"],
    ["1e-7", "0.00"],
    ["-1", null],
    ["NaN", null],
    ["Infinity", null],
    ["99999999.99", "99999999.99"],
    ["100000000", null],
  ])("R-MONEY: %s is %s", async (given, expected) => {
    expect(await answer("pg_temp.money($1::float8)", given)).toBe(expected);
  });

  it.each<readonly [string, boolean]>([
    ["P0123ABCD", true],
    ["P0123abcd", false],
    ["P0123ABCDE", false],
    ["demo-patient-12", true],
    ["MRN-4711", false],
    ["", false],
  ])("R-PHI: %s stays: %s", async (given, stays) => {
    const code = await answer("pg_temp.patient($1::text, 'trip-1')", given);
    expect(code === given).toBe(stays);
    expect(code).toMatch(stays ? /./ : /^P-[0-9A-F]{24}$/);
  });

  it.each<readonly [string, boolean]>([
    ["clx1", true],
    ["a_B-9", true],
    ["", false],
    ["a b", false],
    ["é", false],
    ["x".repeat(64), true],
    ["x".repeat(65), false],
    ["a\n", false],
  ])("the id %j is usable: %s", async (given, expected) => {
    expect(await answer("pg_temp.is_id($1::text)", given)).toBe(expected);
  });

  it.each<readonly [string, string | null]>([
    ["2026-03-01T12:00:00.123", "2026-03-01T12:00:00.123Z"],
    ["0001-01-01", "0001-01-01T00:00:00.000Z"],
    ["9999-12-31T23:59:59.999", "9999-12-31T23:59:59.999Z"],
    ["10000-01-01", null],
    ["0001-12-31 BC", null],
    ["infinity", null],
    ["-infinity", null],
  ])("the time %s is %s", async (given, expected) => {
    const time = await answer("pg_temp.utc($1::timestamp)", given);
    expect(time instanceof Date ? time.toISOString() : time).toBe(expected);
  });

  it.each([
    ["victor@valley.example", "victor@valley.example"],
    [" \t\n\u000b\f\r\u00a0\u3000Olav\ufeff", "Olav"],
    ["  ", ""],
  ])("%j without white space around it is %j", async (given, expected) => {
    expect(await answer("pg_temp.trimmed($1::text)", given)).toBe(expected);
  });

  it("makes the numbers of trips of their ids", async () => {
    expect(await answer("pg_temp.trip_number($1)", "clx1")).toBe("L-9607C-E1B37-CC853");
  });
});
