import { checkReplacement } from "../passwords/password.ts";
import type { User } from "../users/user.ts";

/** What somebody brings who logs in. */
export interface BroughtPasswords {
  readonly password: string;
  /** Empty if none. */
  readonly newPassword: string;
}

/** What a login with the right password comes to. */
export type LoginDecision =
  | { readonly outcome: "OPEN" }
  /** The new password takes the temporary one's place. */
  | { readonly outcome: "CHANGE" }
  /** A new password is demanded first. */
  | { readonly outcome: "DEMAND" }
  | { readonly outcome: "REFUSE"; readonly problem: string };

/** Decides about a login with the right password. Pure. */
export function decideLogin(
  { mustChangePassword, email, name }: Pick<User, "mustChangePassword" | "email" | "name">,
  { password, newPassword }: BroughtPasswords,
): LoginDecision {
  if (newPassword === "") return { outcome: mustChangePassword ? "DEMAND" : "OPEN" };
  // Passing it over would leave its owner with a password that does not work.
  if (!mustChangePassword) return { outcome: "REFUSE", problem: "is only taken where a new password is demanded" };
  const decision = checkReplacement(newPassword, password, [email, name]);
  return decision.ok ? { outcome: "CHANGE" } : { outcome: "REFUSE", problem: decision.problem };
}
