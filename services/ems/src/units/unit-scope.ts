import type { UserIdentity } from "#platform/auth/caller.ts";
import type { Unit } from "./unit.ts";

/** Whether a unit exists for somebody at all: for its own agency's people, and for Center's. */
export function mayTouch({ agencyId }: Unit, user: UserIdentity | undefined): boolean {
  return user?.userType === "CENTER" || (user?.userType === "EMS" && user.organizationId === agencyId);
}
