import { randomInt } from "node:crypto";

/** A person of the sample region, with the password that `up` prints. */
export interface SampleAccount {
  readonly email: string;
  readonly password: string;
  readonly name: string;
  /** The hospital's or the agency's name, or "Center". */
  readonly organization: string;
  readonly userType: "HOSPITAL" | "EMS" | "CENTER";
}

/** The hospital whose coordinator asks for trips in the demonstration. */
export const sampleHospitalName = "UPMC Altoona";

/** Two agencies that serve that hospital's county. */
export const sampleAgencyNames = ["Blair Valley EMS", "Juniata Ridge Ambulance"] as const;

/** The hospital to which the places belong that have none of their own. */
export const sharedDirectoryName = "Shared facility directory";

/** The first account of Center; it registers everybody else. */
export const firstAdminEmail = "admin@center.example";

/** Each hospital's first admin. The first two are those that most people try. */
const hospitalPeople = [
  ["coordinator@altoona.example", "Harper Hill", sampleHospitalName],
  ["coordinator@mountnittany.example", "Noor Nelson", "Mount Nittany Medical Center"],
  ["coordinator@nason.example", "Nell Nash", "Conemaugh Nason Medical Center"],
  ["coordinator@tyrone.example", "Toni Tate", "Penn Highlands Tyrone"],
  ["coordinator@huntingdon.example", "Hollis Hunt", "Penn Highlands Huntingdon"],
  ["coordinator@conemaugh.example", "Cameron Cole", "Conemaugh Memorial Medical Center"],
  ["coordinator@bedford.example", "Billie Beck", "UPMC Bedford"],
  ["coordinator@clearfield.example", "Chris Clay", "Penn Highlands Clearfield"],
  ["coordinator@dubois.example", "Devon Drew", "Penn Highlands DuBois"],
  ["coordinator@elk.example", "Ellis Eden", "Penn Highlands Elk"],
  ["coordinator@geisinger.example", "Gale Gray", "Geisinger Medical Center"],
  ["coordinator@presbyterian.example", "Parker Page", "UPMC Presbyterian"],
  ["directory@center.example", "Sage Stone", sharedDirectoryName],
] as const;

/** Each agency's first admin. */
const agencyPeople = [
  ["dispatch@blairvalley.example", "Blake Brown", sampleAgencyNames[0]],
  ["dispatch@juniataridge.example", "Jules Jones", sampleAgencyNames[1]],
  ["dispatch@nittanytransfer.example", "Nico Novak", "Nittany Transfer Service"],
  ["dispatch@laurelhighlands.example", "Lane Lowe", "Laurel Highlands Critical Care"],
  ["dispatch@elktimber.example", "Emery Ellis", "Elk Timber Ambulance"],
  ["dispatch@bedfordgap.example", "Bryn Baker", "Bedford Gap Ambulance"],
] as const;

type Person = Omit<SampleAccount, "password">;

const people: readonly Person[] = [
  { email: firstAdminEmail, name: "Casey Center", organization: "Center", userType: "CENTER" },
  ...peopleOf("HOSPITAL", hospitalPeople),
  ...peopleOf("EMS", agencyPeople),
];

function peopleOf(
  userType: Person["userType"],
  rows: readonly (readonly [email: string, name: string, organization: string])[],
): readonly Person[] {
  return rows.map(([email, name, organization]) => ({ email, name, organization, userType }));
}

/** The sample region's people, each with a password that nobody has had before. */
export function newSampleAccounts(): readonly SampleAccount[] {
  return withMissingAccounts([]);
}

/** Adds those of the sample region's people who are missing, as an earlier version had fewer. */
export function withMissingAccounts(known: readonly SampleAccount[]): readonly SampleAccount[] {
  const missing = people.filter(({ email }) => known.every((account) => account.email !== email));
  return [...known, ...missing.map((person) => ({ ...person, password: newPassword() }))];
}

// Without letters and digits that look alike: people read these passwords off a terminal.
const alphabet = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";

/** Twenty random characters. */
export function newPassword(): string {
  return Array.from({ length: 20 }, () => alphabet[randomInt(alphabet.length)]).join("");
}
