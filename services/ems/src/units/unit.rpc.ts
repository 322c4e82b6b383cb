import type { ServiceImpl } from "@connectrpc/connect";
import {
  type CreateUnitRequest,
  CreateUnitResponseSchema,
  GetUnitResponseSchema,
  ListUnitsResponseSchema,
  type UnitService,
} from "#gen/medport/ems/v1/unit_service_pb.ts";
import { Reason } from "#gen/medport/errors/v1/reason_pb.ts";
import { type UserIdentity, userOf } from "#platform/auth/caller.ts";
import type { UnitOfWork } from "#platform/database/unit-of-work.ts";
import type { IdSource } from "#platform/id.ts";
import { badRequest, notFound, refuse } from "#platform/rpc/refusal.ts";
import { findAgency } from "../agencies/agency.store.ts";
import type { Agency } from "../agencies/agency.ts";
import { openPage, placeFromKey } from "#platform/rpc/page.ts";
import { availabilityRpc } from "./availability.rpc.ts";
import { addUnit } from "./unit.events.ts";
import { messageFromUnit, unitStatusFromProto, unitTypeFromProto } from "./unit.message.ts";
import { unitChangeRpc } from "./unit-change.rpc.ts";
import { mayTouch } from "./unit-scope.ts";
import { findUnit, listUnits } from "./unit.store.ts";
import type { Unit, UnitId } from "./unit.ts";

export interface UnitRpcDeps {
  readonly unitOfWork: UnitOfWork;
  readonly newId: IdSource;
}

/** Implements `medport.ems.v1.UnitService`. */
export function unitRpc(deps: UnitRpcDeps): ServiceImpl<typeof UnitService> {
  const { unitOfWork, newId } = deps;
  return {
    ...unitChangeRpc(deps),
    ...availabilityRpc(deps),

    createUnit: (request, context) =>
      unitOfWork.write(context, request, CreateUnitResponseSchema, async (work) => {
        const agencyId = agencyOf(userOf(context), request.agencyId);
        const agency = await findAgency(work.tx, agencyId);
        if (!agency) throw notFound("agency", agencyId);
        const unit = unitFrom(request, agency, { id: newId() as UnitId, now: work.now });
        await addUnit(work, unit);
        return { unit: messageFromUnit(unit, work.now) };
      }),

    getUnit: (request, context) =>
      unitOfWork.read(context, request, GetUnitResponseSchema, async (work) => {
        const unit = await findUnit(work.tx, request.unitId, work.now);
        if (!unit || !mayTouch(unit, userOf(context))) throw notFound("unit", request.unitId);
        work.touched("unit", unit.id);
        return { unit: messageFromUnit(unit, work.now) };
      }),

    listUnits: (request, context) => {
      const { userType, organizationId } = userOf(context);
      const { agencyId: wanted, assignableOnly } = request;
      // Center may look at one agency's units; an agency looks at its own, whatever it asks for.
      const agencyId = userType === "CENTER" ? wanted || undefined : (organizationId ?? "");
      const statuses = request.statuses.flatMap((status) => unitStatusFromProto(status) ?? []).toSorted();
      const types = request.types.flatMap((type) => unitTypeFromProto(type) ?? []).toSorted();
      const page = openPage(context, request, { agencyId, statuses, types, assignableOnly });
      return unitOfWork.read(context, request, ListUnitsResponseSchema, async (work) => {
        if (wanted !== "" && agencyId !== wanted) throw notFound("agency", wanted);
        const { tx, now } = work;
        const filter = { agencyId, statuses, types, assignableOnly, now };
        const found = await listUnits(tx, { ...filter, after: placeFromKey(page.after), limit: page.limit });
        const { rows, nextPageToken } = page.end(found, ({ unitNumber, id }) => [unitNumber, id]);
        for (const { id } of rows) work.touched("unit", id);
        return { units: rows.map((unit) => messageFromUnit(unit, now)), nextPageToken };
      });
    },
  };
}

/** Whose unit it will be: the own agency's, or the one that Center names. */
function agencyOf({ userType, organizationId = "" }: UserIdentity, named: string): string {
  if (userType !== "CENTER") {
    if (named !== "" && named !== organizationId) throw notFound("agency", named);
    return organizationId;
  }
  if (named !== "") return named;
  const details = [badRequest([{ field: "agency_id", description: "Center names the agency" }])];
  throw refuse(Reason.VALIDATION_FAILED, "agency_id is missing", { details });
}

function unitFrom(
  { unitNumber, type: typeMessage, capabilities }: CreateUnitRequest,
  agency: Agency,
  { id, now }: { readonly id: UnitId; readonly now: Date },
): Unit {
  const type = unitTypeFromProto(typeMessage);
  if (!type) throw refuse(Reason.VALIDATION_FAILED, "the unit has no type that this version knows");
  return {
    id,
    agencyId: agency.id,
    unitNumber,
    type,
    capabilities,
    status: "AVAILABLE",
    isActive: true,
    shift: {},
    crew: "AVAILABLE",
    version: 1,
    createdAt: now,
    updatedAt: now,
  };
}
