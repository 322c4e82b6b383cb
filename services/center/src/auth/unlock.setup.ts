import { type Clock, systemClock } from "#platform/clock.ts";
import { openDatabase } from "#platform/database/database.ts";
import { createUnitOfWork } from "#platform/database/unit-of-work.ts";
import { newId } from "#platform/id.ts";
import type { Logger } from "#platform/telemetry/log.ts";
import { entities } from "../entities.ts";
import { normalEmail } from "../users/user.ts";
import { clearAttempts, findCredentials } from "./login.store.ts";

/** Whose account, and where. */
export interface UnlockOptions {
  /** Center's database, in the name of its application or its owner. */
  readonly databaseUrl: string;
  readonly email: string;
  readonly log: Logger;
  readonly clock?: Clock;
}

/**
 * Lets an account's owner try again after somebody has failed to log in too often: an operator's task, after making sure
 * who asks, where no admin is left who can call UnlockUser. Without it a hundred wrong passwords in a row could close
 * Center's only account for good. May be repeated.
 * @returns false if nobody has the e-mail address.
 */
export async function unlockAccount({ databaseUrl, email, log, clock = systemClock }: UnlockOptions): Promise<boolean> {
  await using parts = new AsyncDisposableStack();
  const opened = await openDatabase({ url: databaseUrl, service: "center", entities, poolSize: 2, log });
  const database = parts.adopt(opened, (it) => it.close());
  const unitOfWork = createUnitOfWork({ database, service: "center", clock, newId });
  return await unitOfWork.system("center.unlock-account", async (work) => {
    const found = await findCredentials(normalEmail(email))(work.tx);
    if (!found) return false;
    await clearAttempts(work.tx, found.user.id, work.now);
    work.touched("user", found.user.id);
    return true;
  });
}
