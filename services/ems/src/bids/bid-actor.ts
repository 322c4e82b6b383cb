import type { UserIdentity } from "#platform/auth/caller.ts";
import { type Decision, granted, refused } from "../decisions/decision.ts";

/** For whom somebody acts, as the request names it. */
export interface OnBehalf {
  /** Demanded of Center. */
  readonly agencyId: string;
  /** Demanded of Center. Free text. */
  readonly overrideReason: string;
}

/** An agency that acts on bids, itself or through Center. */
export interface BidActor {
  readonly agencyId: string;
  readonly userId: string;
  /** Why Center acts in the agency's place. Free text. */
  readonly overrideReason?: string;
}

/** For which agency somebody acts: its own people for it alone, Center for the one that it names, with a reason. */
export function bidActor(user: UserIdentity, { agencyId, overrideReason }: OnBehalf): Decision<BidActor> {
  const { userId, userType, organizationId = "" } = user;
  if (userType === "CENTER") {
    if (agencyId === "") return refused("VALIDATION_FAILED", "agency_id is demanded of Center");
    if (overrideReason.trim() === "") return refused("VALIDATION_FAILED", "override_reason is demanded of Center");
    return granted({ agencyId, userId, overrideReason });
  }
  if (agencyId !== "" && agencyId !== organizationId) return refused("RESOURCE_NOT_FOUND", `no agency ${agencyId}`);
  return granted({ agencyId: organizationId, userId });
}

/** Who acts on a bid that exists: its agency's own people, or Center with a reason. To anybody else it does not exist. */
export function actorOnBid(
  bid: { readonly id: string; readonly agencyId: string },
  user: UserIdentity,
  overrideReason: string,
): Decision<BidActor> {
  const { userType, organizationId } = user;
  if (userType !== "CENTER" && bid.agencyId !== organizationId)
    return refused("RESOURCE_NOT_FOUND", `no bid ${bid.id}`);
  return bidActor(user, { agencyId: bid.agencyId, overrideReason });
}
