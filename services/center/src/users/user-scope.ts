import type { UserIdentity } from "#platform/auth/caller.ts";
import { organizationOf, type User } from "./user.ts";

/** Who looks at an account. */
export type Onlooker = Pick<UserIdentity, "userId" | "userType" | "organizationId">;

/**
 * Whether somebody may know that an account exists: Center's people know everybody; others themselves and the people of
 * their own organization.
 */
export function maySee({ userId, userType, organizationId }: Onlooker, user: User): boolean {
  if (userType === "CENTER" || userId === user.id) return true;
  // People of whom nobody knows for whom they act have nothing in common.
  if (organizationId === undefined) return false;
  return userType === user.membership.userType && organizationId === organizationOf(user.membership);
}
