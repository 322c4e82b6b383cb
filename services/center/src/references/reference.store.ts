import type { SqlEntityManager } from "@mikro-orm/postgresql";
import type { Tx } from "#platform/database/database.ts";
import { newId } from "#platform/id.ts";
import type { ServiceName } from "#platform/service-name.ts";
import { ReferenceEntity } from "./reference.entity.ts";

/** A record of one silo and the record of another that it names, which no foreign key can hold together. */
export interface Reference {
  /** Such as trip. */
  readonly entityType: string;
  readonly entityId: string;
  readonly sourceDatabase: ServiceName;
  /** Such as agency. A record refers to at most one of a kind. */
  readonly referenceType: string;
  readonly referenceId: string;
  readonly targetDatabase: ServiceName;
}

/** A reference, and since when it stands. */
export interface KnownReference extends Reference {
  readonly updateTime: Date;
}

/** Which references to list; what is empty does not matter. */
export type ReferenceFilter = Pick<Reference, "entityType" | "entityId" | "referenceType" | "referenceId">;

/** A reference's place in the list: a record refers to at most one of a kind. */
export type ReferencePlace = Pick<Reference, "entityType" | "entityId" | "referenceType">;

/** References by the record that refers, after a place or from the start. */
export async function listReferences(
  em: SqlEntityManager,
  listing: {
    readonly filter: ReferenceFilter;
    readonly after: ReferencePlace | undefined;
    readonly limit: number;
  },
): Promise<readonly KnownReference[]> {
  const { filter, after, limit } = listing;
  const named = Object.entries(filter).filter(([, value]) => value !== "");
  const rows = await em.find(
    ReferenceEntity,
    { $and: [Object.fromEntries(named), after ? laterThan(after) : {}] },
    { orderBy: { entityType: "asc", entityId: "asc", referenceType: "asc" }, limit, disableIdentityMap: true },
  );
  return rows.map(({ updatedAt, ...row }) => ({ ...row, updateTime: updatedAt }));
}

function laterThan({ entityType, entityId, referenceType }: ReferencePlace) {
  return {
    $or: [
      { entityType: { $gt: entityType } },
      { entityType, entityId: { $gt: entityId } },
      { entityType, entityId, referenceType: { $gt: referenceType } },
    ],
  };
}

/** Notes what a record refers to, in place of what it referred to before. An empty id means nothing any more. */
export async function saveReference(tx: Tx, reference: Reference, now: Date): Promise<void> {
  const { entityType, entityId, referenceType, referenceId } = reference;
  const key = { entityType, entityId, referenceType };
  if (referenceId === "") {
    await tx.nativeDelete(ReferenceEntity, key);
    return;
  }
  const changed = await tx.nativeUpdate(
    ReferenceEntity,
    { ...key, referenceId: { $ne: referenceId } },
    { referenceId, updatedAt: now },
  );
  if (changed > 0) return;
  await tx.upsert(
    ReferenceEntity,
    { id: newId(), ...reference, createdAt: now, updatedAt: now },
    {
      onConflictFields: ["entityType", "entityId", "referenceType"],
      onConflictAction: "ignore",
      disableIdentityMap: true,
    },
  );
}
