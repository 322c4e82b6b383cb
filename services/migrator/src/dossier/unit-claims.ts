import type { Directory } from "../directory/directory.ts";
import { type Decided, type Dossier, isUnderway, nothingFound } from "./dossier.ts";
import { decideCourse, type TripCourse } from "./trip-course.ts";

/** Which trip keeps a unit, by the unit's id. Units on no open trip are not in it. */
export type UnitClaims = ReadonlyMap<string, string>;

/** A trip that wants a unit. */
interface Claim {
  readonly tripId: string;
  /** When the trip was accepted, in milliseconds; infinite if nobody knows. */
  readonly acceptedMs: number;
}

/**
 * Decides who keeps a unit that several open trips want (R-UNIT): the one accepted first, of equals the one whose id is
 * first. Trips that cannot be moved for another reason want nothing.
 * @param dossiers those of all open trips; others among them do no harm.
 */
export async function claimUnits(
  dossiers: AsyncIterable<Dossier> | Iterable<Dossier>,
  directory: Directory,
): Promise<UnitClaims> {
  const claims = new Map<string, Claim>();
  for await (const dossier of dossiers) {
    const course = decideCourse(dossier, directory);
    if (!course.ok || !course.value.unit || !isUnderway(course.value.status)) continue;
    const claim = {
      tripId: dossier.trip.id,
      acceptedMs: course.value.acceptTime?.getTime() ?? Number.POSITIVE_INFINITY,
    };
    const other = claims.get(course.value.unit.id);
    if (!other || isBefore(claim, other)) claims.set(course.value.unit.id, claim);
  }
  return new Map([...claims].map(([unitId, { tripId }]) => [unitId, tripId]));
}

/** The course once it is known whether the trip keeps its unit. One that is in progress cannot be without. */
export function withClaim(course: TripCourse, tripId: string, claims: UnitClaims): Decided<TripCourse> {
  const { unit, status } = course;
  const keeper = unit && isUnderway(status) ? claims.get(unit.id) : undefined;
  if (!unit || keeper === undefined || keeper === tripId) return { ok: true, value: course, findings: nothingFound };
  const detail = { unitId: unit.id, keptByTripId: keeper };
  const findings = [{ kind: "DOUBLE_BOOKED", rule: "R-UNIT", detail }];
  if (status === "IN_PROGRESS") return { ok: false, reason: "IN_PROGRESS_WITHOUT_UNIT", findings };
  return { ok: true, value: { ...course, unit: null }, findings };
}

function isBefore(claim: Claim, other: Claim): boolean {
  if (claim.acceptedMs !== other.acceptedMs) return claim.acceptedMs < other.acceptedMs;
  return claim.tripId < other.tripId;
}
