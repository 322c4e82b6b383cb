import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import {
  type AgencyProfile as ProfileMessage,
  type AgencySchema,
  ServiceStatus,
} from "#gen/medport/ems/v1/agency_pb.ts";
import { etagOf } from "#platform/rpc/etag.ts";
import { type Agency, type AgencyProfile, type AgencyStatus, agencyStatuses } from "./agency.ts";

/** The status that a message means; undefined if unspecified or unknown to this version. */
export function agencyStatusFromProto(value: number): AgencyStatus | undefined {
  return agencyStatuses.find((status) => ServiceStatus[status] === value);
}

/** An agency as messages and events carry it. */
export function messageFromAgency(agency: Agency): MessageInitShape<typeof AgencySchema> {
  const { pricing, isActive, createdAt, updatedAt, version, serviceArea, capabilities, status, ...rest } = agency;
  return {
    ...rest,
    serviceArea: [...serviceArea],
    capabilities: [...capabilities],
    ...(pricing && { pricing: { baseFares: { ...pricing.baseFares }, perMile: pricing.perMile } }),
    active: isActive,
    status: ServiceStatus[status],
    etag: etagOf(version),
    createTime: timestampFromDate(createdAt),
    updateTime: timestampFromDate(updatedAt),
  };
}

/** What a message tells of an agency. */
export function profileFromMessage(message: ProfileMessage): AgencyProfile {
  const { $typeName: _, $unknown: __, pricing, ...rest } = message;
  return { ...rest, ...(pricing && { pricing: { baseFares: pricing.baseFares, perMile: pricing.perMile } }) };
}
