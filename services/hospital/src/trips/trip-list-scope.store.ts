import { type RawBuilder, sql } from "kysely";
import type { TripActor } from "./trip-actor.ts";
import type { TripFilter } from "./trip-list.ts";

/** Trips `t` that an index begins with, and how to tell those among them that somebody may see. */
export interface TripScope {
  /** Facilities `f`, if the index is walked once for each of them. */
  readonly each?: RawBuilder<unknown>;
  /** The columns with which the index begins. */
  readonly along: RawBuilder<unknown>;
  /** What of a filter holds for all of them. */
  readonly holds: readonly (keyof TripFilter)[];
  /** What the index does not know. */
  readonly sift: readonly RawBuilder<unknown>[];
  /** ALL: every trip there is. PENDING: only trips that wait. */
  readonly kind: "ALL" | "SOME" | "PENDING";
}

/**
 * Where to look for the trips that somebody may see, as they are now. What the filter names is looked for there if few
 * trips have it; otherwise each way of seeing a trip has an index of its own.
 */
export function scopesOf(actor: TripActor, filter: TripFilter): readonly TripScope[] {
  const named = namedBy(filter, actor);
  if (named) return [{ ...named, sift: visibleTo(actor), kind: "SOME" }];
  switch (actor.type) {
    case "CENTER":
      // It is always so; saying it opens the index of all trips.
      return [{ along: sql`t.version > 0`, holds: [], sift: [], kind: "ALL" }];
    case "HOSPITAL":
      return hospitalScopes(actor.hospitalId, filter);
    case "EMS":
      return agencyScopes(actor, filter);
  }
}

/** The narrowest thing that a filter names by itself. */
function namedBy(filter: TripFilter, actor: TripActor): Pick<TripScope, "along" | "holds"> | undefined {
  const { tripNumber, originFacilityId, destinationFacilityId, assignedAgencyId, hospitalId } = filter;
  if (tripNumber !== undefined) return { along: sql`t.trip_number = ${tripNumber}`, holds: ["tripNumber"] };
  if (originFacilityId !== undefined) {
    return { along: sql`t.origin_facility_id = ${originFacilityId}`, holds: ["originFacilityId"] };
  }
  if (destinationFacilityId !== undefined) {
    return { along: sql`t.destination_facility_id = ${destinationFacilityId}`, holds: ["destinationFacilityId"] };
  }
  // For others an agency, or a hospital, is no narrower than what they may see.
  if (actor.type !== "CENTER") return undefined;
  if (assignedAgencyId !== undefined) {
    return { along: sql`t.assigned_agency_id = ${assignedAgencyId}`, holds: ["assignedAgencyId"] };
  }
  return hospitalId === undefined ? undefined : { along: sql`t.hospital_id = ${hospitalId}`, holds: ["hospitalId"] };
}

function hospitalScopes(own: string, { hospitalId }: TripFilter): readonly TripScope[] {
  const asked: TripScope = { along: sql`t.hospital_id = ${own}`, holds: ["hospitalId"], sift: [], kind: "SOME" };
  const inbound: TripScope = {
    each: sql`(select f.id from facility f where f.hospital_id = ${own}) f`,
    along: sql`t.destination_facility_id = f.id`,
    holds: [],
    sift: [],
    kind: "SOME",
  };
  if (hospitalId === undefined) return [asked, inbound];
  return hospitalId === own ? [asked] : [inbound];
}

function agencyScopes(
  { agencyId, reach }: Extract<TripActor, { type: "EMS" }>,
  { assignedAgencyId, statuses }: TripFilter,
): readonly TripScope[] {
  const own: TripScope = {
    along: sql`t.assigned_agency_id = ${agencyId}`,
    holds: ["assignedAgencyId"],
    sift: [],
    kind: "SOME",
  };
  if (assignedAgencyId !== undefined) return assignedAgencyId === agencyId ? [own] : [];
  if (!reach.isActive || reach.counties.length === 0) return [own];
  if (statuses.length > 0 && !statuses.includes("PENDING")) return [own];
  const offered: TripScope = {
    each: sql`(select f.id from facility f where ${inCounties(reach.counties)}) f`,
    along: sql`t.origin_facility_id = f.id and t.status = 'PENDING'`,
    holds: ["statuses"],
    sift: [],
    kind: "PENDING",
  };
  return [own, offered];
}

/** Whether somebody may see a trip `t` as it is now; no condition at all for those who see every trip. */
export function visibleTo(actor: TripActor): readonly RawBuilder<unknown>[] {
  switch (actor.type) {
    case "CENTER":
      return [];
    case "HOSPITAL": {
      const inbound = sql`t.destination_facility_id in (
        select f.id from facility f where f.hospital_id = ${actor.hospitalId})`;
      return [sql`(t.hospital_id = ${actor.hospitalId} or ${inbound})`];
    }
    case "EMS": {
      const own = sql`t.assigned_agency_id = ${actor.agencyId}`;
      const { isActive, counties } = actor.reach;
      if (!isActive || counties.length === 0) return [own];
      const offered = sql`t.status = 'PENDING' and t.origin_facility_id in (
        select f.id from facility f where ${inCounties(counties)})`;
      return [sql`(${own} or (${offered}))`];
    }
  }
}

function inCounties(counties: readonly string[]): RawBuilder<unknown> {
  return sql`lower(btrim(f.county)) in (${sql.join(counties)})`;
}
