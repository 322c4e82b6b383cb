import type { Moved } from "../moved.ts";
import { type ResolvedAgencies, resolveAgencies } from "./agencies.ts";
import { movedAvailability } from "./availabilities.ts";
import {
  type Directory,
  type DirectoryEvidence,
  type DirectoryFacility,
  type DirectoryInput,
  type MoveOptions,
  type ResolvedDirectory,
  sharedHospitalId,
} from "./directory.ts";
import { resolveFacility } from "./facilities.ts";
import { otherHospitalUsers } from "./hospital-users.ts";
import { findHospitals, type Hospitals, hospitalRows, phantomIssues } from "./hospitals.ts";
import { joinMoved, nothingMoved } from "./moved-rows.ts";
import { type People, resolvePeople } from "./people.ts";
import { type ResolvedPreferences, resolvePreferences } from "./preferences.ts";
import { directoryReferences, referenceRow } from "./references.ts";
import { movedRoutes } from "./routes.ts";
import { type ResolvedUnits, resolveUnits } from "./units.ts";

/**
 * Decides everything about people and organizations, and makes their rows. Pure: the same rows, evidence and options always
 * give the same answer, in whatever order the rows come.
 */
export function resolveDirectory(
  input: DirectoryInput,
  evidence: DirectoryEvidence,
  options: MoveOptions,
): ResolvedDirectory {
  const { importedAt } = options;
  const hospitals = findHospitals(input, evidence);
  const people = resolvePeople(input, { evidence, options, hospitals });
  const facilities = input.facilities.map((facility) =>
    resolveFacility(facility, { hospitals, people, options, creatorsByOrigin: evidence.creatorsByOrigin }),
  );
  const places = new Map(facilities.flatMap(({ place }) => (place ? [[place.id, place]] : [])));
  const agencies = resolveAgencies(input, { hospitals, people, importedAt });
  const units = resolveUnits(input, agencies.agencies, importedAt);
  const preferences = resolvePreferences(input.preferences, { people, agencies: agencies.agencies, importedAt });
  const parts = { input, evidence, importedAt, hospitals, people, places, agencies, units, preferences };
  return {
    directory: directoryFrom(parts),
    moved: joinMoved([
      { ...nothingMoved, rows: hospitalRows(hospitals, importedAt), issues: phantomIssues(hospitals) },
      people.moved,
      ...facilities.map(({ moved }) => moved),
      agencies.moved,
      preferences.moved,
      movedRoutes(input, { agencies: agencies.agencies, places, importedAt }),
      ...input.unitAvailabilities.map((row) => movedAvailability(row, units.units, importedAt)),
      movedLinks(parts),
    ]),
    moveUnits: units.moveUnits,
  };
}

/** Everything that was resolved, each by its own file. */
interface DirectoryParts {
  readonly input: DirectoryInput;
  readonly evidence: DirectoryEvidence;
  readonly importedAt: Date;
  readonly hospitals: Hospitals;
  readonly people: People;
  readonly places: ReadonlyMap<string, DirectoryFacility>;
  readonly agencies: ResolvedAgencies;
  readonly units: ResolvedUnits;
  readonly preferences: ResolvedPreferences;
}

function directoryFrom({ hospitals, people, places, agencies, units, preferences }: DirectoryParts): Directory {
  return {
    person: (id) => people.users.get(id),
    agencyUser: (id) => people.agencyUsers.get(id),
    facility: (id) => places.get(id),
    agency: (id) => agencies.agencies.get(id),
    unit: (id) => units.units.get(id),
    hospitalIds: new Set([sharedHospitalId, ...hospitals.facilities.keys()]),
    preferredAgencies: (hospitalId) => preferences.lists.get(hospitalId) ?? [],
  };
}

/** What ties the silos together: Hospital's copy of people who are not a hospital's, and Center's references. */
function movedLinks({ input, evidence, importedAt, people, places, agencies, units }: DirectoryParts): Moved {
  const others = otherHospitalUsers(input, evidence, people);
  const references = directoryReferences({
    people,
    otherHospitalUserIds: new Set(others.map(({ id }) => id)),
    agencyIds: [...agencies.agencies.values()].filter(({ isReal }) => isReal).map(({ id }) => id),
    units: units.units.values(),
    places: places.values(),
  });
  const copies = others.map((row) => ({ table: "hospital.hospital_user", row }) as const);
  return { ...nothingMoved, rows: [...copies, ...references.map((fact) => referenceRow(fact, importedAt))] };
}
