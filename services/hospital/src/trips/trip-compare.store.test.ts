import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { sql } from "kysely";
import type { Moment } from "#platform/rpc/page.ts";
import type { Trip } from "./trip.ts";
import type { TripActor } from "./trip-actor.ts";
import { findChangedTrips, readTripCourses, type Span } from "./trip-compare.store.ts";
import { relationTo } from "./trip-scope.ts";
import { selectTrips } from "./trip.store.ts";
import { selectTripVersions, type TripVersion } from "./trip-version.store.ts";
import { startTripVolume, type TripVolume } from "./trip-volume.builder.ts";

const now = new Date("2026-11-23T12:00:00Z");
const hoursAgo = (count: number): Date => new Date(now.getTime() - count * 3_600_000);

const actors: readonly TripActor[] = [
  { type: "CENTER", userId: "u" },
  { type: "HOSPITAL", userId: "u", hospitalId: "hospital-3" },
  { type: "EMS", userId: "u", agencyId: "agency-1", reach: { isActive: true, counties: ["county 8", "county 11"] } },
  { type: "EMS", userId: "u", agencyId: "agency-9", reach: { isActive: false, counties: ["county 8"] } },
];

describe("what changed in a span", () => {
  let volume: TripVolume;
  let trips: readonly Trip[];
  let versions: readonly TripVersion[];
  beforeAll(async () => {
    volume = await startTripVolume({ trips: 300, perDay: 300, now, hospitals: 5, agencies: 6 });
    trips = await selectTrips(volume.database.fork(), sql``);
    versions = await selectTripVersions(volume.database.fork(), sql`order by h.recorded_at, h.trip_id, h.version`);
  });
  afterAll(async () => {
    await volume[Symbol.asyncDispose]();
  });

  function expected(actor: TripActor, { from, until }: Span): readonly string[] {
    const seen = new Set(trips.filter((trip) => relationTo(trip, actor)).map(({ id }) => id));
    const changed = versions.filter(({ recordedAt }) => recordedAt > from && recordedAt <= until);
    return [...new Set(changed.map(({ trip }) => trip.id))].filter((id) => seen.has(id));
  }

  async function found(actor: TripActor, span: Span, size: number, lookAt?: number): Promise<readonly string[]> {
    const ids: string[] = [];
    let after: Moment | undefined;
    for (let page = 0; page === 0 || after; page++) {
      if (page > 3_000) throw new Error("the list has no end");
      const slice = { limit: size + 1, ...(after && { after }), ...(lookAt && { lookAt }) };
      const { places, until } = await findChangedTrips(volume.database.fork(), actor, span, slice);
      ids.push(...places.slice(0, size).map(({ id }) => id));
      after = places.length > size ? places[size - 1] : until;
    }
    return ids;
  }

  const spans: readonly Span[] = [
    { from: hoursAgo(2), until: now },
    { from: hoursAgo(20), until: hoursAgo(6) },
    { from: hoursAgo(200), until: hoursAgo(100) },
  ];

  it.each(spans)("from $from until $until is the same whatever the pages", async (span) => {
    for (const actor of actors) {
      const ids = expected(actor, span);
      for (const [size, lookAt] of [[500], [40, 60], [7, 25]] as const) {
        expect(await found(actor, span, size, lookAt)).toEqual(ids);
      }
    }
  });

  it("reads the version before it and those in it, each with its line", async () => {
    const span = { from: hoursAgo(20), until: hoursAgo(6) };
    const ids = trips.map(({ id }) => id);
    const courses = await readTripCourses(volume.database.fork(), ids, span);
    expect(courses.size).toBeGreaterThan(50);
    for (const id of ids) {
      const own = versions.filter(({ trip }) => trip.id === id);
      const changes = own.filter(({ recordedAt }) => recordedAt > span.from && recordedAt <= span.until);
      const before = own.findLast(({ recordedAt }) => recordedAt <= span.from);
      const course = courses.get(id);
      expect(course?.changes.map(({ version, line }) => [version, line.version, line.name])).toEqual(
        changes.length === 0 ? undefined : changes.map((version) => [version, version.trip.version, version.change]),
      );
      expect(course?.before).toEqual(changes.length === 0 ? undefined : before);
    }
  });
});
