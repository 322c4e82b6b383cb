import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampDate, timestampFromDate } from "@bufbuild/protobuf/wkt";
import { type Agency as AgencyMessage, type AgencySchema, ServiceStatus } from "#gen/medport/ems/v1/agency_pb.ts";
import { parseId } from "#platform/id.ts";
import { etagOf, versionFromEtag } from "#platform/rpc/etag.ts";
import type { Agency, AgencyId, AgencyStatus } from "./agency.ts";

const statuses = {
  ACTIVE: ServiceStatus.ACTIVE,
  INACTIVE: ServiceStatus.INACTIVE,
  PENDING: ServiceStatus.PENDING,
} as const satisfies Record<AgencyStatus, ServiceStatus>;

const names = ["ACTIVE", "INACTIVE", "PENDING"] as const satisfies readonly AgencyStatus[];

/** The statuses that a request names; those that this version does not know are left out. */
export function agencyStatusesFromProto(messages: readonly ServiceStatus[]): readonly AgencyStatus[] {
  return names.filter((name) => messages.includes(statuses[name]));
}

/** A status as messages spell it. */
export function protoFromAgencyStatus(status: AgencyStatus): ServiceStatus {
  return statuses[status];
}

/** An agency as messages and events carry it. */
export function agencyMessage(agency: Agency): MessageInitShape<typeof AgencySchema> {
  const { pricing, createTime, updateTime, version, serviceArea, capabilities, status, ...rest } = agency;
  return {
    ...rest,
    serviceArea: [...serviceArea],
    capabilities: [...capabilities],
    ...(pricing && { pricing: { baseFares: { ...pricing.baseFares }, perMile: pricing.perMile } }),
    status: statuses[status],
    etag: etagOf(version),
    createTime: timestampFromDate(createTime),
    updateTime: timestampFromDate(updateTime),
  };
}

/**
 * The agency in an answer of EMS, whose version only the etag tells.
 * @throws Error if it is no agency.
 */
export function agencyFromAnswer(message: AgencyMessage | undefined): Agency {
  const version = versionFromEtag(message?.etag ?? "");
  if (version === undefined) throw new Error("EMS answered with an agency without a version");
  return agencyFromMessage(message, version);
}

/**
 * The agency that EMS tells of. Events bring the version beside it.
 * @throws Error if it is no agency: EMS and Center do not speak of the same thing.
 */
export function agencyFromMessage(message: AgencyMessage | undefined, version: number): Agency {
  const id = parseId<AgencyId>(message?.id ?? "");
  const status = names.find((name) => statuses[name] === message?.status);
  if (!message || !id || !status || !message.createTime || !message.updateTime) {
    throw new Error("EMS told of an agency without an id, a status or its times");
  }
  const { $typeName: _, $unknown: __, etag: ___, pricing, createTime, updateTime, ...rest } = message;
  return {
    ...rest,
    id,
    status,
    version,
    ...(pricing && { pricing: { baseFares: pricing.baseFares, perMile: pricing.perMile } }),
    createTime: timestampDate(createTime),
    updateTime: timestampDate(updateTime),
  };
}
