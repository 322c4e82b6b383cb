import { LockMode, type SqlEntityManager } from "@mikro-orm/postgresql";
import type { UserType } from "#platform/auth/principal.ts";
import type { Tx } from "#platform/database/database.ts";
import { lockName } from "../name-lock.ts";
import { UserEntity, type UserRow } from "./user.entity.ts";
import { organizationOf, type Membership, type UnknownMembership, type User, type UserId } from "./user.ts";

/** Which accounts to list. */
export interface UserFilter {
  /** Of this organization; of all if absent. */
  readonly organizationId?: string;
  /** Only of this kind, whatever else is asked for: organizations of two kinds may have the same id. */
  readonly within?: UserType;
  /** Any of these; all if empty. */
  readonly userTypes: readonly UserType[];
  /** Only those that can log in. */
  readonly activeOnly: boolean;
  /** Only those whose name or e-mail address has this in it, in any case; all if empty. */
  readonly contains: string;
}

/** One page of accounts: after an e-mail address. */
export interface UserListing extends UserFilter {
  /** Empty from the start. */
  readonly afterEmail: string;
  readonly limit: number;
}

/** The account with this id, as it is at this moment; undefined if there is none. */
export async function findUser(em: SqlEntityManager, id: UserId): Promise<User | undefined> {
  const row = await em.findOne(UserEntity, { id }, { disableIdentityMap: true });
  return row ? userFromRow(row) : undefined;
}

/** The account with this id, which nobody else changes until the transaction ends; undefined if there is none. */
export async function lockUser(tx: Tx, id: UserId): Promise<User | undefined> {
  const lockMode = LockMode.PESSIMISTIC_WRITE;
  const row = await tx.findOne(UserEntity, { id }, { lockMode, disableIdentityMap: true });
  return row ? userFromRow(row) : undefined;
}

/** Like `lockUser` for those who only read: they do not wait for each other. */
export async function lockUserForReading(tx: Tx, id: UserId): Promise<User | undefined> {
  const lockMode = LockMode.PESSIMISTIC_READ;
  const row = await tx.findOne(UserEntity, { id }, { lockMode, disableIdentityMap: true });
  return row ? userFromRow(row) : undefined;
}

/**
 * Waits until nobody else changes who administers an organization, and keeps it so until the transaction ends: of two
 * who take each other's office at once, the second sees what the first did. To be taken before any account is locked.
 */
export function lockAdminsOf(tx: Tx, membership: Membership | UnknownMembership): Promise<void> {
  return lockName(tx, "organization_admins", organizationOf(membership) ?? "center");
}

/** How many others administer this account's organization and can log in. */
export async function countOtherAdmins(tx: Tx, { id, membership }: User): Promise<number> {
  return tx.count(UserEntity, {
    id: { $ne: id },
    ...membershipColumns(membership),
    isActive: true,
    roles: { $contains: ["orgAdmin"] },
  });
}

/** Accounts by e-mail address. */
export async function listUsers(em: SqlEntityManager, listing: UserListing): Promise<readonly User[]> {
  const { organizationId, within, userTypes, activeOnly, contains, afterEmail, limit } = listing;
  const pattern = `%${contains.replaceAll(/[\\%_]/g, String.raw`\$&`)}%`;
  const rows = await em.find(
    UserEntity,
    {
      $and: [
        { email: { $gt: afterEmail } },
        organizationId === undefined ? {} : { $or: [{ hospitalId: organizationId }, { agencyId: organizationId }] },
        within === undefined ? {} : { userType: within },
        userTypes.length === 0 ? {} : { userType: { $in: [...userTypes] } },
        activeOnly ? { isActive: true } : {},
        contains === "" ? {} : { $or: [{ name: { $ilike: pattern } }, { email: { $ilike: pattern } }] },
      ],
    },
    { orderBy: { email: "asc" }, limit, disableIdentityMap: true },
  );
  return rows.map(userFromRow);
}

/** Whether an account has this e-mail address, in normal form. */
export async function isEmailTaken(em: SqlEntityManager, email: string): Promise<boolean> {
  return (await em.count(UserEntity, { email })) > 0;
}

/** Whether anybody acts for Center yet. */
export async function hasCenterUser(em: SqlEntityManager): Promise<boolean> {
  return (await em.count(UserEntity, { userType: "CENTER" })) > 0;
}

/** Adds an account. @throws UniqueConstraintViolationException if the e-mail address was taken meanwhile. */
export async function insertUser(tx: Tx, user: User, passwordHash: string): Promise<void> {
  await tx.insert(UserEntity, {
    ...columnsOf(user),
    id: user.id,
    email: user.email,
    passwordHash,
    ...membershipColumns(user.membership),
    createdAt: user.createTime,
    importedAt: null,
  });
}

/** Saves what may change about an account, and with it a new password's hash if there is one. */
export async function saveUser(tx: Tx, user: User, passwordHash?: string): Promise<void> {
  const columns = { ...columnsOf(user), ...(passwordHash !== undefined && { passwordHash }) };
  await tx.nativeUpdate(UserEntity, { id: user.id }, columns);
}

function columnsOf({ name, roles, active, mustChangePassword, tokensValidFrom, version, updateTime }: User) {
  return {
    name,
    roles: [...roles],
    isActive: active,
    mustChangePassword,
    tokensValidFrom: tokensValidFrom ?? null,
    version,
    updatedAt: updateTime,
  };
}

function membershipColumns(membership: Membership | UnknownMembership) {
  const organizationId = organizationOf(membership) ?? null;
  return {
    userType: membership.userType,
    hospitalId: membership.userType === "HOSPITAL" ? organizationId : null,
    agencyId: membership.userType === "EMS" ? organizationId : null,
  };
}

/** The account of a row, without its credentials. The one place where a row becomes an account. */
export function userFromRow(row: UserRow): User {
  return {
    id: row.id as UserId,
    email: row.email,
    name: row.name,
    membership: membershipFromRow(row),
    roles: row.roles,
    active: row.isActive,
    mustChangePassword: row.mustChangePassword,
    ...(row.tokensValidFrom && { tokensValidFrom: row.tokensValidFrom }),
    version: row.version,
    createTime: row.createdAt,
    updateTime: row.updatedAt,
  };
}

function membershipFromRow({ userType, hospitalId, agencyId }: UserRow): Membership | UnknownMembership {
  if (userType === "CENTER") return { userType };
  const organizationId = userType === "HOSPITAL" ? hospitalId : agencyId;
  // A check of the table sees to it that imported accounts alone may lack it.
  return organizationId ? { userType, organizationId } : { userType };
}
