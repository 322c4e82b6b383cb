import { type Directory, type DirectoryFacility, sharedHospitalId } from "../directory/directory.ts";
import { type DossierTrip, type Finding, nothingFound, type Ruled } from "./dossier.ts";

const rule = "R-TRIPHOSP";

/**
 * The hospital that answers for a trip (R-TRIPHOSP): that of whoever asked for it, else the owner of the place where it
 * begins.
 */
export function tripHospital(trip: DossierTrip, origin: DirectoryFacility, directory: Directory): Ruled<string> {
  const ofCreator = directory.person(trip.createdById)?.hospitalId ?? null;
  const hospitalId = ofCreator ?? origin.hospitalId;
  const isForeign = hospitalId !== origin.hospitalId;
  const isUnknown = hospitalId === sharedHospitalId;
  if (!isForeign && !isUnknown) return { value: hospitalId, findings: nothingFound };
  const foreign: Finding = { kind: "TRIP_ORIGIN_FOREIGN", rule, detail: { originHospitalId: origin.hospitalId } };
  return {
    value: hospitalId,
    findings: [...(isForeign ? [foreign] : []), ...(isUnknown ? [{ kind: "TRIP_HOSPITAL_UNKNOWN", rule }] : [])],
  };
}
