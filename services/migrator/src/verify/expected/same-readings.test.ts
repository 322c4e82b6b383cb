import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { Client } from "pg";
import { startTestPostgres } from "#platform/testing/test-postgres.ts";
import { publicDomains } from "../../directory/memberships.ts";
import { capabilitiesFrom } from "../../rules/capabilities.ts";
import { coordinatesFrom } from "../../rules/coordinates.ts";
import { operatingHoursFrom } from "../../rules/operating-hours.ts";
import { serviceAreaFrom } from "../../rules/service-area.ts";
import type { Json } from "../../target/target-tables.ts";
import { oddShapes } from "./odd-shapes.builder.ts";
import { publicDomains as theirDomains } from "./people.sql.ts";
import { valueFunctions } from "./values.sql.ts";

const count = 4_000;
const seed = Number(process.env["SHAPES_SEED"] ?? 20_261_123);

describe("both statements of the rules", () => {
  const parts = new AsyncDisposableStack();
  const shapes = oddShapes(count, seed);
  let client: Client;

  beforeAll(async () => {
    const postgres = parts.use(await startTestPostgres());
    client = new Client({ connectionString: (await postgres.createDatabase("readings")).ownerUrl });
    await client.connect();
    parts.defer(() => client.end());
    for (const statement of valueFunctions) await client.query(statement);
  });
  afterAll(() => parts.disposeAsync());

  const ours: Readonly<Record<keyof typeof shapes, (value: Json) => unknown>> = {
    hours: (value) => operatingHoursFrom(value).value,
    areas: (value) => serviceAreaFrom(value, []).value,
    capabilities: capabilitiesFrom,
    coordinates: (value) => {
      const { value: place } = coordinatesFrom(value);
      return place && [place.latitude, place.longitude];
    },
  };
  const theirs: Readonly<Record<keyof typeof shapes, string>> = {
    hours: "pg_temp.hours(given, null)",
    areas: "pg_temp.distinct_texts(pg_temp.area(given))",
    capabilities: "pg_temp.capabilities(given)",
    coordinates: "pg_temp.place(given)",
  };

  it("know the same domains in which everybody has an address", () => {
    expect([...theirDomains].toSorted()).toEqual([...publicDomains].toSorted());
  });

  it.each(["hours", "areas", "capabilities", "coordinates"] as const)("read %s of any shape alike", async (kind) => {
    const texts = [...new Set(shapes[kind].map((shape) => JSON.stringify(shape)))];
    expect(texts.length).toBeGreaterThan(100);
    // As the old database gives them back, with its own order of names.
    const { rows } = await client.query<{ given: string; read: unknown }>(
      `select given::text as given, to_jsonb(${theirs[kind]}) as read from unnest($1::jsonb[]) as g (given)`,
      [texts],
    );
    const different = rows.flatMap(({ given, read }) => {
      const expected = ours[kind](JSON.parse(given) as Json);
      return JSON.stringify(expected) === JSON.stringify(read) ? [] : [{ given, ours: expected, theirs: read }];
    });
    expect(different.slice(0, 20)).toEqual([]);
  });
});
