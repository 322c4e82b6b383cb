/** What a kind of issue, or a reason of the quarantine, means to the person who reads the report. */
export interface IssueKind {
  readonly kind: string;
  /** What was found and done, in a sentence without its full stop. */
  readonly meaning: string;
  /** What to do about it. */
  readonly advice: string;
  /** Whether a person has to decide something before the silos open; else a rule has decided. */
  readonly decide: boolean;
}

const decided = (kind: string, meaning: string, advice: string): IssueKind => ({
  kind,
  meaning,
  advice,
  decide: false,
});
const open = (kind: string, meaning: string, advice: string): IssueKind => ({ kind, meaning, advice, decide: true });

const nothing = "Nothing; the original is in the archive.";

const people: readonly IssueKind[] = [
  decided("NAME_DEFAULTED", "the name was empty; it is now what stands before the @", "Correct the name in Center."),
  open(
    "ROLE_AMBIGUOUS",
    "nothing says for whom this person works, so the role's usual type was taken, which for most is Center",
    "Name the person's type in the overrides file: an account of Center sees every hospital. --strict switches these off.",
  ),
  open(
    "ROLE_CONFLICT",
    "the person acted for a hospital and for Center; Center was taken",
    "Name the person's type in the overrides file.",
  ),
  open(
    "USER_NO_HOSPITAL",
    "no hospital was found for this person, who can do nothing",
    "Name it in the overrides file.",
  ),
  open("USER_NO_AGENCY", "no agency was found for this person, who can do nothing", "Name it in the overrides file."),
  open("OVERRIDE_HOSPITAL_UNKNOWN", "the overrides name a hospital that is not there", "Correct the overrides file."),
  open("OVERRIDE_AGENCY_UNKNOWN", "the overrides name an agency that is not there", "Correct the overrides file."),
  decided("PASSWORD_UNUSABLE", "the password's hash is not one of bcrypt", "Give the person a new password in Center."),
  decided("EMAIL_NOT_AN_ADDRESS", "what stands for an e-mail address is none; it was kept", "Correct it in Center."),
  decided("ADDED_BY_UNKNOWN", "nobody knows who added the agency", nothing),
  decided("ADDED_BY_NOT_CENTER", "somebody who is not of Center added the agency; the name was kept", nothing),
  decided("STATUS_MISMATCH", "active says no and status says yes; both were kept", "Correct the agency in Center."),
];

const places: readonly IssueKind[] = [
  decided(
    "PHANTOM_IN_USE",
    "a hospital's twin among the agencies has people, units, bids or trips: it is kept",
    nothing,
  ),
  open("PHANTOM_FACILITY_MISSING", "a registered hospital names a facility that is not there", "Make it in Center."),
  decided("HOURS_UNREADABLE", "the hours are in no form that the rules know; they are kept as JSON", "Correct them."),
  decided(
    "AREA_UNREADABLE",
    "the service area, or a part of it, is in no form that the rules know; the archive alone has it",
    "Correct it.",
  ),
  decided("COORDINATES_INVALID", "the coordinates are no place on earth; they were left out", "Correct the facility."),
  decided("UNIT_TYPE_GUESSED", "nothing tells what kind of unit it is; it is a MEDICAL_TAXI now", "Correct it in EMS."),
  decided("UNIT_NUMBER_CHANGED", "the agency has two units of this number; one got a suffix", "Correct it in EMS."),
  decided(
    "UNIT_BOOKED_THOUGH_OUT",
    "the unit is out of service and serves an open trip; both were kept",
    "Ask the agency.",
  ),
  decided("UNIT_IN_USE_WITHOUT_TRIP", "the unit was in use without a trip; it is free now, or out of service", nothing),
  decided("DISTANCE_UNREADABLE", "the route's distance was no distance; it was left out", "Correct it in EMS."),
  decided("MERGED", "two people of one hospital preferred the same agency; one preference is left", nothing),
];

