import type { Database } from "#platform/database/database.ts";
import { createUnitOfWork } from "#platform/database/unit-of-work.ts";
import { newId } from "#platform/id.ts";
import { createPasswordHasher } from "../passwords/password.hasher.ts";
import { addAccount, type NewAccount } from "./account.creation.ts";
import type { User, UserId } from "./user.ts";

/** A password that keeps the rules. */
export const goodPassword = "seven violet otters";

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
    ...over,
  } as const;
  return unitOfWork.system("test.create-account", (work) => addAccount(work, account, id as UserId));
}
