import { nth } from "./dice.ts";

// Everything here is invented. Telephone numbers are of the block that is kept for fiction, addresses of domains that are
// kept for examples.

const firstNames = [
  ...["Avery", "Beatriz", "Callum", "Dolores", "Edwin", "Farah", "Gideon", "Hannelore", "Imani", "Jasper", "Katya"],
  ...[
    "Leopold",
    "Marisol",
    "Nikhil",
    "Odette",
    "Percival",
    "Quinn",
    "Rosalind",
    "Søren",
    "Tamsin",
    "Ulysses",
    "Verena",
  ],
];
const lastNames = [
  ...["Abernathy", "Brightwater", "Castellano", "Dunmore", "Eastwick", "Fairweather", "Greystone", "Hollander"],
  ...["Ironside", "Jankowski", "Kessler", "Lindqvist", "Mayweather", "Núñez", "O'Dell", "Pemberton", "Quigley"],
];
const townStarts = [
  "Alder",
  "Birch",
  "Cedar",
  "Dun",
  "Elm",
  "Fern",
  "Glen",
  "Hazel",
  "Iron",
  "Juniper",
  "Kettle",
  "Larch",
];
const townEnds = ["brook", "burg", "field", "ford", "haven", "mere", "mont", "port", "ridge", "ton", "vale", "wood"];
const hospitalEnds = ["Memorial Hospital", "Regional Medical Center", "General Hospital", "Community Hospital"];
const placeEnds: Readonly<Record<(typeof placeKinds)[number], string>> = {
  NURSING_HOME: "Nursing Home",
  CANCER_CENTER: "Cancer Center",
  REHAB_FACILITY: "Rehabilitation Center",
  URGENT_CARE: "Urgent Care",
  SPECIALTY_CLINIC: "Specialty Clinic",
};
const agencyEnds = ["Ambulance Service", "EMS", "Medical Transport", "Rescue Squad"];
const streets = ["Main Street", "Second Avenue", "Mill Road", "Orchard Lane", "River Drive", "Station Street"];

/** What kinds of places there are besides hospitals. */
export const placeKinds = [
  "NURSING_HOME",
  "CANCER_CENTER",
  "REHAB_FACILITY",
  "URGENT_CARE",
  "SPECIALTY_CLINIC",
] as const;

/** A person's name. */
export function personName(index: number): string {
  return `${nth(firstNames, index)} ${nth(lastNames, Math.floor(index / firstNames.length) + index)}`;
}

/** A town's name: the first 144 differ. */
export function townName(index: number): string {
  return nth(townStarts, index) + nth(townEnds, Math.floor(index / townStarts.length) + index);
}

/** The name of a hospital. */
export function hospitalName(index: number): string {
  return `${townName(index)} ${nth(hospitalEnds, index)}`;
}

/** The name of a place that is no hospital. */
export function placeName(index: number, kind: (typeof placeKinds)[number]): string {
  return `${townName(index)} ${placeEnds[kind]}`;
}

/** The name of an agency. */
export function agencyName(index: number): string {
  return `${townName(index * 5 + 3)} ${nth(agencyEnds, index)}`;
}

/** Where something is. */
export function addressOf(index: number): { address: string; city: string; state: string; zipCode: string } {
  return {
    address: `${100 + ((index * 37) % 900)} ${nth(streets, index)}`,
    city: townName(index),
    state: "PA",
    zipCode: String(16_000 + (index % 900)),
  };
}

/** A telephone number. */
export function phoneOf(index: number): string {
  return `(814) 555-${String(100 + (index % 100)).padStart(4, "0")}`;
}

/** A domain that only this organization has. */
export function domainOf(kind: "hospital" | "ems" | "center", index: number): string {
  return `${townName(index).toLowerCase()}-${kind}-${index}.example`;
}

/** An address of a person at a domain: the index tells apart those of one name. */
export function emailOf(index: number, domain: string): string {
  const local = personName(index)
    .normalize("NFD")
    .replaceAll(/[^A-Za-z ]/g, "")
    .replace(" ", ".")
    .toLowerCase();
  return `${local}.${index}@${domain}`;
}
