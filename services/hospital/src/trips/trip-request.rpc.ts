import { type Timestamp, timestampDate } from "@bufbuild/protobuf/wkt";
import { Reason } from "#gen/medport/errors/v1/reason_pb.ts";
import {
  type CreateTripRequest,
  type TripDetails,
  TripDetailsSchema,
  type UpdateTripRequest,
} from "#gen/medport/hospital/v1/trip_service_pb.ts";
import type { UserIdentity } from "#platform/auth/caller.ts";
import type { Work } from "#platform/database/unit-of-work.ts";
import { maskedFields } from "#platform/rpc/field-mask.ts";
import { badRequest, notFound, refuse } from "#platform/rpc/refusal.ts";
import { hospitalActedFor } from "../hospitals/hospital.scope.ts";
import { findHospitalStanding, findPlace } from "./place.store.ts";
import { awardPolicyFromProto, levelFromProto, priorityFromProto, windowFromProto } from "./transport.message.ts";
import type { TripActor } from "./trip-actor.ts";
import type { ActivePlace, TripOrder } from "./trip-order.ts";
import type { Report } from "./trip-progress.ts";
import type { Trip } from "./trip.ts";
import type { TripRevision } from "./trip-update.ts";

/** What a request for a trip says, as far as it stands in the request alone. */
export function orderFromRequest(
  request: CreateTripRequest,
): Pick<TripOrder, "level" | "priority" | "awardPolicy" | "specialRequirements" | "window"> {
  const { specialRequirements } = request;
  const window = windowFromProto(request.pickupWindow);
  return {
    level: known("transport_level", levelFromProto(request.transportLevel)),
    priority: known("priority", priorityFromProto(request.priority)),
    awardPolicy: awardPolicyFromProto(request.awardPolicy) ?? "MANUAL",
    specialRequirements,
    ...(window && { window }),
  };
}

/**
 * The hospital that asks for a trip. Its own people's token vouches for it, and one that Center names must be known. One
 * that is switched off sees to its trips under way, but asks for no new ones.
 */
export async function askingHospital({ tx }: Work, user: UserIdentity, named: string): Promise<string> {
  const hospitalId = hospitalActedFor(user, named);
  const standing = await findHospitalStanding(tx, hospitalId);
  if (!standing && user.userType !== "HOSPITAL") throw notFound("hospital", hospitalId);
  if (standing?.isActive === false) throw refuse(Reason.FACILITY_NOT_ACTIVE, "the hospital is not active");
  return hospitalId;
}

/** The place that a request names. @throws Refusal RESOURCE_NOT_FOUND if there is none. */
export async function placeOf({ tx }: Work, facilityId: string): Promise<ActivePlace> {
  const place = await findPlace(tx, facilityId);
  if (!place) throw notFound("facility", facilityId);
  return place;
}

/**
 * What an update asks to be different. Places that stay are not looked up again.
 * @throws Refusal VALIDATION_FAILED if the mask names nothing, or something that the request lacks or does not know.
 */
export async function revisionOf(work: Work, trip: Trip, request: UpdateTripRequest): Promise<TripRevision> {
  const details = detailsOf(request);
  const fields = maskedFields(TripDetailsSchema, request.updateMask);
  const window = windowFromProto(details.pickupWindow);
  return {
    ...(fields.has("originFacilityId") && {
      origin: await newPlace(work, "origin_facility_id", details.originFacilityId, trip.origin),
    }),
    ...(fields.has("destinationFacilityId") && {
      destination: await newPlace(work, "destination_facility_id", details.destinationFacilityId, trip.destination),
    }),
    ...(fields.has("transportLevel") && {
      level: known("transport_level", levelFromProto(details.transportLevel)),
    }),
    ...(fields.has("priority") && { priority: known("priority", priorityFromProto(details.priority)) }),
    ...(fields.has("awardPolicy") && { awardPolicy: awardPolicyFromProto(details.awardPolicy) ?? "MANUAL" }),
    ...(fields.has("specialRequirements") && { specialRequirements: details.specialRequirements }),
    ...(fields.has("pickupWindow") && { window: window ? { to: window } : {} }),
  };
}

/** Somebody's word, with the reason that Center gives when it speaks in another's place. */
export function reportOf(
  { now }: Work,
  actor: TripActor,
  { overrideReason }: { readonly overrideReason: string },
  occurTime?: Timestamp,
): Report {
  return {
    actor,
    ...(occurTime && { occurredAt: timestampDate(occurTime) }),
    ...(overrideReason && { overrideReason }),
    now,
  };
}

function detailsOf({ details }: UpdateTripRequest): TripDetails {
  if (!details) throw refuseField("details", "is demanded");
  return details;
}

async function newPlace(work: Work, field: string, id: string, present: ActivePlace["place"]): Promise<ActivePlace> {
  if (id === "") throw refuseField(field, "is demanded");
  return id === present.facilityId ? { place: present, isActive: true } : placeOf(work, id);
}

/** The value that an enum means. @throws Refusal VALIDATION_FAILED if this version knows none. */
export function known<T>(field: string, value: T | undefined): T {
  if (value === undefined) throw refuseField(field, "is not specified, or unknown");
  return value;
}

function refuseField(field: string, description: string): Error {
  return refuse(Reason.VALIDATION_FAILED, `${field} ${description}`, {
    details: [badRequest([{ field, description }])],
  });
}
