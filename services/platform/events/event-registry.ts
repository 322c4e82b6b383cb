import type { DescFile } from "@bufbuild/protobuf";
import { file_medport_events_v1_agency_events } from "#gen/medport/events/v1/agency_events_pb.ts";
import { file_medport_events_v1_bid_events } from "#gen/medport/events/v1/bid_events_pb.ts";
import { file_medport_events_v1_configuration_events } from "#gen/medport/events/v1/configuration_events_pb.ts";
import { file_medport_events_v1_facility_events } from "#gen/medport/events/v1/facility_events_pb.ts";
import { file_medport_events_v1_hospital_events } from "#gen/medport/events/v1/hospital_events_pb.ts";
import { file_medport_events_v1_preference_events } from "#gen/medport/events/v1/preference_events_pb.ts";
import { file_medport_events_v1_route_events } from "#gen/medport/events/v1/route_events_pb.ts";
import { file_medport_events_v1_service_events } from "#gen/medport/events/v1/service_events_pb.ts";
import { file_medport_events_v1_session_events } from "#gen/medport/events/v1/session_events_pb.ts";
import { file_medport_events_v1_trip_events } from "#gen/medport/events/v1/trip_events_pb.ts";
import { file_medport_events_v1_unit_events } from "#gen/medport/events/v1/unit_events_pb.ts";
import { file_medport_events_v1_user_events } from "#gen/medport/events/v1/user_events_pb.ts";
import { type EventType, eventTypeOf, isEventType } from "./event-type.ts";

const files: readonly DescFile[] = [
  file_medport_events_v1_agency_events,
  file_medport_events_v1_bid_events,
  file_medport_events_v1_configuration_events,
  file_medport_events_v1_facility_events,
  file_medport_events_v1_hospital_events,
  file_medport_events_v1_preference_events,
  file_medport_events_v1_route_events,
  file_medport_events_v1_service_events,
  file_medport_events_v1_session_events,
  file_medport_events_v1_trip_events,
  file_medport_events_v1_unit_events,
  file_medport_events_v1_user_events,
];

/** Every type of event that this version knows, by the full name of its message. A test keeps it complete. */
export const eventTypes: ReadonlyMap<string, EventType> = new Map(
  files
    .flatMap((file) => file.messages)
    .filter(isEventType)
    .map((schema) => [schema.typeName, eventTypeOf(schema)]),
);
