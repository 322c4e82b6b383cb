import type { Kysely, SqlEntityManager } from "@mikro-orm/postgresql";
import type { KyselyPlugin } from "kysely";
import { Client } from "pg";
import { createMemoryLog } from "#platform/database/database.builder.ts";
import { openDatabase } from "#platform/database/database.ts";
import { hospitalEntities } from "../services/hospital/src/entities.ts";
import { countiesServed, type TripActor } from "../services/hospital/src/trips/trip-actor.ts";
import { findChangedTrips, readTripCourses } from "../services/hospital/src/trips/trip-compare.store.ts";
import { findTripVersion } from "../services/hospital/src/trips/trip-as-of.store.ts";
import { openStatuses, type TripListing } from "../services/hospital/src/trips/trip-list.ts";
import { findTripPlaces, loadSeenTrips } from "../services/hospital/src/trips/trip-list.store.ts";

/** How the database carried out one statement. */
export interface QueryPlan {
  readonly name: string;
  readonly milliseconds: number;
  /** Blocks of 8 KiB that were looked at. */
  readonly blocks: number;
  /** What was scanned, and how many rows came of it. */
  readonly scans: readonly string[];
}

type Reading = readonly [string, (em: SqlEntityManager) => Promise<unknown>];

const everything: TripListing = { filter: { statuses: [], levels: [], priorities: [] }, order: "NEWEST_FIRST" };
const open: TripListing = {
  filter: { ...everything.filter, statuses: openStatuses },
  order: "MOST_URGENT_FIRST",
};
const slice = { limit: 51 };

const center: TripActor = { type: "CENTER", userId: "u" };
const hospital: TripActor = { type: "HOSPITAL", userId: "u", hospitalId: "hospital-1" };

function readings(agency: TripActor, aTrip: string, then: Date): readonly Reading[] {
  const lately = new Date(Date.now() - 60_000);
  const day = { from: then, until: new Date(then.getTime() + 86_400_000) };
  const list = (name: string, actor: TripActor, listing: TripListing): Reading => [
    name,
    (em) => findTripPlaces(em, actor, listing, slice),
  ];
  const rare: TripListing = {
    ...everything,
    filter: { statuses: ["CANCELLED"], levels: ["OTHER"], priorities: ["URGENT"], originFacilityId: "facility-1-1" },
  };
  return [
    ["GetTrip", (em) => loadSeenTrips(em, center, [aTrip])],
    ["GetTrip as of a time", (em) => findTripVersion(em, aTrip, lately)],
    list("ListTrips, hospital, newest first", hospital, everything),
    list("ListTrips, agency, newest first", agency, everything),
    list("ListTrips, Center, newest first", center, everything),
    list("ListTrips, hospital, most urgent first", hospital, open),
    list("ListTrips, agency, most urgent first", agency, open),
    list("ListTrips, Center, most urgent first", center, open),
    list("ListTrips, a filter that few trips fit", hospital, rare),
    list("ListTrips, hospital, board as of a time", hospital, { ...open, asOf: then }),
    list("ListTrips, Center, board as of a time", center, { ...open, asOf: then }),
    list("ListTrips, hospital, everything as of a time", hospital, { ...everything, asOf: then }),
    ["CompareTrips, which changed in a day, hospital", (em) => findChangedTrips(em, hospital, day, slice)],
    ["CompareTrips, the versions of one", (em) => readTripCourses(em, [aTrip], { from: new Date(0), until: lately })],
  ];
}

/** Carries out what the service reads most, and tells how the database went about it. */
export async function plansOfMainQueries(adminUrl: string, aTrip: string, then: Date): Promise<readonly QueryPlan[]> {
  const { log } = createMemoryLog("hospital");
  const database = await openDatabase({ url: adminUrl, service: "hospital", entities: hospitalEntities, log });
  const client = new Client({ connectionString: adminUrl });
  await client.connect();
  try {
    const { rows } = await client.query<{ service_area: string[] }>(
      "select service_area from agency where id = 'agency-7'",
    );
    const reach = { isActive: true, counties: countiesServed(rows[0]?.service_area ?? []) };
    const agency: TripActor = { type: "EMS", userId: "u", agencyId: "agency-7", reach };
    const plans: QueryPlan[] = [];
    for (const [name, read] of readings(agency, aTrip, then)) {
      const statements = await statementsOf(database.fork(), read);
      // Beside the one that matters there are small ones, which count facilities.
      const main = statements.toSorted((one, other) => other.sql.length - one.sql.length)[0];
      if (main) plans.push(await explain(client, name, main));
    }
    return plans;
  } finally {
    await client.end();
    await database.close();
  }
}

interface Statement {
  readonly sql: string;
  readonly parameters: readonly unknown[];
}

/** The statements that a reading sends through Kysely. */
async function statementsOf(
  em: SqlEntityManager,
  read: (em: SqlEntityManager) => Promise<unknown>,
): Promise<readonly Statement[]> {
  const sent: Statement[] = [];
  const kysely: Kysely<unknown> = em.getKysely();
  const noting: KyselyPlugin = {
    transformQuery: ({ node, queryId }) => {
      const { sql, parameters } = kysely.getExecutor().compileQuery(node, queryId);
      sent.push({ sql, parameters });
      return node;
    },
    transformResult: ({ result }) => Promise.resolve(result),
  };
  const observed = new Proxy(em, {
    get: (target, name) => {
      if (name === "getKysely") return () => kysely.withPlugin(noting);
      const value: unknown = Reflect.get(target, name);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
  await read(observed);
  return sent;
}

/** One node of a plan, as PostgreSQL's JSON has it. */
interface PlanNode {
  readonly "Node Type": string;
  readonly "Index Name"?: string;
  readonly "Relation Name"?: string;
  readonly "Actual Rows": number;
  readonly "Actual Loops": number;
  readonly "Shared Hit Blocks": number;
  readonly "Shared Read Blocks": number;
  readonly Plans?: readonly PlanNode[];
}

interface Explained {
  readonly "QUERY PLAN": readonly [{ readonly Plan: PlanNode; readonly "Execution Time": number }];
}

async function explain(client: Client, name: string, { sql, parameters }: Statement): Promise<QueryPlan> {
  const text = `explain (analyze, buffers, format json) ${sql}`;
  // Once to warm the caches: what is measured is the plan, not the disk.
  await client.query(text, [...parameters]);
  const { rows } = await client.query<Explained>(text, [...parameters]);
  const explained = rows[0]?.["QUERY PLAN"][0];
  if (!explained) throw new Error(`${name} has no plan`);
  const { Plan: plan, "Execution Time": milliseconds } = explained;
  return {
    name,
    milliseconds,
    blocks: plan["Shared Hit Blocks"] + plan["Shared Read Blocks"],
    scans: scansIn(plan),
  };
}

/** Each index or table once, with all rows that came of it. */
function scansIn(plan: PlanNode): readonly string[] {
  const counts = new Map<string, number>();
  const visit = (node: PlanNode): void => {
    const scanned =
      node["Index Name"] ?? (node["Node Type"] === "Seq Scan" ? `${node["Relation Name"]} (all)` : undefined);
    if (scanned !== undefined && node["Actual Loops"] > 0) {
      counts.set(scanned, (counts.get(scanned) ?? 0) + Math.round(node["Actual Rows"] * node["Actual Loops"]));
    }
    for (const child of node.Plans ?? []) visit(child);
  };
  visit(plan);
  return [...counts].map(([scanned, count]) => `${scanned} ${count}`);
}
