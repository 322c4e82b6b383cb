import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { type RegisteredServiceSchema, ServiceType } from "#gen/medport/center/v1/service_registry_service_pb.ts";
import { protoFromAgencyStatus } from "../agencies/agency.message.ts";
import { isAlive, type RegisteredService, type RegisteredServiceType } from "./registered-service.ts";

const types = {
  MESH: ServiceType.MESH,
  EMS_AGENCY: ServiceType.EMS_AGENCY,
} as const satisfies Record<RegisteredServiceType, ServiceType>;

/** A type from a message; undefined for all types. */
export function serviceTypeFromProto(type: ServiceType): RegisteredServiceType | undefined {
  return (["MESH", "EMS_AGENCY"] as const).find((name) => types[name] === type);
}

/** What takes part, as messages and events carry it. */
export function serviceMessage(
  service: RegisteredService,
  now: Date,
): MessageInitShape<typeof RegisteredServiceSchema> {
  const { id, name, type, status, address = "", lastHeartbeatTime, createTime } = service;
  return {
    id,
    name,
    type: types[type],
    status: protoFromAgencyStatus(status),
    address,
    ...(lastHeartbeatTime && { lastHeartbeatTime: timestampFromDate(lastHeartbeatTime) }),
    alive: isAlive(service, now),
    createTime: timestampFromDate(createTime),
  };
}
