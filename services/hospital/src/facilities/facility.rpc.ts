import type { ServiceImpl } from "@connectrpc/connect";
import { Reason } from "#gen/medport/errors/v1/reason_pb.ts";
import { FacilityCreatedSchema, FacilityUpdatedSchema } from "#gen/medport/events/v1/facility_events_pb.ts";
import {
  CreateFacilityResponseSchema,
  type FacilityService,
  GetFacilityResponseSchema,
  ListFacilitiesResponseSchema,
  UpdateFacilityResponseSchema,
} from "#gen/medport/hospital/v1/facility_service_pb.ts";
import { type UserIdentity, userOf } from "#platform/auth/caller.ts";
import type { UnitOfWork, Work } from "#platform/database/unit-of-work.ts";
import { type IdSource, parseId } from "#platform/id.ts";
import { assertEtag } from "#platform/rpc/etag.ts";
import { openPage, placeFromKey } from "#platform/rpc/page.ts";
import { notFound, refuse } from "#platform/rpc/refusal.ts";
import { isKnownHospital } from "../hospitals/hospital.store.ts";
import { retellWaitingTrips } from "../trips/waiting-trips.events.ts";
import { hospitalActedFor } from "../hospitals/hospital.scope.ts";
import { createFacility, type Facility, type FacilityId, parseFacilityType, updateFacility } from "./facility.ts";
import { coordinatesFromMessage, facilityDetailsFrom, messageFromFacility } from "./facility.message.ts";
import { findFacility, insertFacility, listFacilities, lockFacility, saveFacility } from "./facility.store.ts";

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
          ...(coordinates && { coordinates: coordinatesFromMessage(coordinates) }),
          operatingHours: request.operatingHours,
          capabilities: request.capabilities,
          now: work.now,
        });
        await insertFacility(work.tx, facility);
        emitChange(work, FacilityCreatedSchema, facility);
        work.touched("facility", facility.id);
        return { facility: messageFromFacility(facility) };
      }),

    updateFacility: (request, context) =>
      unitOfWork.write(context, request, UpdateFacilityResponseSchema, async (work) => {
        const { facilityId, etag } = request;
        work.touched("facility", facilityId);
        const details = facilityDetailsFrom(request);
        const before = await lockFacility(work.tx, facilityId);
        if (!before) throw notFound("facility", facilityId);
        assertMayChange(userOf(context), before);
        assertEtag(etag, before.version);
        const facility = updateFacility(before, details, work.now);
        // Nothing has changed, and the world must not hear of a change.
        if (facility === before) return { facility: messageFromFacility(before) };
        await saveFacility(work.tx, facility);
        emitChange(work, FacilityUpdatedSchema, facility);
        if (isElsewhere(before, facility)) await retellWaitingTrips(work, facility.id, userOf(context).userId);
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
        const { hospitalId, county, state, type, nameContains, activeOnly } = request;
        const filter = { hospitalId, county, state, type, nameContains, activeOnly };
        const page = openPage(context, request, filter);
        const after = placeFromKey(page.after);
        const found = await listFacilities(work.tx, filter, { limit: page.limit, ...(after && { after }) });
        const { rows, nextPageToken } = page.end(found, ({ name, id }) => [name, id]);
        return { facilities: rows.map(messageFromFacility), nextPageToken };
      }),
  };
}

/** Whether what trips say of the place is another than before. */
function isElsewhere(before: Facility, after: Facility): boolean {
  const placeOf = ({ name, city, state, county, coordinates }: Facility): string =>
    JSON.stringify([name, city, state, county, coordinates]);
  return placeOf(before) !== placeOf(after);
}

function newFacilityId(newId: IdSource): FacilityId {
  const id = parseId<FacilityId>(newId());
  if (!id) throw new Error("the source of ids made one that is not an id");
  return id;
}

/**
 * A hospital's people change its own facilities, Center's people all. That another's exists is no secret.
 * @throws Refusal ACTION_NOT_ALLOWED.
 */
function assertMayChange({ userType, organizationId }: UserIdentity, { hospitalId }: Facility): void {
  if (userType === "CENTER" || (userType === "HOSPITAL" && organizationId === hospitalId)) return;
  throw refuse(Reason.ACTION_NOT_ALLOWED, "only the facility's own hospital and Center change it");
}

function emitChange(
  work: Work,
  schema: typeof FacilityCreatedSchema | typeof FacilityUpdatedSchema,
  { id, hospitalId, name, type, city, state, county, isActive, version }: Facility,
): void {
  const message = { facilityId: id, hospitalId, name, type, city, state, county, active: isActive };
  work.emit({ schema, message, aggregateId: id, version });
}
