import type { LegacyAgencyUser, LegacyPreference, LegacyUser } from "../legacy-rows.ts";
import { firstDay, lastDay, later } from "./calendar.ts";
import { nth } from "./dice.ts";
import type { NewRow } from "./insert-rows.ts";
import type { Keys } from "./keys.ts";
import { domainOf, emailOf, personName, phoneOf } from "./names.ts";
import { passwordHash } from "./passwords.ts";
import { type RegionSize, usersPerAgency } from "./region-size.ts";

/** When a hospital was registered: an hour apart, so that nobody else seems to have done it. */
export function registeredAt(hospital: number): Date {
  return later(firstDay, hospital * 60);
}

/** The address that a hospital was registered with. */
export function hospitalEmail(hospital: number): string {
  return `transfers@${domainOf("hospital", hospital)}`;
}

/** An account, of which `over` says what matters. */
export function userRow(
  over: Pick<LegacyUser, "id" | "email"> & Partial<NewRow<LegacyUser>>,
  index: number,
): NewRow<LegacyUser> {
  return {
    password: passwordHash(index),
    name: personName(index),
    role: "COORDINATOR",
    isActive: true,
    createdAt: later(firstDay, index * 60 + 30),
    updatedAt: later(lastDay, -index),
    ...over,
  };
}

/** Row numbers of table User: of a hospital's person, Center's and an agency's. */
export const userIndexes = {
  /** @param place 0 registered the hospital, 1 is its administrator, 2 prefers agencies. */
  ofHospital: ({ hospitals }: RegionSize, hospital: number, place: number): number => place * hospitals + hospital,
  ofStaff: ({ hospitals }: RegionSize, index: number): number => hospitals * 3 + index,
  ofAgency: ({ hospitals, staff }: RegionSize, agency: number): number => hospitals * 3 + staff + agency,
  count: ({ hospitals, staff, agencies }: RegionSize): number => hospitals * 3 + staff + agencies,
};

/** Everybody in table User, each with evidence for one organization. */
export function plainUsers(size: RegionSize, keys: Keys): readonly NewRow<LegacyUser>[] {
  const users: NewRow<LegacyUser>[] = [];
  const add = (over: Pick<LegacyUser, "email"> & Partial<NewRow<LegacyUser>>): void => {
    users.push(userRow({ id: keys.of("User", users.length), ...over }, users.length));
  };
  for (let hospital = 0; hospital < size.hospitals; hospital++) {
    const role = nth(["ADMIN", "COORDINATOR"] as const, hospital);
    add({ email: registrantEmail(hospital), role, createdAt: later(registeredAt(hospital), 0.05) });
  }
  for (const role of ["ADMIN", "COORDINATOR"] as const) {
    for (let hospital = 0; hospital < size.hospitals; hospital++) {
      const email = emailOf(users.length, domainOf("hospital", hospital));
      add({ email, role, createdAt: later(registeredAt(hospital), role === "ADMIN" ? 20 : 40) });
    }
  }
  for (let index = 0; index < size.staff; index++) add({ email: emailOf(users.length, "medport-center.example") });
  for (let agency = 0; agency < size.agencies; agency++) {
    add({ email: agencyLogin(agency, users.length), role: "TRANSPORT_AGENCY" });
  }
  return users;
}

/** Half of those who registered hospitals gave the hospital's address as their own. */
function registrantEmail(hospital: number): string {
  return hospital % 2 === 0 ? hospitalEmail(hospital) : emailOf(hospital, domainOf("hospital", hospital));
}

/** An agency's people are in table User as somebody who is in AgencyUser, too, under the agency's address, or its domain. */
function agencyLogin(agency: number, index: number): string {
  const domain = domainOf("ems", agency);
  if (agency % 3 === 0) return agencyUserEmail(agency * usersPerAgency);
  return agency % 3 === 1 ? `dispatch@${domain}` : emailOf(index, domain);
}

function agencyUserEmail(index: number): string {
  return emailOf(index, domainOf("ems", Math.floor(index / usersPerAgency)));
}

/** The people of the agencies: an administrator, a dispatcher and one who sends bills. */
export function plainAgencyUsers(size: RegionSize, keys: Keys): readonly NewRow<LegacyAgencyUser>[] {
  return Array.from({ length: size.agencyUsers }, (_, index) => ({
    id: keys.of("AgencyUser", index),
    agencyId: keys.of("TransportAgency", Math.floor(index / usersPerAgency)),
    email: agencyUserEmail(index),
    password: passwordHash(index),
    name: personName(index + 7),
    role: nth(["ADMIN", "STAFF", "BILLING_STAFF"] as const, index),
    phone: index % 4 === 0 ? null : phoneOf(index),
    isActive: true,
    lastLogin: index % 5 === 0 ? null : later(lastDay, -index * 7),
    createdAt: later(firstDay, index * 13 + 7),
    updatedAt: later(lastDay, -index),
  }));
}

/** What the hospitals' coordinators prefer: three agencies each. */
export function plainPreferences(size: RegionSize, keys: Keys): readonly NewRow<LegacyPreference>[] {
  return Array.from({ length: size.hospitals * 3 }, (_, index) => {
    const [hospital, place] = [Math.floor(index / 3), index % 3];
    return {
      id: keys.of("HospitalAgencyPreference", index),
      hospitalId: keys.of("User", userIndexes.ofHospital(size, hospital, 2)),
      agencyId: keys.of("TransportAgency", (hospital + place) % size.agencies),
      isActive: index % 7 !== 6,
      preferenceOrder: place,
      notes: place === 0 ? "Quick to answer" : null,
      createdAt: later(firstDay, 3_000 + index),
      updatedAt: later(lastDay, -index),
    };
  });
}
