import { isAssignedAgency, isOwner, type Trip } from "./trip.ts";
import { reaches, type TripActor } from "./trip-actor.ts";

/**
 * What a person is to a trip. OWNER: the hospital that asked for it. INBOUND: the hospital that the patient is brought
 * to, which reads. ASSIGNED: the agency that has or had it. OFFERED: an agency that may have it, and sees neither free
 * text nor the patient. OVERSEER: Center.
 */
export type TripRelation = "OWNER" | "INBOUND" | "ASSIGNED" | "OFFERED" | "OVERSEER";

/** What a person is to a trip; undefined if it is none of the person's business, not even that it exists. */
export function relationTo(trip: Trip, actor: TripActor): TripRelation | undefined {
  switch (actor.type) {
    case "CENTER":
      return "OVERSEER";
    case "HOSPITAL":
      if (isOwner(trip, actor)) return "OWNER";
      return trip.destination.hospitalId === actor.hospitalId ? "INBOUND" : undefined;
    case "EMS":
      if (isAssignedAgency(trip, actor)) return "ASSIGNED";
      return trip.status === "PENDING" && reaches(actor.reach, trip.origin.county) ? "OFFERED" : undefined;
  }
}

/** True if the person may read free text and the patient's pseudonym. */
export function seesPatientData(relation: TripRelation): boolean {
  return relation !== "OFFERED";
}
