import type { Person, DirectoryEvidence, DirectoryInput } from "./directory.ts";
import { sharedHospitalId } from "./directory.ts";
import type { TargetTables } from "../target/target-tables.ts";
import { whyUnusable } from "./moved-rows.ts";
import type { People } from "./people.ts";

/**
 * Hospital's copy of people whom its trips and preferences name though their accounts are not a hospital's (R-HU): Center's
 * people, people whose hospital nobody knows, and those in quarantine. They stand under the shared hospital. The copy of all
 * others follows from their accounts.
 */
export function otherHospitalUsers(
  input: DirectoryInput,
  evidence: DirectoryEvidence,
  people: People,
): readonly TargetTables["hospital.hospital_user"][] {
  const owners = new Set(input.preferences.map(({ hospitalId }) => hospitalId));
  const accounts = new Map(people.accounts.map((account) => [account.id, account]));
  const seen = new Set<string>();
  return input.users.flatMap((user) => {
    const person = people.users.get(user.id);
    const isNamed = evidence.originsByCreator.has(user.id) || owners.has(user.id);
    if (!person || isCopied(person) || !(isNamed || person.type === "HOSPITAL")) return [];
    // In quarantine for what no silo could read.
    if (whyUnusable(user) !== undefined) return [];
    const { userId, email, name, hospitalId } = person;
    if (seen.size === seen.add(userId).size) return [];
    const account = accounts.get(userId);
    const row = {
      active: person.hasAccount && (account?.is_active ?? false),
      created_at: account?.created_at ?? user.createdAt,
      email,
      hospital_id: hospitalId ?? sharedHospitalId,
      id: userId,
      name,
      updated_at: account?.updated_at ?? user.updatedAt,
      version: 1,
    };
    return [row];
  });
}

/** True for those whose copy follows from their account. */
export function isCopied({ hasAccount, type, hospitalId }: Person): boolean {
  return hasAccount && type === "HOSPITAL" && hospitalId !== null;
}
