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

/** The first account of Center; it registers everybody else. */
export const firstAdminEmail = "admin@center.example";

const people = [
  { email: firstAdminEmail, name: "Casey Center", organization: "Center", userType: "CENTER" },
  { email: "coordinator@altoona.example", name: "Harper Hill", organization: sampleHospitalName, userType: "HOSPITAL" },
  {
    email: "coordinator@mountnittany.example",
    name: "Noor Nelson",
    organization: "Mount Nittany Medical Center",
    userType: "HOSPITAL",
  },
  { email: "dispatch@blairvalley.example", name: "Blake Brown", organization: sampleAgencyNames[0], userType: "EMS" },
  { email: "dispatch@juniataridge.example", name: "Jules Jones", organization: sampleAgencyNames[1], userType: "EMS" },
  {
    email: "dispatch@nittanytransfer.example",
    name: "Nico Novak",
    organization: "Nittany Transfer Service",
    userType: "EMS",
  },
] as const;

/** The sample region's people, each with a password that nobody has had before. */
export function newSampleAccounts(): readonly SampleAccount[] {
  return people.map((person) => ({ ...person, password: newPassword() }));
}

// Without letters and digits that look alike: people read these passwords off a terminal.
const alphabet = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";

/** Twenty random characters. */
export function newPassword(): string {
  return Array.from({ length: 20 }, () => alphabet[randomInt(alphabet.length)]).join("");
}
