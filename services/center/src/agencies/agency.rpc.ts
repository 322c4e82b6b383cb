import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { Client, HandlerContext, ServiceImpl } from "@connectrpc/connect";
import {
  type AgencyDirectoryService,
  ListAgenciesResponseSchema,
  type RegisterAgencyRequest,
  RegisterAgencyResponseSchema,
} from "#gen/medport/center/v1/agency_directory_service_pb.ts";
import { ServiceStatus } from "#gen/medport/ems/v1/agency_pb.ts";
import type { AgencyService } from "#gen/medport/ems/v1/agency_service_pb.ts";
import { userOf } from "#platform/auth/caller.ts";
import type { UnitOfWork } from "#platform/database/unit-of-work.ts";
import type { IdSource } from "#platform/id.ts";
import { forward } from "#platform/rpc/peer.ts";
import { openPage, placeFromKey } from "#platform/rpc/page.ts";
import { receiveAgency } from "./agency.arrival.ts";
import { agencyFromMessage, agencyMessage } from "./agency.message.ts";
import { directoryChangedAt, listAgencies, reserveAgencyId } from "./agency.store.ts";
import type { Agency, AgencyId } from "./agency.ts";

/** What the service needs. */
export interface AgencyRpcDeps {
  readonly unitOfWork: UnitOfWork;
  readonly newId: IdSource;
  /** EMS, which owns agencies. */
  readonly agencies: Client<typeof AgencyService>;
  /** Until when the directory knows what EMS told; undefined as long as nobody has been heard. */
  readonly lastHeard: () => Date | undefined;
}

/** The version of an agency that was just created, which the answer to its creation does not tell. */
const firstVersion = 1;

/** Implements `medport.center.v1.AgencyDirectoryService`. */
export function agencyRpc(deps: AgencyRpcDeps): ServiceImpl<typeof AgencyDirectoryService> {
  const { unitOfWork, newId, agencies, lastHeard } = deps;

  /** The same id for the same request, so that whoever repeats it after a lost answer does not create a second agency. */
  async function agencyIdFor(context: HandlerContext, requestId: string): Promise<AgencyId> {
    const offered = newId() as AgencyId;
    const { userId } = userOf(context);
    if (requestId === "") return offered;
    return unitOfWork.transaction(context, ({ tx, now }) => reserveAgencyId(tx, { userId, requestId, offered, now }));
  }

  async function createAtEms(
    context: HandlerContext,
    agencyId: AgencyId,
    request: RegisterAgencyRequest,
  ): Promise<Agency> {
    const { profile } = request;
    const { agency } = await agencies.createAgency(
      // The agency's id is as unique as the request, and EMS remembers its answer under it.
      { requestId: agencyId, agencyId, ...(profile && { profile }), status: ServiceStatus.ACTIVE },
      forward(context),
    );
    return agencyFromMessage(agency, firstVersion);
  }

  return {
    registerAgency(request, context) {
      return unitOfWork.call(context, async () => {
        const agencyId = await agencyIdFor(context, request.requestId);
        const agency = await createAtEms(context, agencyId, request);
        return unitOfWork.write(context, request, RegisterAgencyResponseSchema, async (work) => {
          const { tx, now } = work;
          const addedBy = userOf(context).userId;
          await receiveAgency({ tx, now, addedBy, emit: (event) => work.emit(event) }, agency);
          work.touched("agency", agency.id);
          return { agency: agencyMessage(agency) };
        });
      });
    },

    listAgencies(request, context) {
      const { availableOnly, county } = request;
      const page = openPage(context, request, { availableOnly, county });
      return unitOfWork.read(context, request, ListAgenciesResponseSchema, async ({ tx }) => {
        const after = placeFromKey(page.after);
        const found = await listAgencies(tx, { availableOnly, county, after, limit: page.limit });
        const { rows, nextPageToken } = page.end(found, ({ name, id }) => [name, id]);
        const asOf = lastHeard() ?? (await directoryChangedAt(tx));
        return { agencies: rows.map(agencyMessage), nextPageToken, ...(asOf && { asOfTime: timestampFromDate(asOf) }) };
      });
    },
  };
}
