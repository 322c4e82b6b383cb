import { HospitalRegisteredSchema, HospitalUpdatedSchema } from "#gen/medport/events/v1/hospital_events_pb.ts";
import type { PendingEvent } from "#platform/events/outbox.ts";
import { hospitalMessage } from "./hospital.message.ts";
import type { Hospital } from "./hospital.ts";

/** Says that a hospital was added. */
export function hospitalRegistered(hospital: Hospital): PendingEvent<typeof HospitalRegisteredSchema> {
  return { schema: HospitalRegisteredSchema, ...stateOf(hospital) };
}

/** Says that a hospital changed. */
export function hospitalUpdated(hospital: Hospital): PendingEvent<typeof HospitalUpdatedSchema> {
  return { schema: HospitalUpdatedSchema, ...stateOf(hospital) };
}

function stateOf(hospital: Hospital) {
  return { message: { hospital: hospitalMessage(hospital) }, aggregateId: hospital.id, version: hospital.version };
}
