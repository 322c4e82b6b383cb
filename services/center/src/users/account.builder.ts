import type { Database } from "#platform/database/database.ts";
import { createUnitOfWork } from "#platform/database/unit-of-work.ts";
import { newId } from "#platform/id.ts";
import { createPasswordHasher } from "../passwords/password.hasher.ts";
import { addAccount, type NewAccount } from "./account.creation.ts";
import type { User, UserId } from "./user.ts";

/** A password that keeps the rules. */
export const goodPassword = "seven violet otters";

/** Another one. */
export const betterPassword = "nine amber herons wade";

/** An account that is in no database; name only what the test is about. */
export function anAccount(over: Partial<User> = {}): User {
  const then = new Date("2026-01-01T00:00:00Z");
  return {
    id: "user-1" as UserId,
    email: "harper@altoona.example",
    name: "Harper Hill",
    membership: { userType: "HOSPITAL", organizationId: "hospital-1" },
    roles: ["dispatcher"],
    active: true,
    mustChangePassword: false,
    version: 1,
    createTime: then,
    updateTime: then,
    ...over,
  };
}

/** Creates an account as the service does, hashed cheaply; name only what the test is about. Of Center unless said otherwise. */
export async function createAccount(
  database: Database,
  { password = goodPassword, ...over }: Partial<Omit<NewAccount, "passwordHash">> & { readonly password?: string } = {},
): Promise<User> {
  const hasher = await createPasswordHasher({ cost: 4 });
  const passwordHash = await hasher.hash(password);
  const unitOfWork = createUnitOfWork({ database, service: "center", clock: () => new Date(), newId });
  const id = newId();
  const account = {
    email: `${id}@center.example`,
    name: "Casey Center",
    membership: { userType: "CENTER" },
    roles: ["orgAdmin", "dispatcher"],
    passwordHash,
    mustChangePassword: false,
    ...over,
  } as const;
  return unitOfWork.system("test.create-account", (work) => addAccount(work, account, id as UserId));
}
