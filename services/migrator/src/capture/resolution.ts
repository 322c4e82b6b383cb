import type { ClientBase } from "pg";
import type { Directory, DirectoryInput } from "../directory/directory.ts";
import type { UnitClaims } from "../dossier/unit-claims.ts";

/** Whatever trips and bids refer to, by which it decides how they are moved. */
export type ResolvedKind = "user" | "agencyUser" | "facility" | "agency" | "unit" | "claim";

/** What everything resolves to, by kind and id: two that are equal move a trip the same way. */
export type Resolution = ReadonlyMap<ResolvedKind, ReadonlyMap<string, string>>;

/** What the rows of the old database's small tables mean to trips and bids. */
export function resolutionOf(directory: Directory, input: DirectoryInput, claims: UnitClaims): Resolution {
  const each = (rows: readonly { readonly id: string }[], of: (id: string) => unknown): ReadonlyMap<string, string> =>
    new Map(rows.flatMap(({ id }) => (of(id) === undefined ? [] : [[id, JSON.stringify(of(id))]])));
  return new Map<ResolvedKind, ReadonlyMap<string, string>>([
    ["user", each(input.users, (id) => creatorOf(directory, id))],
    ["agencyUser", each(input.agencyUsers, (id) => directory.agencyUser(id)?.userId)],
    ["facility", each(input.facilities, (id) => directory.facility(id))],
    ["agency", each(input.agencies, (id) => directory.agency(id)?.isReal)],
    ["unit", each(input.units, (id) => unitOf(directory, id))],
    ["claim", claims],
  ]);
}

/** What a trip takes over of its creator: another name of his moves no trip. */
function creatorOf(directory: Directory, id: string): unknown {
  const person = directory.person(id);
  return person && [person.userId, person.hospitalId];
}

/** A unit that is switched off serves as one that is not. */
function unitOf(directory: Directory, id: string): unknown {
  const unit = directory.unit(id);
  return unit && [unit.agencyId, unit.type];
}

/** What resolves differently now, by kind; of claims, the trips that had or have the unit. */
export function changedResolution(before: Resolution, after: Resolution): ReadonlyMap<ResolvedKind, readonly string[]> {
  const changed = new Map<ResolvedKind, readonly string[]>();
  for (const kind of new Set([...before.keys(), ...after.keys()])) {
    const [old, now] = [before.get(kind) ?? new Map<string, string>(), after.get(kind) ?? new Map<string, string>()];
    const ids = [...new Set([...old.keys(), ...now.keys()])].filter((id) => old.get(id) !== now.get(id));
    const found =
      kind === "claim" ? ids.flatMap((id) => [old.get(id), now.get(id)]).filter((id) => id !== undefined) : ids;
    if (found.length > 0) changed.set(kind, found);
  }
  return changed;
}

/**
 * Notes what everything resolved to when the trips were moved last, in the hospitals' silo: a migrator that starts anew
 * learns from it which trips to move again. To be called after each move of trips, when all silos have committed.
 */
export async function saveResolution(hospital: ClientBase, resolution: Resolution): Promise<void> {
  const rows = [...resolution].flatMap(([kind, values]) => [...values].map(([id, value]) => ({ kind, id, value })));
  const list = [rows.map(({ kind }) => kind), rows.map(({ id }) => id), rows.map(({ value }) => value)];
  await hospital.query(schemaSql);
  await hospital.query(
    `with now as (select * from unnest($1::text[], $2::text[], $3::text[]) as r (kind, id, value)),
          gone as (delete from migration.resolution r
                    where not exists (select from now where now.kind = r.kind and now.id = r.id))
     insert into migration.resolution (kind, id, value) select kind, id, value from now
     on conflict (kind, id) do update set value = excluded.value where resolution.value <> excluded.value`,
    list,
  );
}

/** What was noted last; undefined if nothing was. */
export async function readResolution(hospital: ClientBase): Promise<Resolution | undefined> {
  await hospital.query(schemaSql);
  const { rows } = await hospital.query<{ kind: ResolvedKind; id: string; value: string }>(
    "select kind, id, value from migration.resolution",
  );
  if (rows.length === 0) return undefined;
  const resolution = new Map<ResolvedKind, Map<string, string>>();
  for (const { kind, id, value } of rows) {
    resolution.set(kind, (resolution.get(kind) ?? new Map<string, string>()).set(id, value));
  }
  return resolution;
}

const schemaSql = `
  create schema if not exists migration;
  create table if not exists migration.resolution (
    kind text not null,
    id text not null,
    value text not null,
    primary key (kind, id)
  )`;
