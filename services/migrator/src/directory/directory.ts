import type { UserType } from "#platform/auth/principal.ts";
import type {
  LegacyAgencyUser,
  LegacyFacility,
  LegacyPreference,
  LegacyRoute,
  LegacyRouteStop,
  LegacyServiceArea,
  LegacyTransportAgency,
  LegacyUnit,
  LegacyUnitAvailability,
  LegacyUser,
} from "../legacy/legacy-rows.ts";
import type { Moved } from "../moved.ts";
import type { Coordinates } from "../rules/coordinates.ts";
import type { UnitType } from "../rules/unit-type.ts";
import type { Overrides } from "./overrides.ts";

/** The owner of facilities that belong to no hospital in particular. */
export const sharedHospitalId = "hosp_shared_directory";

/** How an operator wants rows to be moved. */
export interface MoveOptions {
  /** evidence: by R-ROLE. guide: every role has one user type, whatever the data say. */
  readonly rolePolicy: "evidence" | "guide";
  /** Accounts that see everything merely because nothing else is known of them are switched off. */
  readonly strict: boolean;
  /** What an operator knows better than the rules. */
  readonly overrides: Overrides;
  /** The same for all rows of a run. */
  readonly importedAt: Date;
}

/** The rows of the old database's small tables: people, organizations and what belongs to them. */
export interface DirectoryInput {
  readonly users: readonly LegacyUser[];
  readonly agencyUsers: readonly LegacyAgencyUser[];
  readonly facilities: readonly LegacyFacility[];
  readonly agencies: readonly LegacyTransportAgency[];
  readonly units: readonly LegacyUnit[];
  readonly serviceAreas: readonly LegacyServiceArea[];
  readonly preferences: readonly LegacyPreference[];
  readonly unitAvailabilities: readonly LegacyUnitAvailability[];
  readonly routes: readonly LegacyRoute[];
  readonly routeStops: readonly LegacyRouteStop[];
}

/** What the trips and bids say about people and organizations. Its size is bounded by these, not by the trips. */
export interface DirectoryEvidence {
  /** Everybody who created a trip, with the facilities at which these trips begin: all of one, or two of several. */
  readonly originsByCreator: ReadonlyMap<string, readonly string[]>;
  /** Facilities that are not of type HOSPITAL, with everybody who created a trip that begins there. */
  readonly creatorsByOrigin: ReadonlyMap<string, readonly string[]>;
  /** Agencies to which a trip is assigned, or which made a bid; those alone that say they are hospitals. */
  readonly busyAgencies: ReadonlySet<string>;
}

/** A person of the old database, as the silos know them. */
export interface Person {
  /** The id in Center: that of the agency's user if both have one e-mail address (R-EMAIL), else the old one. */
  readonly userId: string;
  /** False if the row waits in quarantine: the id still says who did what, but nobody can log in by it. */
  readonly hasAccount: boolean;
  readonly type: UserType;
  /** The organization of a person of type HOSPITAL; null for all others, and if it is not known. */
  readonly hospitalId: string | null;
  /** The organization of a person of type EMS; null for all others, and if it is not known. */
  readonly agencyId: string | null;
  readonly email: string;
  readonly name: string;
}

/** A place from and to which patients are moved. */
export interface DirectoryFacility {
  readonly id: string;
  /** The owner by R-FACOWNER. */
  readonly hospitalId: string;
  readonly name: string;
  readonly type: string;
  readonly address: string;
  readonly city: string;
  readonly state: string;
  readonly zipCode: string;
  /** Empty unless an operator named it. */
  readonly county: string;
  readonly coordinates: Coordinates | null;
}

/** An agency of the old database. */
export interface DirectoryAgency {
  readonly id: string;
  /** False for a hospital in disguise (R-PHANTOM) and for one in quarantine: neither is an agency of the silos. */
  readonly isReal: boolean;
  readonly name: string;
  readonly isActive: boolean;
}

/** A unit that is moved. */
export interface DirectoryUnit {
  readonly id: string;
  readonly agencyId: string;
  readonly type: UnitType;
  readonly isActive: boolean;
}

/**
 * Everything that is decided about people and organizations. What is not in it was not moved; only people are in it
 * though they may be in quarantine.
 */
export interface Directory {
  /** By the id in table User. */
  person(legacyUserId: string): Person | undefined;
  /** By the id in table AgencyUser. */
  agencyUser(legacyAgencyUserId: string): Person | undefined;
  facility(id: string): DirectoryFacility | undefined;
  /** In quarantine and in disguise, too: see isReal. */
  agency(id: string): DirectoryAgency | undefined;
  unit(id: string): DirectoryUnit | undefined;
  /** Every hospital there is after the move, the shared one included. */
  readonly hospitalIds: ReadonlySet<string>;
  /** The agencies on a hospital's list, most preferred first; those switched off are not among them. */
  preferredAgencies(hospitalId: string): readonly string[];
}

/** What comes of the directory's rows. */
export interface ResolvedDirectory {
  readonly directory: Directory;
  /** Of all its tables but Unit. */
  readonly moved: Moved;
  /**
   * What comes of table Unit (R-UNITSTATUS), which is known once the trips' units are (R-UNIT).
   * @param unitsOnOpenTrips the units that trips which are ASSIGNED or IN_PROGRESS after the move are served by.
   */
  readonly moveUnits: (unitsOnOpenTrips: ReadonlySet<string>) => Moved;
}
