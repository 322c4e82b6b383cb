import { Reason } from "#gen/medport/errors/v1/reason_pb.ts";
import type { Work } from "#platform/database/unit-of-work.ts";
import { refuse } from "#platform/rpc/refusal.ts";
import { findAgency } from "../agencies/agency.store.ts";
import { type AgencyReach, countiesServed, noReach, type TripActor } from "./trip-actor.ts";

/**
 * Who acts on trips: the person behind the call, and for an agency's people what is open to the agency.
 * @throws Refusal TOKEN_MISSING if no person is behind the call.
 */
export async function tripActorOf({ tx, caller }: Pick<Work, "tx" | "caller">): Promise<TripActor> {
  const { user } = caller;
  if (!user) throw refuse(Reason.TOKEN_MISSING, "a user's token is demanded");
  const { userId, userType, organizationId = "" } = user;
  switch (userType) {
    case "CENTER":
      return { type: "CENTER", userId };
    case "HOSPITAL":
      return { type: "HOSPITAL", userId, hospitalId: organizationId };
    case "EMS": {
      const agency = await findAgency(tx, organizationId);
      const reach: AgencyReach = agency
        ? { isActive: agency.isActive, counties: countiesServed(agency.serviceArea) }
        : noReach;
      return { type: "EMS", userId, agencyId: organizationId, reach };
    }
  }
}
