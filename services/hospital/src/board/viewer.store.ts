import type { UserIdentity } from "#platform/auth/caller.ts";
import type { Database } from "#platform/database/database.ts";
import { SharedLook } from "#platform/feed/shared-look.ts";
import { findAgencies } from "../agencies/agency.store.ts";
import { type AgencyReach, countiesServed, noReach, type TripActor } from "../trips/trip-actor.ts";

/** Tells who looks at the board. */
export type FindViewer = (user: UserIdentity) => Promise<TripActor>;

const maxAgeMs = 1_000;

/** Makes what tells who looks at the board: what is open to an agency is read once a second for all of its people. */
export function createFindViewer(database: Database): FindViewer {
  const reaches = new SharedLook<AgencyReach>({
    maxAgeMs,
    load: async (ids) => {
      const agencies = await findAgencies(database.fork(), ids);
      return new Map(
        agencies.map(({ id, isActive, serviceArea }) => [id, { isActive, counties: countiesServed(serviceArea) }]),
      );
    },
  });
  return async ({ userType, userId, organizationId = "" }) => {
    switch (userType) {
      case "CENTER":
        return { type: "CENTER", userId };
      case "HOSPITAL":
        return { type: "HOSPITAL", userId, hospitalId: organizationId };
      case "EMS":
        return { type: "EMS", userId, agencyId: organizationId, reach: (await reaches.get(organizationId)) ?? noReach };
    }
  };
}
