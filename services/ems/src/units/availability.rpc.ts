import type { MessageInitShape } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";
import {
  type AgencyAvailabilitySchema,
  ListAvailabilityResponseSchema,
  SummarizeAvailabilityResponseSchema,
  type UnitService,
} from "#gen/medport/ems/v1/unit_service_pb.ts";
import { userOf } from "#platform/auth/caller.ts";
import type { UnitOfWork } from "#platform/database/unit-of-work.ts";
import { momentFromKey, openPage } from "#platform/rpc/page.ts";
import { notFound } from "#platform/rpc/refusal.ts";
import { findParticipants } from "../agencies/agency.store.ts";
import { type Agency, serves } from "../agencies/agency.ts";
import { listAvailability } from "./availability.store.ts";
import { messageFromAvailability, protoFromUnitType } from "./unit.message.ts";
import { mayTouch } from "./unit-scope.ts";
import { type AssignableCount, countAssignableUnits, findUnit } from "./unit.store.ts";
import { unitTypes } from "./unit-type.ts";

export interface AvailabilityRpcDeps {
  readonly unitOfWork: UnitOfWork;
}

/** The methods that tell who could come. */
export type AvailabilityMethods = Pick<ServiceImpl<typeof UnitService>, "listAvailability" | "summarizeAvailability">;

/** Implements the part of `medport.ems.v1.UnitService` that tells of availability. */
export function availabilityRpc({ unitOfWork }: AvailabilityRpcDeps): AvailabilityMethods {
  return {
    listAvailability: (request, context) => {
      const { unitId } = request;
      const page = openPage(context, request, { unitId });
      return unitOfWork.read(context, request, ListAvailabilityResponseSchema, async (work) => {
        const unit = await findUnit(work.tx, unitId, work.now);
        if (!unit || !mayTouch(unit, userOf(context))) throw notFound("unit", unitId);
        work.touched("unit", unitId);
        const listing = { unitId: unit.id, after: momentFromKey(page.after), limit: page.limit };
        const { rows, nextPageToken } = page.end(await listAvailability(work.tx, listing), ({ id, startTime }) => [
          startTime.getTime(),
          id,
        ]);
        return { availabilities: rows.map(messageFromAvailability), nextPageToken };
      });
    },

    summarizeAvailability: (request, context) => {
      const { userType, organizationId } = userOf(context);
      const { county } = request;
      return unitOfWork.read(context, request, SummarizeAvailabilityResponseSchema, async ({ tx, now }) => {
        // What an agency has left to send is no other agency's business.
        const onlyId = userType === "EMS" ? (organizationId ?? "") : undefined;
        const found = await findParticipants(tx, onlyId);
        const agencies = county.trim() === "" ? found : found.filter((agency) => serves(agency, county));
        const agencyIds = agencies.map(({ id }) => id);
        const counts = await countAssignableUnits(tx, agencyIds, now);
        return { agencies: agencies.map((agency) => summaryOf(agency, counts)) };
      });
    },
  };
}

function summaryOf(
  { id, name }: Agency,
  counts: readonly AssignableCount[],
): MessageInitShape<typeof AgencyAvailabilitySchema> {
  const assignableUnits = counts
    .filter(({ agencyId }) => agencyId === id)
    .toSorted((one, other) => unitTypes.indexOf(one.type) - unitTypes.indexOf(other.type))
    .map(({ type, count }) => ({ type: protoFromUnitType(type), count }));
  return { agencyId: id, agencyName: name, assignableUnits };
}
