import { type Clock, systemClock } from "#platform/clock.ts";
import { openDatabase } from "#platform/database/database.ts";
import { createUnitOfWork } from "#platform/database/unit-of-work.ts";
import { type IdSource, newId } from "#platform/id.ts";
import type { Logger } from "#platform/telemetry/log.ts";
import { entities } from "../entities.ts";
import { lockName } from "../name-lock.ts";
import { createPasswordHasher } from "../passwords/password.hasher.ts";
import { checkNewPassword } from "../passwords/password.ts";
import { addAccount } from "./account.creation.ts";
import { hasCenterUser } from "./user.store.ts";
import { normalEmail, type UserId } from "./user.ts";

/** Whom to create, and where. */
export interface FirstAdminOptions {
  /** Center's database, migrated, in the name of its application or its owner. */
  readonly databaseUrl: string;
  readonly email: string;
  readonly password: string;
  readonly name: string;
  readonly log: Logger;
  readonly clock?: Clock;
  readonly newId?: IdSource;
}

/**
 * Creates the first account of Center, which creates all others: admin and dispatcher. The event about it is told when
 * Center runs. May be repeated: does nothing once Center has any account.
 * @returns whether it was created now.
 * @throws Error if the password breaks a rule.
 */
export async function createFirstAdmin(options: FirstAdminOptions): Promise<boolean> {
  const { databaseUrl, log, clock = systemClock, newId: ids = newId } = options;
  const [email, name] = [normalEmail(options.email), options.name.trim()];
  const decision = checkNewPassword(options.password, [email, name]);
  if (!decision.ok) throw new Error(`the first account's password ${decision.problem}`);
  await using parts = new AsyncDisposableStack();
  const opened = await openDatabase({ url: databaseUrl, service: "center", entities, poolSize: 2, log });
  const database = parts.adopt(opened, (it) => it.close());
  if (await hasCenterUser(database.fork())) return false;
  const passwordHash = await (await createPasswordHasher()).hash(options.password);
  const unitOfWork = createUnitOfWork({ database, service: "center", clock, newId: ids });
  return await unitOfWork.system("center.create-first-admin", async (work) => {
    // Two who set up at once must not create two.
    await lockName(work.tx, "user", "first admin");
    if (await hasCenterUser(work.tx)) return false;
    const membership = { userType: "CENTER" } as const;
    await addAccount(
      work,
      { email, name, membership, roles: ["orgAdmin", "dispatcher"], passwordHash, mustChangePassword: false },
      ids() as UserId,
    );
    return true;
  });
}
