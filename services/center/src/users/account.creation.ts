import { Reason } from "#gen/medport/errors/v1/reason_pb.ts";
import type { Role } from "#platform/auth/principal.ts";
import type { Tx } from "#platform/database/database.ts";
import type { Work } from "#platform/database/unit-of-work.ts";
import { notFound, refuse, resourceInfo } from "#platform/rpc/refusal.ts";
import { agencyExists } from "../agencies/agency.store.ts";
import { insertMetric } from "../analytics/metric.store.ts";
import { hospitalExists } from "../hospitals/hospital.store.ts";
import { lockName } from "../name-lock.ts";
import { saveReference } from "../references/reference.store.ts";
import { userCreated } from "./user.events.ts";
import { insertUser, isEmailTaken } from "./user.store.ts";
import type { Membership, User, UserId } from "./user.ts";

/** An account to be created, after everything that can be checked without the database. */
export interface NewAccount {
  /** In normal form. */
  readonly email: string;
  readonly name: string;
  readonly membership: Membership;
  readonly roles: readonly Role[];
  readonly passwordHash: string;
}

/**
 * Creates an account and tells the world. The one way in which accounts come into being, the very first included.
 * @throws Refusal RESOURCE_EXISTS if the e-mail address is taken, RESOURCE_NOT_FOUND if the organization is unknown.
 */
export async function addAccount(work: Work, account: NewAccount, id: UserId): Promise<User> {
  const { tx, now } = work;
  const { passwordHash, ...rest } = account;
  await lockName(tx, "user_email", account.email);
  if (await isEmailTaken(tx, account.email)) {
    throw refuse(Reason.RESOURCE_EXISTS, "an account with this e-mail address exists", {
      details: [resourceInfo("user", "", "the e-mail address is taken")],
    });
  }
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
  if (membership.userType !== "EMS") return;
  await saveReference(
    tx,
    {
      entityType: "user",
      entityId: id,
      sourceDatabase: "center",
      referenceType: "agency",
      referenceId: membership.organizationId,
      targetDatabase: "ems",
    },
    now,
  );
}
