import { hash } from "node:crypto";
import { v5 } from "uuid";

/** The namespace of every UUID that the move makes, so that the same old row has the same ids in each run. */
export const importedNamespace = "5f0d6c2e-8a41-4b7e-9c3d-1e2a7b94d6f3";

/** The attempt with which the agency of an imported open trip won it: in both silos. */
export function attemptIdOf(tripId: string): string {
  return v5(tripId, importedNamespace);
}

/** The id of the one event that tells of an imported record. @param aggregateType such as trip. */
export function eventIdOf(aggregateType: string, id: string): string {
  // No id holds a space, so that no two records share a name, and none has that of an attempt.
  return v5(`${aggregateType} ${id}`, importedNamespace);
}

/** The short name of an imported trip, which had none, such as L-1A2B3-4C5D6-7E8F9. */
export function tripNumberOf(tripId: string): string {
  const digits = hash("md5", tripId, "hex").slice(0, 15).toUpperCase();
  return `L-${digits.slice(0, 5)}-${digits.slice(5, 10)}-${digits.slice(10)}`;
}
