import { createHash } from "node:crypto";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import {
  AgencyDetailsSchema,
  type AgencyProfile as ProfileMessage,
  type AgencySchema,
  type Pricing as PricingMessage,
  ServiceStatus,
} from "#gen/medport/ems/v1/agency_pb.ts";
import type { UpdateAgencyRequest } from "#gen/medport/ems/v1/agency_service_pb.ts";
import { Reason } from "#gen/medport/errors/v1/reason_pb.ts";
import { etagOf } from "#platform/rpc/etag.ts";
import { maskedFields } from "#platform/rpc/field-mask.ts";
import { refuse } from "#platform/rpc/refusal.ts";
import { type Agency, type AgencyProfile, type AgencyStatus, agencyStatuses, type Pricing } from "./agency.ts";

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
  return { ...rest, ...(pricing && { pricing: pricingFromMessage(pricing) }) };
}

type Texts = Omit<AgencyProfile, "pricing">;

/** The profile that a request makes of an agency's: what its mask does not name stays as it is. */
export function changedProfileFrom(agency: Agency, { details, updateMask }: UpdateAgencyRequest): AgencyProfile {
  const fields = maskedFields(AgencyDetailsSchema, updateMask);
  if (!details) throw refuse(Reason.VALIDATION_FAILED, "details are missing");
  const before: Texts = agency;
  const told: Texts = details;
  const either = <Field extends keyof Texts>(field: Field): Texts[Field] =>
    fields.has(field) ? told[field] : before[field];
  const pricing = fields.has("pricing") ? details.pricing && pricingFromMessage(details.pricing) : agency.pricing;
  return {
    name: either("name"),
    contactName: either("contactName"),
    phone: either("phone"),
    email: either("email"),
    address: either("address"),
    city: either("city"),
    state: either("state"),
    zipCode: either("zipCode"),
    serviceArea: either("serviceArea"),
    operatingHours: either("operatingHours"),
    capabilities: either("capabilities"),
    ...(pricing && { pricing }),
  };
}

function pricingFromMessage({ baseFares, perMile }: PricingMessage): Pricing {
  return { baseFares, perMile };
}

/** SHA-256 over what a command to create an agency says, so that its repetition can be told from another command. */
export function registrationHash({ pricing, ...profile }: AgencyProfile, status: AgencyStatus): Uint8Array {
  const fares = Object.entries(pricing?.baseFares ?? {}).toSorted(([one], [other]) => (one < other ? -1 : 1));
  const texts = Object.entries(profile).toSorted(([one], [other]) => (one < other ? -1 : 1));
  const said = JSON.stringify([texts, pricing ? [fares, pricing.perMile] : [], status]);
  return createHash("sha256").update(said).digest();
}
