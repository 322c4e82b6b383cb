import type { Agency as AgencyMessage } from "#gen/medport/ems/v1/agency_pb.ts";
import {
  AgencyImportedSchema,
  AgencyRegisteredSchema,
  AgencyUpdatedSchema,
} from "#gen/medport/events/v1/agency_events_pb.ts";
import type { Tx } from "#platform/database/database.ts";
import { type EventHandlers, type EventMeta, on } from "#platform/events/handler.ts";
import { receiveAgency } from "./agency.arrival.ts";
import { agencyFromMessage } from "./agency.message.ts";

/** What Center does about agencies: it keeps its directory and its registry up to date. */
export function agencyHandlers(): EventHandlers {
  const receive = (tx: Tx, message: { readonly agency?: AgencyMessage | undefined }, meta: EventMeta): Promise<void> =>
    receiveAgency(
      { tx, now: meta.receivedAt, emit: (event) => meta.emit(event) },
      agencyFromMessage(message.agency, Number(meta.version)),
    );
  return [on(AgencyRegisteredSchema, receive), on(AgencyImportedSchema, receive), on(AgencyUpdatedSchema, receive)];
}
