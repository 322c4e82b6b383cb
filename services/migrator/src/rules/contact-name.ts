/** A person of an agency, as far as it matters to whom one turns there. */
export interface AgencyContact {
  readonly name: string;
  readonly role: string;
  readonly isActive: boolean;
}

/**
 * To whom one turns at an agency (R-CONTACT): whom it named, else its first active ADMIN, else the agency by its name.
 * @param people in the order in which they came.
 */
export function contactNameFrom(
  contactName: string | null,
  people: readonly AgencyContact[],
  agencyName: string,
): string {
  if (contactName !== null && !isBlank(contactName)) return contactName;
  const admin = people.find(({ name, role, isActive }) => isActive && role === "ADMIN" && !isBlank(name));
  return admin?.name ?? agencyName;
}

function isBlank(text: string): boolean {
  return text.trim() === "";
}
