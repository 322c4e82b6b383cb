import type { MessageInitShape } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";
import {
  type AgencyService,
  type CreateAgencyRequest,
  CreateAgencyResponseSchema,
  GetAgencyResponseSchema,
  ListAgenciesResponseSchema,
} from "#gen/medport/ems/v1/agency_service_pb.ts";
import { Reason } from "#gen/medport/errors/v1/reason_pb.ts";
import { AgencyRegisteredSchema } from "#gen/medport/events/v1/agency_events_pb.ts";
import { type UserIdentity, userOf } from "#platform/auth/caller.ts";
import type { UnitOfWork, Work } from "#platform/database/unit-of-work.ts";
import { parseId } from "#platform/id.ts";
import { notFound, refuse, resourceInfo } from "#platform/rpc/refusal.ts";
import { openPage, placeFromKey } from "#platform/rpc/page.ts";
import { agencyStatusFromProto, messageFromAgency, profileFromMessage } from "./agency.message.ts";
import { findAgency, insertAgency, listAgencies, reserveAgencyId } from "./agency.store.ts";
import { type Agency, type AgencyId, isAsRegistered, takesPart } from "./agency.ts";

export interface AgencyRpcDeps {
  readonly unitOfWork: UnitOfWork;
}

/** Implements `medport.ems.v1.AgencyService`. */
export function agencyRpc({ unitOfWork }: AgencyRpcDeps): ServiceImpl<typeof AgencyService> {
  return {
    createAgency: (request, context) =>
      unitOfWork.write(context, request, CreateAgencyResponseSchema, (work) =>
        createAgency(work, request, userOf(context)),
      ),

    getAgency: (request, context) =>
      unitOfWork.read(context, request, GetAgencyResponseSchema, async (work) => {
        const agency = await findAgency(work.tx, request.agencyId);
        if (!agency || !maySee(userOf(context), agency)) throw notFound("agency", request.agencyId);
        work.touched("agency", agency.id);
        return { agency: messageFromAgency(agency) };
      }),

    listAgencies: (request, context) => {
      const { userType, organizationId } = userOf(context);
      const page = openPage(context, request, {});
      return unitOfWork.read(context, request, ListAgenciesResponseSchema, async (work) => {
        const onlyId = userType === "CENTER" ? undefined : (organizationId ?? "");
        const found = await listAgencies(work.tx, { after: placeFromKey(page.after), limit: page.limit, onlyId });
        const { rows, nextPageToken } = page.end(found, ({ name, id }) => [name, id]);
        for (const { id } of rows) work.touched("agency", id);
        return { agencies: rows.map(messageFromAgency), nextPageToken };
      });
    },
  };
}

/** Adds the agency, or finds it as the same command has left it. */
async function createAgency(
  work: Work,
  request: CreateAgencyRequest,
  user: UserIdentity,
): Promise<MessageInitShape<typeof CreateAgencyResponseSchema>> {
  const wanted = agencyFrom(request, work.now);
  work.touched("agency", wanted.id);
  await reserveAgencyId(work.tx, wanted.id);
  const known = await findAgency(work.tx, wanted.id);
  if (known && isAsRegistered(known, wanted, wanted.status)) return { agency: messageFromAgency(known) };
  if (known) {
    const details = [resourceInfo("agency", wanted.id)];
    throw refuse(Reason.RESOURCE_EXISTS, `there is another agency ${wanted.id}`, { details });
  }
  await insertAgency(work.tx, wanted, user.userId);
  const agency = messageFromAgency(wanted);
  work.emit({ schema: AgencyRegisteredSchema, message: { agency }, aggregateId: wanted.id, version: wanted.version });
  return { agency };
}

function agencyFrom({ agencyId, profile, status: statusMessage }: CreateAgencyRequest, now: Date): Agency {
  const id = parseId<AgencyId>(agencyId);
  const status = agencyStatusFromProto(statusMessage);
  if (!id || !profile || !status) {
    throw refuse(Reason.VALIDATION_FAILED, "an agency has an id, a profile and a status");
  }
  return { ...profileFromMessage(profile), id, isActive: true, status, version: 1, createdAt: now, updatedAt: now };
}

/** A hospital sees the agencies that it can ask, an agency itself, Center all. */
function maySee({ userType, organizationId }: UserIdentity, agency: Agency): boolean {
  switch (userType) {
    case "CENTER":
      return true;
    case "EMS":
      return agency.id === organizationId;
    case "HOSPITAL":
      return takesPart(agency);
  }
}