const trips: readonly IssueKind[] = [
  open(
    "TRIP_HOSPITAL_UNKNOWN",
    "neither creator nor origin tells whose trip it is; the shared hospital has it",
    "Name the creator's hospital, or the facility's owner, in the overrides file.",
  ),
  decided(
    "TRIP_ORIGIN_FOREIGN",
    "the trip begins at another hospital than its creator's; the creator's has it",
    nothing,
  ),
  decided("AGENCY_INFERRED", "the trip named no agency; bids, units or queue told it", nothing),
  decided("AGENCY_UNKNOWN", "nothing tells which agency served the trip, which is over", nothing),
  decided(
    "DOWNGRADED",
    "nothing tells to which agency the trip was given; it waits for one again",
    "Tell the hospital.",
  ),
  decided("UNIT_FOREIGN", "the unit belongs to another agency; the trip has none now", "Let the agency assign one."),
  decided(
    "UNIT_NOT_MOVED",
    "the unit is not among the moved ones; the trip has none now",
    "Let the agency assign one.",
  ),
  decided("DOUBLE_BOOKED", "the unit serves an earlier trip; this one has none now", "Let the agency assign another."),
  decided("STATUS_CONTRADICTED", "times said otherwise than the status, which counts; they were left out", nothing),
  decided("TIMES_NOT_MONOTONIC", "the times of a trip that is over are in no order; they were kept", nothing),
  decided("ASSIGNED_DIRECT", "the agency was assigned without a bid; none was made up", nothing),
  decided("BID_OVERRULED", "the bid's status did not fit the trip's; it was set to what fits", nothing),
  decided("AMOUNT_NEGATIVE", "the amount was negative; it was left out", nothing),
  decided("AMOUNT_NOT_A_NUMBER", "the amount was no number; it was left out", nothing),
  decided("AMOUNT_TOO_LARGE", "the amount has more digits than an amount may have; it was left out", nothing),
  decided(
    "PATIENT_ID_REPLACED",
    "the patient's code could be a record number; a new one stands for it",
    "Look the old one up in the archive, where you must.",
  ),
];

const quarantined: readonly IssueKind[] = [
  open("EMAIL_BLANK", "the account has no e-mail address", "Give the account an address."),
  open(
    "ID_NOT_USABLE",
    "no call can name a row with this id: letters, digits, _ and - can, 64 of them",
    "Give the row another id in the old database.",
  ),
  open("TIME_OUT_OF_RANGE", "a time lies outside the years 1 to 9999", "Correct the time in the old database."),
  open("FACILITY_NOT_MOVED", "the trip's origin or destination was not moved", "Correct the facility first."),
  open("AGENCY_NOT_MOVED", "the agency was not moved", "Correct the agency first, or assign another one."),
  open(
    "OPEN_TRIP_TO_ITS_ORIGIN",
    "an open trip ends where it begins",
    "Ask the hospital, and correct the destination.",
  ),
  open(
    "IN_PROGRESS_WITHOUT_AGENCY",
    "a patient is on board and nobody knows with whom",
    "Ask at once; set the agency.",
  ),
  open(
    "IN_PROGRESS_WITHOUT_UNIT",
    "a patient is on board and nobody knows of which unit",
    "Ask at once; set the unit.",
  ),
  open(
    "EMAIL_TAKEN",
    "another account has this address, but for upper and lower case",
    "Give the account another address.",
  ),
  open(
    "EMAIL_OF_USER",
    "a person of a hospital or of Center has this address",
    "Give the agency's account another address.",
  ),
  open("ID_TAKEN", "another account has this id", "Give the row another id in the old database."),
  open(
    "PREFERENCE_NO_HOSPITAL",
    "nobody knows for which hospital this person preferred",
    "Name the person's hospital in the overrides file.",
  ),
  open("TRIP_QUARANTINED", "the bid's trip is in quarantine", "Correct the trip; the bid comes with it."),
];

/** Every kind of issue and every reason of the quarantine, as reports and docs/migration.md explain them. */
export const issueKinds: readonly IssueKind[] = [...people, ...places, ...trips, ...quarantined];

/** What is known of a kind; undefined if nobody has explained it. */
export function findIssueKind(kind: string): IssueKind | undefined {
  return issueKinds.find((known) => known.kind === kind);
}
