import type { Directory, DirectoryUnit } from "../directory/directory.ts";
import { acceptedBidOf, bidProblem } from "./bids.ts";
import {
  type Decided,
  type Dossier,
  type DossierBid,
  type DossierTrip,
  isOver,
  nothingFound,
  type TripQuarantineReason,
  type TripStatus,
} from "./dossier.ts";
import { latestOf } from "./latest.ts";
import { type TripHolder, tripAgency } from "./trip-agency.ts";
import { tripHospital } from "./trip-hospital.ts";
import { type SettledCourse, settleCourse } from "./trip-status.ts";
import { tripUnit } from "./trip-unit.ts";
import { isUsableId, isUsableTime } from "./usable.ts";

/** All that is decided about a trip without knowing of other trips. */
export interface TripCourse extends SettledCourse {
  readonly status: TripStatus;
  readonly hospitalId: string;
  readonly createdByUserId: string;
  readonly agencyId: string | null;
  readonly unit: DirectoryUnit | null;
  /** The bid by which the agency has the trip; undefined if it took it directly. */
  readonly accepted: DossierBid | undefined;
}

/** Decides a trip by its own dossier. Whether it keeps its unit depends on others: see `claimUnits`. */
export function decideCourse(dossier: Dossier, directory: Directory): Decided<TripCourse> {
  const { trip } = dossier;
  const origin = directory.facility(trip.originFacilityId);
  const problem = rowProblem(trip);
  if (problem) return refused(problem);
  if (!origin || !directory.facility(trip.destinationFacilityId)) return refused("FACILITY_NOT_MOVED");
  const holder = tripAgency(dossier, directory);
  if (!holder.ok) return holder;
  const { status, agencyId } = holder.value;
  if (!isOver(status) && trip.originFacilityId === trip.destinationFacilityId)
    return refused("OPEN_TRIP_TO_ITS_ORIGIN");
  const unit = tripUnit(holder.value, directory);
  if (status === "IN_PROGRESS" && !unit.value) return refused("IN_PROGRESS_WITHOUT_UNIT");
  const accepted = acceptedBid(dossier, holder.value, directory);
  const course = settleCourse(trip, { status, acceptedAt: acceptedAtOf(dossier, accepted) });
  const hospital = tripHospital(trip, origin, directory);
  const rulings = [hospital, holder, unit, course];
  return {
    ok: true,
    value: {
      ...course.value,
      ...{ status, agencyId, accepted, unit: unit.value, hospitalId: hospital.value },
      createdByUserId: directory.person(trip.createdById)?.userId ?? trip.createdById,
    },
    findings: rulings.every(({ findings }) => findings === nothingFound)
      ? nothingFound
      : rulings.flatMap(({ findings }) => findings),
  };
}

/** Why the row as such cannot be moved; undefined if it can. */
function rowProblem({ id, requestTimestamp, createdAt, updatedAt }: DossierTrip): TripQuarantineReason | undefined {
  if (!isUsableId(id)) return "ID_NOT_USABLE";
  const isSound = isUsableTime(requestTimestamp) && isUsableTime(createdAt) && isUsableTime(updatedAt);
  return isSound ? undefined : "TIME_OUT_OF_RANGE";
}

function acceptedBid(
  { bids }: Dossier,
  { status, agencyId }: TripHolder,
  directory: Directory,
): DossierBid | undefined {
  if (status === "PENDING" || bids.length === 0) return undefined;
  return acceptedBidOf(
    bids.filter((bid) => bidProblem(bid, directory) === undefined),
    agencyId,
  );
}

/** When an agency took the trip, as far as bids and unit assignments say. */
function acceptedAtOf({ unitAssignments }: Dossier, accepted: DossierBid | undefined): Date | null {
  return accepted?.reviewedAt ?? latestOf(unitAssignments, ({ createdAt }) => createdAt)?.createdAt ?? null;
}

function refused(reason: TripQuarantineReason): Decided<TripCourse> {
  return { ok: false, reason, findings: nothingFound };
}
