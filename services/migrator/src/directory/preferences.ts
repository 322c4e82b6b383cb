import type { LegacyPreference } from "../legacy/legacy-rows.ts";
import type { Moved } from "../moved.ts";
import type { TargetTables } from "../target/target-tables.ts";
import type { DirectoryAgency } from "./directory.ts";
import {
  byCreation,
  byText,
  groupBy,
  joinMoved,
  merged,
  nothingMoved,
  quarantined,
  whyUnusable,
} from "./moved-rows.ts";
import type { People } from "./people.ts";

/** What decides about preferences. */
export interface PreferenceContext {
  readonly people: People;
  readonly agencies: ReadonlyMap<string, DirectoryAgency>;
  readonly importedAt: Date;
}

/** The hospitals' lists. */
export interface ResolvedPreferences {
  /** By hospital: the agencies on its list, most preferred first. */
  readonly lists: ReadonlyMap<string, readonly string[]>;
  readonly moved: Moved;
}

/** A preference, and whose it is. */
interface HospitalPreference {
  readonly preference: LegacyPreference;
  readonly hospitalId: string;
}

type PreferenceRow = TargetTables["hospital.agency_preference"];

/** Makes the hospitals' lists of what their people preferred: those of one hospital share one list. */
export function resolvePreferences(
  preferences: readonly LegacyPreference[],
  context: PreferenceContext,
): ResolvedPreferences {
  const found: HospitalPreference[] = [];
  const lost = preferences.map((preference) => {
    const hospitalId = context.people.users.get(preference.hospitalId)?.hospitalId ?? null;
    const reason = whyLost(preference, hospitalId, context);
    if (reason !== undefined) return quarantined({ table: "HospitalAgencyPreference", pk: preference.id }, reason);
    if (hospitalId !== null) found.push({ preference, hospitalId });
    return nothingMoved;
  });
  const groups = groupBy(found, ({ preference, hospitalId }) => `${hospitalId} ${preference.agencyId}`);
  const joined = [...groups.values()].map((group) => joinedPreference(group, context.importedAt));
  const rows = joined.flatMap(({ row }) => row ?? []);
  const byHospital = groupBy(rows, ({ hospital_id }) => hospital_id);
  const lists = new Map([...byHospital].map(([id, own]) => [id, listOf(own)]));
  const versions = [...byHospital.keys()].map((hospital_id) => {
    return { table: "hospital.preference_list", row: { hospital_id, version: 1 } } as const;
  });
  return {
    lists,
    moved: joinMoved([...lost, ...joined.map(({ moved }) => moved), { ...nothingMoved, rows: versions }]),
  };
}

function whyLost(
  preference: LegacyPreference,
  hospitalId: string | null,
  { agencies }: PreferenceContext,
): string | undefined {
  const unusable = whyUnusable(preference);
  if (unusable !== undefined) return unusable;
  if (hospitalId === null) return "PREFERENCE_NO_HOSPITAL";
  return agencies.get(preference.agencyId)?.isReal === true ? undefined : "AGENCY_NOT_MOVED";
}

/** The agencies that are switched on, in the order in which Hospital reads them. */
function listOf(rows: readonly PreferenceRow[]): readonly string[] {
  return rows
    .filter(({ active }) => active)
    .toSorted((one, other) => one.preference_order - other.preference_order || byText(one.id, other.id))
    .map(({ agency_id }) => agency_id);
}

/** Of one hospital's preferences for one agency the first stays, with the notes of all. */
function joinedPreference(
  group: readonly HospitalPreference[],
  importedAt: Date,
): { readonly row?: PreferenceRow; readonly moved: Moved } {
  const [first, ...others] = group.toSorted(byPrecedence);
  if (!first) return { moved: nothingMoved };
  const { preference, hospitalId } = first;
  const notes = [first, ...others].map((it) => it.preference.notes?.trim() ?? "").filter((text) => text !== "");
  const row: PreferenceRow = {
    active: preference.isActive,
    agency_id: preference.agencyId,
    created_at: preference.createdAt,
    hospital_id: hospitalId,
    id: preference.id,
    imported_at: importedAt,
    notes: [...new Set(notes)].join("\n"),
    preference_order: preference.preferenceOrder,
    updated_at: preference.updatedAt,
  };
  const table = "HospitalAgencyPreference";
  const moved: Moved = {
    rows: [{ table: "hospital.agency_preference", row }],
    verdicts: [{ table, pk: preference.id, fate: "MIGRATED" }],
    issues: others.map((it) => ({ table, pk: it.preference.id, rule: "R-PREFERENCE", kind: "MERGED" })),
  };
  const gone = others.map((it) => merged({ table, pk: it.preference.id }, preference.id, "SAME_HOSPITAL"));
  return { row, moved: joinMoved([moved, ...gone]) };
}

/** What is switched on comes before what is not; then what is preferred more. */
function byPrecedence({ preference: one }: HospitalPreference, { preference: other }: HospitalPreference): number {
  return (
    Number(other.isActive) - Number(one.isActive) ||
    one.preferenceOrder - other.preferenceOrder ||
    byCreation(one, other)
  );
}
