import type { MessageInitShape } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";
import type { AgencySchema } from "#gen/medport/ems/v1/agency_pb.ts";
import {
  type AgencyService,
  type CreateAgencyRequest,
  CreateAgencyResponseSchema,
  GetAgencyResponseSchema,
  ListAgenciesResponseSchema,
  type SetAgencyStatusRequest,
  SetAgencyStatusResponseSchema,
  type UpdateAgencyRequest,
  UpdateAgencyResponseSchema,
} from "#gen/medport/ems/v1/agency_service_pb.ts";
import { Reason } from "#gen/medport/errors/v1/reason_pb.ts";
import { AgencyRegisteredSchema, AgencyUpdatedSchema } from "#gen/medport/events/v1/agency_events_pb.ts";
import { type UserIdentity, userOf } from "#platform/auth/caller.ts";
import type { UnitOfWork, Work } from "#platform/database/unit-of-work.ts";
import { parseId } from "#platform/id.ts";
import { assertEtag } from "#platform/rpc/etag.ts";
import { openPage, placeFromKey } from "#platform/rpc/page.ts";
import { notFound, refuse, resourceInfo } from "#platform/rpc/refusal.ts";
import { expireBidsOfAgency } from "../dispatch/award.store.ts";
import { grantedOrThrow } from "../granted.ts";
import {
  agencyStatusFromProto,
  changedProfileFrom,
  messageFromAgency,
  profileFromMessage,
  registrationHash,
} from "./agency.message.ts";
import {
  findAgency,
  findRegistrationHash,
  insertAgency,
  listAgencies,
  lockAgency,
  reserveAgencyId,
  reserveAgencyName,
  updateAgency,
} from "./agency.store.ts";
import {
  type Agency,
  type AgencyId,
  type AgencyProfile,
  isAsRegistered,
  takesPart,
  withAgencyStatus,
  withProfile,
} from "./agency.ts";

/** What each method that changes an agency answers. */
interface AgencyAnswer {
  readonly agency: MessageInitShape<typeof AgencySchema>;
}

export interface AgencyRpcDeps {
  readonly unitOfWork: UnitOfWork;
}

/** Implements `medport.ems.v1.AgencyService`. */
export function agencyRpc({ unitOfWork }: AgencyRpcDeps): ServiceImpl<typeof AgencyService> {
  return {
    createAgency: (request, context) =>
      unitOfWork.write(context, request, CreateAgencyResponseSchema, (work) => createAgency(work, request)),

    getAgency: (request, context) =>
      unitOfWork.read(context, request, GetAgencyResponseSchema, async (work) => {
        const agency = await findAgency(work.tx, request.agencyId);
        if (!agency || !maySee(userOf(context), agency)) throw notFound("agency", request.agencyId);
        work.touched("agency", agency.id);
        return { agency: messageFromAgency(agency) };
      }),

    listAgencies: (request, context) => {
      const { userType, organizationId } = userOf(context);
      const statuses = request.statuses.flatMap((status) => agencyStatusFromProto(status) ?? []).toSorted();
      const page = openPage(context, request, { statuses });
      return unitOfWork.read(context, request, ListAgenciesResponseSchema, async (work) => {
        const onlyId = userType === "CENTER" ? undefined : (organizationId ?? "");
        const listing = { onlyId, statuses, after: placeFromKey(page.after), limit: page.limit };
        const found = await listAgencies(work.tx, listing);
        const { rows, nextPageToken } = page.end(found, ({ name, id }) => [name, id]);
        for (const { id } of rows) work.touched("agency", id);
        return { agencies: rows.map(messageFromAgency), nextPageToken };
      });
    },

    updateAgency: (request, context) =>
      unitOfWork.write(context, request, UpdateAgencyResponseSchema, (work) =>
        changeProfile(work, request, userOf(context)),
      ),

    setAgencyStatus: (request, context) =>
      unitOfWork.write(context, request, SetAgencyStatusResponseSchema, (work) => changeStatus(work, request)),
  };
}

/** Adds the agency, or finds what the same command has left, whatever has become of it since. */
async function createAgency(work: Work, request: CreateAgencyRequest): Promise<AgencyAnswer> {
  const { profile, agency: wanted } = registrationFrom(request, work.now);
  const hash = registrationHash(profile, wanted.status);
  work.touched("agency", wanted.id);
  await reserveAgencyId(work.tx, wanted.id);
  const known = await findAgency(work.tx, wanted.id);
  if (known) {
    const earlier = await findRegistrationHash(work.tx, known.id);
    const isSame = earlier ? Buffer.from(earlier).equals(hash) : isAsRegistered(known, wanted, wanted.status);
    if (isSame) return { agency: messageFromAgency(known) };
    const details = [resourceInfo("agency", wanted.id)];
    throw refuse(Reason.RESOURCE_EXISTS, `there is another agency ${wanted.id}`, { details });
  }
  await reserveAgencyName(work.tx, wanted);
  await insertAgency(work.tx, wanted, { addedBy: work.caller.user?.userId, hash });
  const agency = messageFromAgency(wanted);
  work.emit({ schema: AgencyRegisteredSchema, message: { agency }, aggregateId: wanted.id, version: wanted.version });
  return { agency };
}

async function changeProfile(work: Work, request: UpdateAgencyRequest, user: UserIdentity): Promise<AgencyAnswer> {
  const { agencyId, etag } = request;
  work.touched("agency", agencyId);
  const before = await lockAgency(work.tx, agencyId);
  if (!before || !maySee(user, before)) throw notFound("agency", agencyId);
  assertEtag(etag, before.version);
  const after = grantedOrThrow(withProfile(before, changedProfileFrom(before, request), work.now));
  if (after.name !== before.name) await reserveAgencyName(work.tx, after);
  return save(work, before, after);
}

async function changeStatus(
  work: Work,
  { agencyId, etag, status: message }: SetAgencyStatusRequest,
): Promise<AgencyAnswer> {
  work.touched("agency", agencyId);
  const status = agencyStatusFromProto(message);
  if (!status) throw refuse(Reason.VALIDATION_FAILED, "there is no such status");
  const before = await lockAgency(work.tx, agencyId);
  if (!before) throw notFound("agency", agencyId);
  assertEtag(etag, before.version);
  const after = withAgencyStatus(before, status, work.now);
  const answer = await save(work, before, after);
  if (!takesPart(after)) await expireBidsOfAgency(work, agencyId);
  return answer;
}

/** Saves the agency and tells it, if it has changed at all. */
async function save(work: Work, before: Agency, after: Agency): Promise<AgencyAnswer> {
  const agency = messageFromAgency(after);
  if (after === before) return { agency };
  await updateAgency(work.tx, before, after);
  work.emit({ schema: AgencyUpdatedSchema, message: { agency }, aggregateId: after.id, version: after.version });
  return { agency };
}

interface WantedAgency {
  readonly profile: AgencyProfile;
  readonly agency: Agency;
}

function registrationFrom({ agencyId, ...request }: CreateAgencyRequest, now: Date): WantedAgency {
  const id = parseId<AgencyId>(agencyId);
  const status = agencyStatusFromProto(request.status);
  if (!id || !request.profile || !status) {
    throw refuse(Reason.VALIDATION_FAILED, "an agency has an id, a profile and a status");
  }
  const profile = profileFromMessage(request.profile);
  return { profile, agency: { ...profile, id, isActive: true, status, version: 1, createdAt: now, updatedAt: now } };
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
