import type { Role, UserType } from "#platform/auth/principal.ts";
import type { Id } from "#platform/id.ts";

/** Identifies an account. */
export type UserId = Id<"User">;

/** Whom a person acts for: Center's people for Center itself, everybody else for one organization. */
export type Membership =
  | { readonly userType: "HOSPITAL"; readonly organizationId: string }
  | { readonly userType: "EMS"; readonly organizationId: string }
  | { readonly userType: "CENTER" };

/** That of people of the former system of whom nobody knows for whom they act: they act for nobody, and see nothing. */
export type UnknownMembership = { readonly userType: "HOSPITAL" | "EMS" };

/** A person with an account. */
export interface User {
  readonly id: UserId;
  readonly email: string;
  readonly name: string;
  readonly membership: Membership | UnknownMembership;
  readonly roles: readonly Role[];
  readonly active: boolean;
  /** Logging in demands a new password first. */
  readonly mustChangePassword: boolean;
  /** Access tokens issued before this time, which is a whole second, are worth nothing. */
  readonly tokensValidFrom?: Date;
  readonly version: number;
  readonly createTime: Date;
  readonly updateTime: Date;
}

/** Who creates an account. */
export interface AccountCreator {
  readonly userType: UserType;
  readonly organizationId?: string;
}

/** What is wanted of a new account's membership. */
export interface WantedMembership {
  readonly userType: UserType;
  /** Empty if not named. */
  readonly organizationId: string;
}

/** Whether an account may be created, and for whom. */
export type MembershipDecision =
  | { readonly ok: true; readonly membership: Membership }
  | { readonly ok: false; readonly reason: "ACTION_NOT_ALLOWED" | "VALIDATION_FAILED"; readonly problem: string };

/**
 * Decides for whom a new account acts. Center creates any account; an organization's admin only accounts of the own
 * organization. Says nothing about whether another organization exists.
 */
export function decideMembership(creator: AccountCreator, wanted: WantedMembership): MembershipDecision {
  if (creator.userType !== "CENTER") return decideOwnMembership(creator, wanted);
  if (wanted.userType === "CENTER") {
    return wanted.organizationId === ""
      ? { ok: true, membership: { userType: "CENTER" } }
      : { ok: false, reason: "VALIDATION_FAILED", problem: "must be empty for Center's people" };
  }
  return wanted.organizationId === ""
    ? { ok: false, reason: "VALIDATION_FAILED", problem: "is demanded for people of hospitals and agencies" }
    : { ok: true, membership: { userType: wanted.userType, organizationId: wanted.organizationId } };
}

function decideOwnMembership(creator: AccountCreator, wanted: WantedMembership): MembershipDecision {
  const { userType, organizationId } = creator;
  const isOwn = wanted.organizationId === "" || wanted.organizationId === organizationId;
  if (userType === "CENTER" || organizationId === undefined || wanted.userType !== userType || !isOwn) {
    return {
      ok: false,
      reason: "ACTION_NOT_ALLOWED",
      problem: "accounts can only be created within the own organization",
    };
  }
  return { ok: true, membership: { userType, organizationId } };
}

/** An e-mail address as accounts are told apart by it. */
export function normalEmail(email: string): string {
  return email.trim().toLowerCase();
}

/** The organization that a person acts for; undefined for Center's people, and if nobody knows it. */
export function organizationOf(membership: Membership | UnknownMembership): string | undefined {
  return "organizationId" in membership ? membership.organizationId : undefined;
}
