import type { SqlEntityManager } from "@mikro-orm/postgresql";
import type { Tx } from "#platform/database/database.ts";
import { UserEntity, type UserRow } from "./user.entity.ts";
import { organizationOf, type Membership, type User, type UserId } from "./user.ts";

/** Which accounts to list: after an e-mail address, of one organization if one is named. */
export interface UserListing {
  readonly organizationId?: string;
  /** Empty from the start. */
  readonly afterEmail: string;
  readonly limit: number;
}

/** The account with this id; undefined if there is none. */
export async function findUser(em: SqlEntityManager, id: UserId): Promise<User | undefined> {
  const row = await em.findOne(UserEntity, { id });
  return row ? userFromRow(row) : undefined;
}

/** Accounts by e-mail address. */
export async function listUsers(em: SqlEntityManager, listing: UserListing): Promise<readonly User[]> {
  const { organizationId, afterEmail, limit } = listing;
  const rows = await em.find(
    UserEntity,
    {
      email: { $gt: afterEmail },
      ...(organizationId !== undefined && { $or: [{ hospitalId: organizationId }, { agencyId: organizationId }] }),
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
  const organizationId = organizationOf(user.membership) ?? null;
  await tx.insert(UserEntity, {
    id: user.id,
    email: user.email,
    passwordHash,
    name: user.name,
    userType: user.membership.userType,
    hospitalId: user.membership.userType === "HOSPITAL" ? organizationId : null,
    agencyId: user.membership.userType === "EMS" ? organizationId : null,
    roles: [...user.roles],
    isActive: user.active,
    version: user.version,
    createdAt: user.createTime,
    updatedAt: user.updateTime,
    importedAt: null,
  });
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
    version: row.version,
    createTime: row.createdAt,
    updateTime: row.updatedAt,
  };
}

function membershipFromRow({ id, userType, hospitalId, agencyId }: UserRow): Membership {
  if (userType === "CENTER") return { userType };
  const organizationId = userType === "HOSPITAL" ? hospitalId : agencyId;
  // A check of the table forbids it; without an organization the account would see what it must not.
  if (!organizationId) throw new Error(`the account ${id} acts for no organization`);
  return { userType, organizationId };
}
