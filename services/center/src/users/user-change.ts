import type { Role } from "#platform/auth/principal.ts";
import { organizationOf, type User, type UserId } from "./user.ts";

/** What is wanted of an account; what is absent stays. */
export interface WantedDetails {
  readonly name?: string;
  readonly roles?: readonly Role[];
}

/** What a decision about an account rests on, beside the account. */
export interface ChangeSituation {
  /** Who wants the change. */
  readonly actor: UserId;
  /** How many others administer the organization and can log in. */
  readonly otherAdmins: number;
  /** Read after the account was locked: every token issued until now was issued before. */
  readonly now: Date;
}

/** The account as it shall be, which is the very same one if nothing changes; or why not. */
export type ChangeDecision =
  | { readonly ok: true; readonly user: User }
  | {
      readonly ok: false;
      readonly reason: "ACTION_NOT_ALLOWED" | "LAST_ADMIN";
      readonly problem: string;
    };

/** Decides about a new name and new roles. New roles hold at once: tokens that carry the old ones end. */
export function decideUpdate(user: User, wanted: WantedDetails, situation: ChangeSituation): ChangeDecision {
  const { actor, otherAdmins, now } = situation;
  const { name = user.name, roles = user.roles } = wanted;
  const rolesChange = !isSameSet(roles, user.roles);
  if (rolesChange && user.id === actor) return refused("nobody changes the own roles");
  if (rolesChange && isLastAdmin(user, otherAdmins) && !roles.includes("orgAdmin")) return lastAdmin;
  if (name === user.name && !rolesChange) return { ok: true, user };
  const changed = rolesChange ? { ...user, roles, tokensValidFrom: endOfTokens(user, now) } : user;
  return { ok: true, user: nextVersion({ ...changed, name }, now) };
}

/** Decides whether an account is shut. One that is shut already stays as it is. */
export function decideDisabling(user: User, { actor, otherAdmins, now }: ChangeSituation): ChangeDecision {
  if (user.id === actor) return refused("nobody shuts the own account");
  if (!user.active) return { ok: true, user };
  if (isLastAdmin(user, otherAdmins)) return lastAdmin;
  return { ok: true, user: nextVersion({ ...user, active: false, tokensValidFrom: endOfTokens(user, now) }, now) };
}

/** An account that is opened again. One that is open stays as it is. */
export function enabled(user: User, now: Date): User {
  return user.active ? user : nextVersion({ ...user, active: true }, now);
}

/**
 * Decides whether an account is given a temporary password. Not by its owner, who would not have to know the present
 * one.
 */
export function decideReset(user: User, { actor, now }: Pick<ChangeSituation, "actor" | "now">): ChangeDecision {
  if (user.id === actor) return refused("the own password is changed, not reset");
  const reset = { ...user, mustChangePassword: true, tokensValidFrom: endOfTokens(user, now) };
  return { ok: true, user: nextVersion(reset, now) };
}

/** An account whose owner has chosen a new password. */
export function withNewPassword(user: User, now: Date): User {
  return nextVersion({ ...user, mustChangePassword: false }, now);
}

/**
 * From when on tokens are believed, if those issued until now are not: the next whole second, because a token tells the
 * second of its issue and no more; and never the same twice, so that each change ends the tokens issued since the last.
 */
export function endOfTokens({ tokensValidFrom }: Pick<User, "tokensValidFrom">, now: Date): Date {
  const nextSecond = Math.floor(now.getTime() / 1_000) + 1;
  const afterLast = tokensValidFrom ? Math.floor(tokensValidFrom.getTime() / 1_000) + 1 : 0;
  return new Date(Math.max(nextSecond, afterLast) * 1_000);
}

function nextVersion(user: User, now: Date): User {
  return { ...user, version: user.version + 1, updateTime: now };
}

function isLastAdmin({ active, roles, membership }: User, otherAdmins: number): boolean {
  // Whoever acts for nobody administers nothing.
  const hasOffice = membership.userType === "CENTER" || organizationOf(membership) !== undefined;
  return active && roles.includes("orgAdmin") && hasOffice && otherAdmins === 0;
}

const lastAdmin: ChangeDecision = {
  ok: false,
  reason: "LAST_ADMIN",
  problem: "the organization's last admin stays one",
};

function refused(problem: string): ChangeDecision {
  return { ok: false, reason: "ACTION_NOT_ALLOWED", problem };
}

function isSameSet(some: readonly Role[], others: readonly Role[]): boolean {
  return some.length === others.length && some.every((role) => others.includes(role));
}
