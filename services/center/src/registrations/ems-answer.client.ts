import type { CallOptions, Client, ConnectError } from "@connectrpc/connect";
import { ResourceInfoSchema } from "#gen/google/rpc/error_details_pb.ts";
import { ServiceStatus } from "#gen/medport/ems/v1/agency_pb.ts";
import type { AgencyService } from "#gen/medport/ems/v1/agency_service_pb.ts";
import { Refusal, reasonName } from "#platform/rpc/refusal.ts";
import { agencyFromAnswer } from "../agencies/agency.message.ts";
import type { Agency } from "../agencies/agency.ts";
import { meaningOfRefusal, type StartedRegistration } from "./registration.ts";

/** What EMS says to the command to create an agency. */
export type EmsAnswer =
  | { readonly kind: "CREATED"; readonly agency: Agency }
  /** It was created by an earlier command and has changed since. */
  | { readonly kind: "EXISTS" }
  | { readonly kind: "REFUSED"; readonly reason: string; readonly problem: string };

/**
 * Has EMS create the agency of a registration. May be repeated: EMS creates one, since the id is the same.
 * @throws what leaves open whether it was created: EMS is out of reach, or did not get to it.
 */
export async function createAtEms(
  agencies: Pick<Client<typeof AgencyService>, "createAgency">,
  { agencyId, profile, agencyStatus }: StartedRegistration,
  options: CallOptions,
): Promise<EmsAnswer> {
  try {
    // The agency's id is as unique as the registration, and EMS remembers its answer under it.
    const command = { requestId: agencyId, agencyId, profile, status: ServiceStatus[agencyStatus] };
    const { agency } = await agencies.createAgency(command, options);
    return { kind: "CREATED", agency: agencyFromAnswer(agency) };
  } catch (error) {
    if (!Refusal.is(error)) throw error;
    const meaning = meaningOfRefusal(error.reason, namedBy(error), agencyId);
    if (meaning === "UNDECIDED") throw error;
    if (meaning === "EXISTS") return { kind: "EXISTS" };
    return { kind: "REFUSED", reason: reasonName(error.reason), problem: error.rawMessage };
  }
}

/** The record that a refusal names; undefined if it names none. */
function namedBy(refusal: ConnectError): string | undefined {
  return refusal.findDetails(ResourceInfoSchema)[0]?.resourceName;
}
