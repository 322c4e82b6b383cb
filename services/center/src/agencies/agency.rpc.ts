import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { ServiceImpl } from "@connectrpc/connect";
import {
  type AgencyDirectoryService,
  GetAgencyResponseSchema,
  ListAgenciesResponseSchema,
  ListRegistrationsResponseSchema,
} from "#gen/medport/center/v1/agency_directory_service_pb.ts";
import { Reason } from "#gen/medport/errors/v1/reason_pb.ts";
import { type UserIdentity, userOf } from "#platform/auth/caller.ts";
import { momentFromKey, openPage, placeFromKey } from "#platform/rpc/page.ts";
import { notFound, refuse } from "#platform/rpc/refusal.ts";
import { registerAgency, type RegisterAgencyDeps } from "../registrations/register-agency.rpc.ts";
import { registrationMessage, registrationStatesFromProto } from "../registrations/registration.message.ts";
import { listRegistrations } from "../registrations/registration.store.ts";
import { agencyMessage, agencyStatusesFromProto } from "./agency.message.ts";
import { directoryChangedAt, findAgency, listAgencies } from "./agency.store.ts";
import { takesPart } from "./agency.ts";
import { agencyStatusRpc, type AgencyStatusRpcDeps } from "./agency-status.rpc.ts";

/** What the service needs. */
export interface AgencyRpcDeps extends RegisterAgencyDeps, AgencyStatusRpcDeps {
  /** EMS, which owns agencies. */
  readonly agencies: RegisterAgencyDeps["agencies"] & AgencyStatusRpcDeps["agencies"];
  /** Until when the directory knows what EMS told; undefined as long as nobody has been heard. */
  readonly lastHeard: () => Date | undefined;
}

/** Implements `medport.center.v1.AgencyDirectoryService`. */
export function agencyRpc(deps: AgencyRpcDeps): ServiceImpl<typeof AgencyDirectoryService> {
  const { unitOfWork, lastHeard } = deps;
  return {
    ...agencyStatusRpc(deps),

    registerAgency: (request, context) => registerAgency(deps, request, context),

    getAgency(request, context) {
      const caller = userOf(context);
      return unitOfWork.read(context, request, GetAgencyResponseSchema, async ({ tx }) => {
        const agency = await findAgency(tx, request.agencyId);
        if (!agency || !(seesAll(caller) || takesPart(agency))) throw notFound("agency", request.agencyId);
        return { agency: agencyMessage(agency) };
      });
    },

    listAgencies(request, context) {
      const caller = userOf(context);
      const { county, withoutActiveUsers } = request;
      const filter = {
        availableOnly: request.availableOnly || !seesAll(caller),
        county,
        statuses: agencyStatusesFromProto(request.statuses),
        withoutActiveUsers,
      };
      return unitOfWork.read(context, request, ListAgenciesResponseSchema, async ({ tx }) => {
        if (withoutActiveUsers && !seesAll(caller)) {
          throw refuse(Reason.ACTION_NOT_ALLOWED, "only Center asks who has no users");
        }
        const page = openPage(context, request, filter);
        const found = await listAgencies(tx, { ...filter, after: placeFromKey(page.after), limit: page.limit });
        const { rows, nextPageToken } = page.end(found, ({ name, id }) => [name, id]);
        const asOf = lastHeard() ?? (await directoryChangedAt(tx));
        return { agencies: rows.map(agencyMessage), nextPageToken, ...(asOf && { asOfTime: timestampFromDate(asOf) }) };
      });
    },

    listRegistrations(request, context) {
      const named = registrationStatesFromProto(request.states);
      const states = named.length > 0 ? named : (["STARTED", "GIVEN_UP"] as const);
      const page = openPage(context, request, { states });
      return unitOfWork.read(context, request, ListRegistrationsResponseSchema, async ({ tx }) => {
        const found = await listRegistrations(tx, { states, after: momentFromKey(page.after), limit: page.limit });
        const { rows, nextPageToken } = page.end(found, (row) => [row.startTime.getTime(), row.agencyId]);
        return { registrations: rows.map(registrationMessage), nextPageToken };
      });
    },
  };
}

/** Center's people see every agency, hospitals those that they can ask. */
function seesAll({ userType }: UserIdentity): boolean {
  return userType === "CENTER";
}
