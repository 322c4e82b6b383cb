import { v5 } from "uuid";
import type { ServiceName } from "#platform/service-name.ts";
import { importedNamespace } from "../target/imported-ids.ts";
import type { TargetRow } from "../target/target-tables.ts";
import type { DirectoryFacility, DirectoryUnit } from "./directory.ts";
import { isCopied } from "./hospital-users.ts";
import type { People } from "./people.ts";

/** A record of one silo that names one of another. */
export interface ReferenceFact {
  readonly entity: readonly [type: string, id: string, source: ServiceName];
  readonly named: readonly [type: string, id: string, target: ServiceName];
}

/** A row of Center's references, as its consumers would have written it. */
export function referenceRow({ entity, named }: ReferenceFact, importedAt: Date): TargetRow {
  const [entityType, entityId, source] = entity;
  const [referenceType, referenceId, target] = named;
  return {
    table: "center.database_reference",
    row: {
      created_at: importedAt,
      entity_id: entityId,
      entity_type: entityType,
      // A record refers to at most one of a kind.
      id: v5(`reference ${entityType} ${entityId} ${referenceType}`, importedNamespace),
      reference_id: referenceId,
      reference_type: referenceType,
      source_database: source,
      target_database: target,
      updated_at: importedAt,
    },
  };
}

/** What is named across silos in the directory. */
export interface DirectoryFacts {
  readonly people: People;
  /** Of the rows in Hospital's copy of people that do not follow from accounts. */
  readonly otherHospitalUserIds: ReadonlySet<string>;
  readonly agencyIds: readonly string[];
  readonly units: Iterable<DirectoryUnit>;
  readonly places: Iterable<DirectoryFacility>;
}

/** Which records of the directory name records of another silo. */
export function directoryReferences(facts: DirectoryFacts): readonly ReferenceFact[] {
  return [
    ...peopleReferences(facts),
    ...facts.agencyIds.map(
      (id): ReferenceFact => ({ entity: ["agency", id, "ems"], named: ["directory_entry", id, "center"] }),
    ),
    ...[...facts.units].map(
      ({ id, agencyId }): ReferenceFact => ({ entity: ["unit", id, "ems"], named: ["agency", agencyId, "center"] }),
    ),
    ...[...facts.places].map(
      ({ id, hospitalId }): ReferenceFact => ({
        entity: ["facility", id, "hospital"],
        named: ["hospital", hospitalId, "center"],
      }),
    ),
  ];
}

function peopleReferences({ people, otherHospitalUserIds }: DirectoryFacts): readonly ReferenceFact[] {
  const copied = new Set([...people.users.values()].filter(isCopied).map(({ userId }) => userId));
  const employers = people.accounts.flatMap(({ id, agency_id }): readonly ReferenceFact[] =>
    agency_id === null ? [] : [{ entity: ["user", id, "center"], named: ["agency", agency_id, "ems"] }],
  );
  const copies = people.accounts
    .filter(({ id }) => copied.has(id) || otherHospitalUserIds.has(id))
    .map(({ id }): ReferenceFact => ({ entity: ["user", id, "center"], named: ["hospital_user", id, "hospital"] }));
  return [...employers, ...copies, ...formerUsers(people)];
}

/** Accounts of agencies' people under whose ids the accounts of the same address in table User live on (R-EMAIL). */
function formerUsers({ users }: People): readonly ReferenceFact[] {
  return [...users]
    .filter(([legacyId, { userId }]) => userId !== legacyId)
    .map(([legacyId, { userId }]) => ({
      entity: ["user", userId, "center"],
      named: ["former_user", legacyId, "center"],
    }));
}
