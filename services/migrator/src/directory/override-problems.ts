import type { Directory, DirectoryInput } from "./directory.ts";
import type { Overrides } from "./overrides.ts";
import { normalEmail } from "./registrations.ts";

/**
 * What an operator's overrides name that is not there, one sentence each: a run should say so before it begins, because a
 * slip of the pen in an address would otherwise do nothing.
 */
export function overrideProblems(
  { users, facilities }: Overrides,
  input: DirectoryInput,
  directory: Directory,
): readonly string[] {
  const emails = new Set(input.users.map(({ email }) => normalEmail(email)));
  const isHospital = (id: string | undefined): boolean => id === undefined || directory.hospitalIds.has(id);
  return [
    ...[...users].flatMap(([email, override]) => [
      ...(emails.has(email) ? [] : [`users: nobody in table User has the address ${email}`]),
      ...(override.type !== "HOSPITAL" || isHospital(override.hospitalId)
        ? []
        : [`users: ${email} names hospital ${override.hospitalId}, which there is not`]),
      ...(override.type !== "EMS" ||
      override.agencyId === undefined ||
      directory.agency(override.agencyId)?.isReal === true
        ? []
        : [`users: ${email} names agency ${override.agencyId}, which there is not`]),
    ]),
    ...[...facilities].flatMap(([id, { hospitalId }]) => [
      ...(directory.facility(id) ? [] : [`facilities: there is no facility ${id}`]),
      ...(isHospital(hospitalId) ? [] : [`facilities: ${id} names hospital ${hospitalId}, which there is not`]),
    ]),
  ];
}
