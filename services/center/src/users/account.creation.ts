import type { FirstAdmin } from "#gen/medport/center/v1/user_pb.ts";
import { Reason } from "#gen/medport/errors/v1/reason_pb.ts";
import type { Role } from "#platform/auth/principal.ts";
import type { Tx } from "#platform/database/database.ts";
import type { Work } from "#platform/database/unit-of-work.ts";
import { notFound, type Refusal, refuse, resourceInfo } from "#platform/rpc/refusal.ts";
import { agencyExists } from "../agencies/agency.store.ts";
import { insertMetric } from "../analytics/metric.store.ts";
import { hospitalExists } from "../hospitals/hospital.store.ts";
import { lockName } from "../name-lock.ts";
import type { PasswordHasher } from "../passwords/password.hasher.ts";
import { checkNewPassword } from "../passwords/password.ts";
import { saveReference } from "../references/reference.store.ts";
import { deleteReservation, findReservation, insertReservation } from "./email-reservation.store.ts";
import { fieldRefusal } from "./field.refusal.ts";
import { userCreated } from "./user.events.ts";
import { insertUser, isEmailTaken } from "./user.store.ts";
import { type Membership, normalEmail, organizationOf, type User, type UserId } from "./user.ts";

/** A person who is to get an account, after everything that can be checked without the database. Fit to be stored. */
export interface CheckedPerson {
  /** In normal form. */
  readonly email: string;
  readonly name: string;
  readonly passwordHash: string;
  readonly mustChangePassword: boolean;
}

/** An account to be created. */
export interface NewAccount extends CheckedPerson {
  readonly membership: Membership;
  readonly roles: readonly Role[];
}

/** A person as a request describes one. */
export type DescribedPerson = Pick<FirstAdmin, "email" | "name" | "password" | "mustChangePassword">;

/**
 * Checks what can be checked without the database, and hashes the password: a quarter of a second, so never within a
 * transaction. A request that is kept to recognize its repetition must be kept without the password.
 * @param path where the person stands in the request, such as `admin.`; empty at its top.
 * @throws Refusal VALIDATION_FAILED that names the field, or RATE_LIMITED if too many are hashing.
 */
export async function checkPerson(
  { email: givenEmail, name: givenName, password, mustChangePassword }: DescribedPerson,
  hasher: PasswordHasher,
  path = "",
): Promise<CheckedPerson> {
  const [email, name] = [normalEmail(givenEmail), givenName.trim()];
  if (name === "") throw fieldRefusal(`${path}name`, "must not be blank");
  const decision = checkNewPassword(password, [email, name]);
  if (!decision.ok) throw fieldRefusal(`${path}password`, decision.problem);
  return { email, name, passwordHash: await hasher.hash(password), mustChangePassword };
}

/**
 * Keeps an e-mail address for an account that is to be created later, in another transaction: until `releaseEmail` or
 * the account, nobody else gets it. May be repeated by the same holder.
 * @param holder what the address is kept for, such as the id of a registration. One holder keeps one address.
 * @throws Refusal RESOURCE_EXISTS if an account or another holder has the address.
 */
export async function reserveEmail(tx: Tx, email: string, holder: string, now: Date): Promise<void> {
  await assertEmailIsFree(tx, email, holder);
  await insertReservation(tx, { email, holder, reservedAt: now });
}

/** Gives back the address that a holder kept. May be repeated. */
export async function releaseEmail(tx: Tx, holder: string): Promise<void> {
  await deleteReservation(tx, holder);
}

/** How an account comes into being. */
export interface AccountOptions {
  /** Who keeps the e-mail address until now, if `reserveEmail` was asked; nobody does afterwards. */
  readonly reservedBy?: string;
}

/**
 * Creates the first admin of an organization that the same transaction has added, or an earlier one.
 * @throws Refusal as `addAccount` does.
 */
export function addFirstAdmin(
  work: Work,
  { person, membership, id }: { readonly person: CheckedPerson; readonly membership: Membership; readonly id: UserId },
  options: AccountOptions = {},
): Promise<User> {
  return addAccount(work, { ...person, membership, roles: ["orgAdmin"] }, id, options);
}

/**
 * Creates an account and tells the world. The one way in which accounts come into being, the very first included.
 * @throws Refusal RESOURCE_EXISTS if the e-mail address is taken or kept for another, RESOURCE_NOT_FOUND if the
 * organization is unknown.
 */
export async function addAccount(
  work: Work,
  account: NewAccount,
  id: UserId,
  { reservedBy }: AccountOptions = {},
): Promise<User> {
  const { tx, now } = work;
  const { passwordHash, ...rest } = account;
  await assertEmailIsFree(tx, account.email, reservedBy);
  if (reservedBy !== undefined) await deleteReservation(tx, reservedBy);
  await assertOrganizationExists(tx, account.membership);
  const user: User = { ...rest, id, active: true, version: 1, createTime: now, updateTime: now };
  await insertUser(tx, user, passwordHash);
  await saveEmployer(tx, user, now);
  const metadata = { userType: user.membership.userType };
  await insertMetric(tx, { name: "user.created", value: 1, category: "USER", time: now, metadata });
  work.emit(userCreated(user));
  work.touched("user", user.id);
  return user;
}

/** Makes sure that an address is free, and that it stays so until the transaction ends. */
async function assertEmailIsFree(tx: Tx, email: string, holder: string | undefined): Promise<void> {
  await lockName(tx, "user_email", email);
  const reservation = await findReservation(tx, email);
  if (reservation && reservation.holder !== holder) throw emailTaken();
  if (await isEmailTaken(tx, email)) throw emailTaken();
}

function emailTaken(): Refusal {
  return refuse(Reason.RESOURCE_EXISTS, "an account with this e-mail address exists", {
    details: [resourceInfo("user", "", "the e-mail address is taken")],
  });
}

async function assertOrganizationExists(tx: Tx, membership: Membership): Promise<void> {
  switch (membership.userType) {
    case "CENTER":
      return;
    case "HOSPITAL":
      if (!(await hospitalExists(tx, membership.organizationId))) throw notFound("hospital", membership.organizationId);
      return;
    case "EMS":
      if (!(await agencyExists(tx, membership.organizationId))) throw notFound("agency", membership.organizationId);
      return;
    default:
      membership satisfies never;
  }
}

/** An agency is EMS's, so that no foreign key can hold its people to it; a hospital is Center's own. */
async function saveEmployer(tx: Tx, { id, membership }: User, now: Date): Promise<void> {
  const agencyId = organizationOf(membership);
  if (membership.userType !== "EMS" || agencyId === undefined) return;
  await saveReference(
    tx,
    {
      entityType: "user",
      entityId: id,
      sourceDatabase: "center",
      referenceType: "agency",
      referenceId: agencyId,
      targetDatabase: "ems",
    },
    now,
  );
}
