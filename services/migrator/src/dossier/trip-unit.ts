import type { Directory, DirectoryUnit } from "../directory/directory.ts";
import { nothingFound, type Ruled } from "./dossier.ts";

const rule = "R-UNIT";

/**
 * The unit that serves, or served, a trip (R-UNIT): none if it was not moved or belongs to another agency than the trip.
 * Who keeps a unit that several open trips want is settled by `claimUnits`.
 */
export function tripUnit(
  { agencyId, unitId }: { readonly agencyId: string | null; readonly unitId: string | null },
  directory: Directory,
): Ruled<DirectoryUnit | null> {
  if (unitId === null) return { value: null, findings: nothingFound };
  const unit = directory.unit(unitId);
  if (!unit) return { value: null, findings: [{ kind: "UNIT_NOT_MOVED", rule, detail: { unitId } }] };
  if (unit.agencyId === agencyId) return { value: unit, findings: nothingFound };
  return {
    value: null,
    findings: [{ kind: "UNIT_FOREIGN", rule, detail: { unitId, unitAgencyId: unit.agencyId, agencyId } }],
  };
}
