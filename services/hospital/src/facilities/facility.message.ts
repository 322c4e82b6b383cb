import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { Reason } from "#gen/medport/errors/v1/reason_pb.ts";
import {
  type FacilityDetails as DetailsMessage,
  FacilityDetailsSchema,
  type FacilitySchema,
  type UpdateFacilityRequest,
} from "#gen/medport/hospital/v1/facility_service_pb.ts";
import type { Coordinates } from "#gen/medport/transport/v1/trip_pb.ts";
import { etagOf } from "#platform/rpc/etag.ts";
import { maskedFields } from "#platform/rpc/field-mask.ts";
import { badRequest, refuse } from "#platform/rpc/refusal.ts";
import { type Facility, type FacilityDetails, type FacilityType, parseFacilityType } from "./facility.ts";

/** A facility as messages spell it. */
export function messageFromFacility(facility: Facility): MessageInitShape<typeof FacilitySchema> {
  const { isActive, version, createdAt, updatedAt, capabilities, coordinates, ...same } = facility;
  return {
    ...same,
    ...(coordinates && { coordinates }),
    capabilities: [...capabilities],
    active: isActive,
    etag: etagOf(version),
    createTime: timestampFromDate(createdAt),
    updateTime: timestampFromDate(updatedAt),
  };
}

/** Coordinates of a message without what makes it one. */
export function coordinatesFromMessage({ latitude, longitude }: Coordinates): NonNullable<Facility["coordinates"]> {
  return { latitude, longitude };
}

/**
 * What a request changes about a facility.
 * @throws Refusal VALIDATION_FAILED if the mask is wrong, or empties a field that every facility has.
 */
export function facilityDetailsFrom({ details, updateMask }: UpdateFacilityRequest): Partial<FacilityDetails> {
  const fields = maskedFields(FacilityDetailsSchema, updateMask);
  if (!details) throw refuseField("details", "is demanded");
  return [...fields].reduce<Partial<FacilityDetails>>(
    (wanted, field) => ({ ...wanted, ...detailFrom(details, field) }),
    {},
  );
}

type DetailField = Exclude<keyof DetailsMessage, "$typeName" | "$unknown">;

function detailFrom(details: DetailsMessage, field: DetailField): Partial<FacilityDetails> {
  switch (field) {
    case "name":
    case "address":
    case "city":
    case "state":
    case "county":
      return { [field]: demanded(details[field], field) };
    case "zipCode":
      return { zipCode: demanded(details.zipCode, "zip_code") };
    case "type":
      return { type: typeFrom(details.type) };
    case "phone":
    case "email":
    case "operatingHours":
      return { [field]: details[field] };
    case "capabilities":
      return { capabilities: [...details.capabilities] };
    case "active":
      return { isActive: details.active };
    case "coordinates":
      return { coordinates: details.coordinates ? coordinatesFromMessage(details.coordinates) : null };
  }
}

function typeFrom(text: string): FacilityType {
  const type = parseFacilityType(text);
  if (!type) throw refuseField("details.type", "must be one of the types of facilities");
  return type;
}

function demanded(text: string, field: string): string {
  if (text.trim() === "") throw refuseField(`details.${field}`, "must not be empty");
  return text;
}

function refuseField(field: string, description: string): Error {
  return refuse(Reason.VALIDATION_FAILED, `${field} ${description}`, {
    details: [badRequest([{ field, description }])],
  });
}
