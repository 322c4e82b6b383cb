import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { sql } from "kysely";
import fc from "fast-check";
import type { Database } from "#platform/database/database.ts";
import { findAgency } from "../agencies/agency.store.ts";
import { priorities, transportLevels } from "./transport.ts";
import { transportStatuses, type Trip } from "./trip.ts";
import { countiesServed, noReach, type TripActor } from "./trip-actor.ts";
import { relationThen } from "./trip-as-of.ts";
import {
  byUrgency,
  matchesFilter,
  tripListing,
  type TripListing,
  type TripOrder,
  type TripPosition,
} from "./trip-list.ts";
import { findTripPlaces, loadTripPlaces } from "./trip-list.store.ts";
import { relationTo } from "./trip-scope.ts";
import { selectTrips } from "./trip.store.ts";
import { selectTripVersions, type TripVersion } from "./trip-version.store.ts";
import { startTripVolume } from "./trip-volume.builder.ts";

const now = new Date("2026-11-23T12:00:00Z");
const hours = (count: number): Date => new Date(now.getTime() - count * 3_600_000);

describe("a list of trips", () => {
  const parts = new AsyncDisposableStack();
  let database: Database;
  let trips: readonly Trip[];
  let versions: ReadonlyMap<string, readonly TripVersion[]>;
  let actors: ReadonlyMap<string, TripActor>;

  beforeAll(async () => {
    ({ database } = parts.use(await startTripVolume({ trips: 500, perDay: 250, now, hospitals: 5, agencies: 6 })));
    const em = database.fork();
    trips = await selectTrips(em, sql``);
    versions = Map.groupBy(await selectTripVersions(em, sql`order by h.version`), ({ trip }) => trip.id);
    actors = new Map([...(await hospitals()), ...(await agencies()), ["Center", { type: "CENTER", userId: "u" }]]);
  });
  afterAll(() => parts.disposeAsync());

  async function hospitals(): Promise<readonly (readonly [string, TripActor])[]> {
    return ["hospital-1", "hospital-4", "stranger"].map((id) => [
      id,
      { type: "HOSPITAL", userId: "u", hospitalId: id },
    ]);
  }

  async function agencies(): Promise<readonly (readonly [string, TripActor])[]> {
    const agency = await findAgency(database.fork(), "agency-2");
    const counties = countiesServed(agency?.serviceArea ?? []);
    const reach = { isActive: true, counties };
    return [
      ["agency-2", { type: "EMS", userId: "u", agencyId: "agency-2", reach }],
      [
        "agency-2, switched off",
        { type: "EMS", userId: "u", agencyId: "agency-2", reach: { isActive: false, counties } },
      ],
      ["an agency without trips", { type: "EMS", userId: "u", agencyId: "agency-x", reach }],
      ["an unheard agency", { type: "EMS", userId: "u", agencyId: "agency-3", reach: noReach }],
    ];
  }

  /** What the rules say, trip by trip, without an index. */
  function expected(actor: TripActor, { filter, order, asOf }: TripListing): readonly string[] {
    const seen = trips.flatMap((trip) => {
      const relation = relationTo(trip, actor);
      const then = asOf ? versions.get(trip.id)?.findLast(({ recordedAt }) => recordedAt <= asOf)?.trip : trip;
      if (!relation || !then || !matchesFilter(then, filter)) return [];
      const shown = asOf ? relationThen(relation, then, actor) : relation;
      return shown ? [{ trip: then, line: `${then.id} ${then.version} ${shown}` }] : [];
    });
    return seen.toSorted((one, other) => inOrder(order, one.trip, other.trip)).map(({ line }) => line);
  }

  /** Reads a list page by page, as ListTrips does. */
  async function listed(
    actor: TripActor,
    listing: TripListing,
    size: number,
    lookAt?: number,
  ): Promise<readonly string[]> {
    const em = database.fork();
    const lines: string[] = [];
    let after: TripPosition | undefined;
    for (let page = 0; page === 0 || after; page++) {
      if (page > 1_000) throw new Error("the list has no end");
      const slice = { limit: size + 1, ...(after && { after }), ...(lookAt && { lookAt }) };
      const { places, until } = await findTripPlaces(em, actor, listing, slice);
      const shown = await loadTripPlaces(em, actor, listing, places.slice(0, size));
      lines.push(...shown.map(({ trip, relation }) => `${trip.id} ${trip.version} ${relation}`));
      after = places.length > size ? places[size - 1] : until;
    }
    return lines;
  }

  const some = <T>(values: readonly T[]) =>
    fc.oneof({ weight: 2, arbitrary: fc.constant([]) }, fc.subarray([...values]));
  const rarely = <T>(value: fc.Arbitrary<T>) =>
    fc.oneof({ weight: 9, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: value });
  const facility = fc.nat({ max: 3 }).map((number) => `facility-1-${number + 1}`);
  const wishes = fc.record({
    filter: fc
      .record({
        statuses: some(transportStatuses),
        levels: some(transportLevels),
        priorities: some(priorities),
        hospitalId: rarely(fc.constantFrom("hospital-1", "hospital-2", "nowhere")),
        assignedAgencyId: rarely(fc.constantFrom("agency-1", "agency-2", "nobody")),
        originFacilityId: rarely(facility),
        destinationFacilityId: rarely(facility),
        tripNumber: rarely(fc.constantFrom("T-20017", "T-20499", "T-1")),
        requestedFrom: rarely(fc.constantFrom(hours(40), hours(2))),
        requestedUntil: rarely(fc.constantFrom(hours(30), hours(1))),
      })
      .map((filter) => withoutUndefined(filter)),
    order: fc.constantFrom<TripOrder>("NEWEST_FIRST", "OLDEST_FIRST", "MOST_URGENT_FIRST"),
    asOf: fc.option(fc.constantFrom(hours(0), hours(1), hours(7), hours(30), hours(60)), { nil: undefined }),
  });

  it("holds exactly what its reader may see and asked for, in order, whatever the pages", async () => {
    const found: number[] = [];
    const property = fc.asyncProperty(
      wishes,
      fc.nat(),
      fc.integer({ min: 4, max: 60 }),
      fc.option(fc.integer({ min: 8, max: 60 }), { nil: undefined }),
      async (wish, which, size, lookAt) => {
        const decision = tripListing(withoutUndefined(wish) as TripListing, now);
        fc.pre(decision.ok);
        if (!decision.ok) return;
        const actor = [...actors.values()][which % actors.size];
        if (!actor) throw new Error("nobody looks");
        const lines = expected(actor, decision.value);
        found.push(lines.length);
        expect(await listed(actor, decision.value, size, lookAt)).toEqual(lines);
      },
    );
    await fc.assert(property, { numRuns: 100, seed: 7 });
    expect(found.filter((count) => count > 0).length).toBeGreaterThan(50);
  });

  const none: TripListing = { filter: { statuses: [], levels: [], priorities: [] }, order: "NEWEST_FIRST" };
  const listings: readonly (readonly [string, TripListing])[] = [
    ["of everything, newest first", none],
    ["of everything, oldest first", { ...none, order: "OLDEST_FIRST" }],
    ["of what waits", { ...none, filter: { ...none.filter, statuses: ["PENDING"] } }],
    [
      "of what is open, most urgent first",
      {
        ...none,
        filter: { ...none.filter, statuses: ["PENDING", "ASSIGNED", "IN_PROGRESS"] },
        order: "MOST_URGENT_FIRST",
      },
    ],
    ["of what is closed", { ...none, filter: { ...none.filter, statuses: ["CANCELLED", "COMPLETED"] } }],
    ["of everything as it was", { ...none, asOf: hours(9) }],
    [
      "of what was under way or given up, as it was",
      { ...none, filter: { ...none.filter, statuses: ["ASSIGNED", "CANCELLED"] }, asOf: hours(9) },
    ],
    [
      "of what was not urgent, as it was",
      { ...none, filter: { ...none.filter, priorities: ["LOW", "MEDIUM"] }, asOf: hours(2) },
    ],
    [
      "of the board as it was",
      {
        ...none,
        filter: { ...none.filter, statuses: ["PENDING", "ASSIGNED", "IN_PROGRESS"] },
        order: "MOST_URGENT_FIRST",
        asOf: hours(9),
      },
    ],
  ];

  it.each(listings)("%s is the same for every reader whatever the pages", async (_name, listing) => {
    for (const [who, actor] of actors) {
      const lines = expected(actor, listing);
      for (const lookAt of [undefined, 25]) {
        expect([who, await listed(actor, listing, 11, lookAt)]).toEqual([who, lines]);
      }
    }
  });

  it("can hold a trip of the former system that was closed before it was created", async () => {
    const imported = "imported_at = now(), created_at = closed_at + interval '1 hour'";
    await database
      .fork()
      .execute(`update trip set ${imported} where id = (select min(id) from trip where status = 'COMPLETED')`);
    const [trip] = await selectTrips(database.fork(), sql`where t.imported_at is not null`);
    if (!trip) throw new Error("no trip was imported");
    const board = {
      ...none,
      filter: { ...none.filter, statuses: ["PENDING", "ASSIGNED"] },
      asOf: trip.createdAt,
    } as const;
    const center: TripActor = { type: "CENTER", userId: "u" };
    expect((await listed(center, board, 500)).join()).not.toContain(trip.id);
  });

  it("has a page that ends where it was looked through, and not where the list does", async () => {
    const filter = { ...none.filter, tripNumber: "T-20001" };
    const center: TripActor = { type: "CENTER", userId: "u" };
    const hospital = actors.get("hospital-1");
    if (!hospital) throw new Error("no hospital");
    const found = await findTripPlaces(database.fork(), center, { ...none, filter }, { limit: 5, lookAt: 10 });
    expect(found).toMatchObject({ places: [{}] });
    const rare = {
      ...none,
      filter: { ...none.filter, levels: ["OTHER"], priorities: ["URGENT"], statuses: ["CANCELLED"] },
    } as const;
    const page = await findTripPlaces(database.fork(), hospital, rare, { limit: 50, lookAt: 10 });
    expect(page.until).toBeDefined();
    expect(page.places.length).toBeLessThan(10);
  });
});

function inOrder(order: TripOrder, one: Trip, other: Trip): number {
  const byTime = one.requestedAt.getTime() - other.requestedAt.getTime() || (one.id < other.id ? -1 : 1);
  if (order === "NEWEST_FIRST") return -byTime;
  const byPriority = byUrgency.indexOf(one.priority) - byUrgency.indexOf(other.priority);
  return order === "OLDEST_FIRST" ? byTime : byPriority || byTime;
}

/** Fields that are not there are not there at all, as in a filter from the wire. */
function withoutUndefined<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as T;
}
