/** An agency on a hospital's list. */
export interface Preference {
  readonly id: string;
  readonly hospitalId: string;
  readonly agencyId: string;
  /** Off the list, but remembered. */
  readonly isActive: boolean;
  /** 1 is the most preferred. */
  readonly order: number;
  readonly notes: string;
}

/** An agency as a hospital names it for its list. */
export interface PreferredAgency {
  readonly agencyId: string;
  readonly notes: string;
}

/** What a new list changes about the old one. */
export interface PreferenceChange {
  /** The whole list as it is now, most preferred first. */
  readonly list: readonly Preference[];
  /** The rows to be written: new ones, moved ones, and those that are off the list now. */
  readonly changed: readonly Preference[];
}

/**
 * Replaces a hospital's list. An agency that was on it before keeps its id.
 * @param before every row of the hospital, those off the list included.
 * @param newId makes the ids of agencies that were never on it.
 */
export function replacePreferences(
  hospitalId: string,
  before: readonly Preference[],
  { wanted, newId }: { readonly wanted: readonly PreferredAgency[]; readonly newId: () => string },
): PreferenceChange {
  const known = new Map(before.map((preference) => [preference.agencyId, preference]));
  const list = wanted.map(({ agencyId, notes }, index): Preference => {
    const id = known.get(agencyId)?.id ?? newId();
    return { id, hospitalId, agencyId, isActive: true, order: index + 1, notes };
  });
  const listed = new Set(list.map(({ agencyId }) => agencyId));
  const removed = before
    .filter(({ agencyId, isActive }) => isActive && !listed.has(agencyId))
    .map((preference) => ({ ...preference, isActive: false }));
  const moved = list.filter((preference) => !isSame(preference, known.get(preference.agencyId)));
  return { list, changed: [...removed, ...moved] };
}

/** The first agency that is named more than once; undefined if there is none. */
export function findRepeated(wanted: readonly PreferredAgency[]): string | undefined {
  const ids = wanted.map(({ agencyId }) => agencyId);
  return ids.find((id, index) => ids.indexOf(id) !== index);
}

function isSame(one: Preference, other: Preference | undefined): boolean {
  return other?.isActive === one.isActive && other.order === one.order && other.notes === one.notes;
}
