import type { SiloClients } from "../cutover/close-silos.ts";
import type { Moved, SourceRow } from "../moved.ts";
import type { TargetRow } from "../target/target-tables.ts";
import { makeRoom } from "./make-room.ts";
import { findGoneRows, forgetDirectoryRows, forgetVerdicts } from "./forget-rows.ts";

/** What was decided about people and organizations. */
interface State {
  readonly moved: Moved;
}

/**
 * Writes what has changed about people and organizations since it wrote last; the first time everything. A class because
 * it remembers what it wrote.
 */
export class DirectoryChanges {
  #rows: ReadonlyMap<string, string> = new Map();
  #decisions: ReadonlyMap<string, string> = new Map();

  /**
   * Writes new and changed rows, and what was decided anew. In the transactions of the connections.
   * @param changed rows of the old database that may be gone.
   * @param apply writes rows and what was decided, as the first copy does.
   */
  async write(
    silos: SiloClients,
    { moved }: State,
    { changed, apply }: { readonly changed: readonly SourceRow[]; readonly apply: (some: Moved) => Promise<void> },
  ): Promise<void> {
    const rows = new Map(moved.rows.map((row) => [keyOf(row), JSON.stringify(row.row)]));
    const decisions = decisionsOf(moved);
    const changedKeys = new Set(changed.map(sourceKey));
    const isNew = (source: SourceRow): boolean => {
      const key = sourceKey(source);
      return changedKeys.has(key) || decisions.get(key) !== this.#decisions.get(key);
    };
    await forgetVerdicts(silos, [...changed, ...moved.verdicts.filter(isNew)]);
    // A hospital's list is made of its preferences; that it says nothing new does not mean that they do not.
    const written = moved.rows.filter(
      (row) => row.table === "hospital.preference_list" || this.#rows.get(keyOf(row)) !== rows.get(keyOf(row)),
    );
    await makeRoom(silos, written);
    await apply({ rows: written, verdicts: moved.verdicts.filter(isNew), issues: moved.issues.filter(isNew) });
    [this.#rows, this.#decisions] = [rows, decisions];
  }

  /** Removes rows of earlier moves that are made no more. After the trips, some of which may have referred to them. */
  async removeGone(silos: SiloClients, { moved }: State): Promise<void> {
    const made = new Set(moved.rows.flatMap((row) => [keyOf(row), ...copiesOf(row)]));
    await forgetDirectoryRows(silos, await findGoneRows(silos, ({ table, id }) => made.has(`${table} ${id}`)));
  }
}

/** Names a row by its table and id. */
function keyOf({ table, row }: TargetRow): string {
  return `${table} ${"id" in row ? row.id : "hospital_id" in row ? row.hospital_id : ""}`;
}

/** Where a silo has a copy of a person with an account. */
function copiesOf({ table, row }: TargetRow): readonly string[] {
  if (table !== "center.user_account") return [];
  return [
    ...(row.hospital_id === null ? [] : [`hospital.hospital_user ${row.id}`]),
    ...(row.agency_id === null ? [] : [`ems.agency_user ${row.id}`]),
  ];
}

function sourceKey({ table, pk }: SourceRow): string {
  return `${table} ${pk}`;
}

function decisionsOf({ verdicts, issues }: Moved): ReadonlyMap<string, string> {
  const decisions = new Map(verdicts.map((verdict) => [sourceKey(verdict), JSON.stringify(verdict)]));
  for (const issue of issues) {
    const key = sourceKey(issue);
    decisions.set(key, `${decisions.get(key) ?? ""}${JSON.stringify(issue)}`);
  }
  return decisions;
}
