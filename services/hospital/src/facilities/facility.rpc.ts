import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { ServiceImpl } from "@connectrpc/connect";
import { Reason } from "#gen/medport/errors/v1/reason_pb.ts";
import { FacilityCreatedSchema } from "#gen/medport/events/v1/facility_events_pb.ts";
import {
  CreateFacilityResponseSchema,
  type FacilitySchema,
  type FacilityService,
  GetFacilityResponseSchema,
  ListFacilitiesResponseSchema,
} from "#gen/medport/hospital/v1/facility_service_pb.ts";
import { userOf } from "#platform/auth/caller.ts";
import type { UnitOfWork, Work } from "#platform/database/unit-of-work.ts";
import { type IdSource, parseId } from "#platform/id.ts";
import { etagOf } from "#platform/rpc/etag.ts";
import { openPage, placeFromKey } from "#platform/rpc/page.ts";
import { notFound, refuse } from "#platform/rpc/refusal.ts";
import { isKnownHospital } from "../hospitals/hospital.store.ts";
import { hospitalActedFor } from "../hospitals/hospital.scope.ts";
import { createFacility, type Facility, type FacilityId, parseFacilityType } from "./facility.ts";
import { findFacility, insertFacility, listFacilities } from "./facility.store.ts";

export interface FacilityRpcDeps {
  readonly unitOfWork: UnitOfWork;
  readonly newId: IdSource;
}

/** Implements `medport.hospital.v1.FacilityService`. */
export function facilityRpc({ unitOfWork, newId }: FacilityRpcDeps): ServiceImpl<typeof FacilityService> {
  return {
    createFacility: (request, context) =>
      unitOfWork.write(context, request, CreateFacilityResponseSchema, async (work) => {
        const hospitalId = hospitalActedFor(userOf(context), request.hospitalId);
        const type = parseFacilityType(request.type);
        if (!type) throw refuse(Reason.VALIDATION_FAILED, "there is no such type of facility");
        // Whom Center has just registered we learn of by an event; the hospital's own token vouches for it until then.
        const isKnown = userOf(context).userType === "HOSPITAL" || (await isKnownHospital(work.tx, hospitalId));
        if (!isKnown) throw notFound("hospital", hospitalId);
        const { name, address, city, state, zipCode, county, coordinates, phone, email } = request;
        const facility = createFacility({
          id: newFacilityId(newId),
          ...{ hospitalId, name, type, address, city, state, zipCode, county, phone, email },
          ...(coordinates && { coordinates: { latitude: coordinates.latitude, longitude: coordinates.longitude } }),
          operatingHours: request.operatingHours,
          capabilities: request.capabilities,
          now: work.now,
        });
        await insertFacility(work.tx, facility);
        emitCreated(work, facility);
        work.touched("facility", facility.id);
        return { facility: messageFromFacility(facility) };
      }),

    getFacility: (request, context) =>
      unitOfWork.read(context, request, GetFacilityResponseSchema, async (work) => {
        const id = parseId<FacilityId>(request.facilityId);
        const facility = id && (await findFacility(work.tx, id));
        if (!facility) throw notFound("facility", request.facilityId);
        return { facility: messageFromFacility(facility) };
      }),

    listFacilities: (request, context) =>
      unitOfWork.read(context, request, ListFacilitiesResponseSchema, async (work) => {
        const { hospitalId } = request;
        const page = openPage(context, request, { hospitalId });
        const after = placeFromKey(page.after);
        const found = await listFacilities(work.tx, { hospitalId, limit: page.limit, ...(after && { after }) });
        const { rows, nextPageToken } = page.end(found, ({ name, id }) => [name, id]);
        return { facilities: rows.map(messageFromFacility), nextPageToken };
      }),
  };
}

function newFacilityId(newId: IdSource): FacilityId {
  const id = parseId<FacilityId>(newId());
  if (!id) throw new Error("the source of ids made one that is not an id");
  return id;
}

function emitCreated(
  work: Work,
  { id, hospitalId, name, type, city, state, county, isActive, version }: Facility,
): void {
  const message = { facilityId: id, hospitalId, name, type, city, state, county, active: isActive };
  work.emit({ schema: FacilityCreatedSchema, message, aggregateId: id, version });
}

function messageFromFacility(facility: Facility): MessageInitShape<typeof FacilitySchema> {
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
