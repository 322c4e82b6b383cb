import type { MessageInitShape } from "@bufbuild/protobuf";
import type { Client, HandlerContext, ServiceImpl } from "@connectrpc/connect";
import {
  type AgencyDirectoryService,
  type ApproveAgencyRequest,
  ApproveAgencyResponseSchema,
  type DisableAgencyRequest,
  DisableAgencyResponseSchema,
  type EnableAgencyRequest,
  EnableAgencyResponseSchema,
} from "#gen/medport/center/v1/agency_directory_service_pb.ts";
import { type AgencySchema, ServiceStatus } from "#gen/medport/ems/v1/agency_pb.ts";
import type { AgencyService } from "#gen/medport/ems/v1/agency_service_pb.ts";
import { Reason } from "#gen/medport/errors/v1/reason_pb.ts";
import type { UnitOfWork, Work } from "#platform/database/unit-of-work.ts";
import { assertEtag, etagOf } from "#platform/rpc/etag.ts";
import { forward } from "#platform/rpc/peer.ts";
import { Refusal, refuse } from "#platform/rpc/refusal.ts";
import { receiveAgency } from "./agency.arrival.ts";
import { agencyFromAnswer, agencyMessage } from "./agency.message.ts";
import { type Agency, decideStatus, type StatusCommand } from "./agency.ts";

/** What commanding agencies needs. */
export interface AgencyStatusRpcDeps {
  readonly unitOfWork: UnitOfWork;
  /** EMS, which owns agencies. */
  readonly agencies: Pick<Client<typeof AgencyService>, "getAgency" | "setAgencyStatus">;
}

type Answer = { readonly agency: MessageInitShape<typeof AgencySchema> };
type StatusRequest = ApproveAgencyRequest | DisableAgencyRequest | EnableAgencyRequest;

/** So often the command is given again when somebody else changes the agency at the same moment. */
const attempts = 3;

/** The part of `AgencyDirectoryService` that commands EMS what becomes of an agency. */
export function agencyStatusRpc({
  unitOfWork,
  agencies,
}: AgencyStatusRpcDeps): Pick<
  ServiceImpl<typeof AgencyDirectoryService>,
  "approveAgency" | "disableAgency" | "enableAgency"
> {
  async function command(what: StatusCommand, request: StatusRequest, context: HandlerContext): Promise<Agency> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await commandOnce(what, request, context);
      } catch (error) {
        const hasMoved = Refusal.is(error) && error.reason === Reason.ETAG_MISMATCH && request.etag === "";
        if (!hasMoved) throw error;
        if (attempt === attempts) {
          throw refuse(Reason.CONCURRENT_CHANGE, "somebody else is changing the agency", { cause: error });
        }
      }
    }
  }

  /** Decides by what EMS has now, and lets EMS carry it out on exactly that. */
  async function commandOnce(
    what: StatusCommand,
    { agencyId, etag }: StatusRequest,
    context: HandlerContext,
  ): Promise<Agency> {
    const known = agencyFromAnswer((await agencies.getAgency({ agencyId }, forward(context))).agency);
    assertEtag(etag, known.version);
    const decision = decideStatus(what, known.status);
    if (!decision.ok) throw refuse(Reason.INVALID_STATE_TRANSITION, decision.problem);
    const answer = await agencies.setAgencyStatus(
      { agencyId, etag: etagOf(known.version), status: ServiceStatus[decision.status] },
      forward(context),
    );
    return agencyFromAnswer(answer.agency);
  }

  /** @param write stores the answer under the request, or gives the one that is stored. */
  function carryOut<T>(
    what: StatusCommand,
    { request, context }: { readonly request: StatusRequest; readonly context: HandlerContext },
    write: (work: (work: Work) => Promise<Answer>) => Promise<T>,
  ): Promise<T> {
    return unitOfWork.call(context, async () => {
      // EMS would carry it out again, though somebody else may have commanded otherwise since.
      const isRepeated = await unitOfWork.isRepeated(context, request);
      const agency = isRepeated ? undefined : await command(what, request, context);
      return write(async (work) => {
        if (!agency) throw refuse(Reason.CONCURRENT_CHANGE, "the answer to this request_id is being removed");
        const { tx, now } = work;
        await receiveAgency({ tx, now, emit: (event) => work.emit(event) }, agency);
        work.touched("agency", agency.id);
        return { agency: agencyMessage(agency) };
      });
    });
  }

  return {
    approveAgency: (request, context) =>
      carryOut("APPROVE", { request, context }, (work) =>
        unitOfWork.write(context, request, ApproveAgencyResponseSchema, work),
      ),
    disableAgency: (request, context) =>
      carryOut("DISABLE", { request, context }, (work) =>
        unitOfWork.write(context, request, DisableAgencyResponseSchema, work),
      ),
    enableAgency: (request, context) =>
      carryOut("ENABLE", { request, context }, (work) =>
        unitOfWork.write(context, request, EnableAgencyResponseSchema, work),
      ),
  };
}
