import type { DescMessage } from "@bufbuild/protobuf";
import type { Agency as AgencyMessage } from "#gen/medport/ems/v1/agency_pb.ts";
import {
  AgencyImportedSchema,
  AgencyRegisteredSchema,
  AgencyUpdatedSchema,
} from "#gen/medport/events/v1/agency_events_pb.ts";
import type { AuditLog } from "#platform/audit/audit-log.ts";
import type { Tx } from "#platform/database/database.ts";
import { type EventHandlers, type EventMeta, on } from "#platform/events/handler.ts";
import { receiveAgency } from "./agency.arrival.ts";
import { agencyFromMessage } from "./agency.message.ts";

export interface AgencyHandlersDeps {
  readonly auditLog: Pick<AuditLog, "append">;
}

/** What Center does about agencies: it keeps its directory and its registry up to date. */
export function agencyHandlers({ auditLog }: AgencyHandlersDeps): EventHandlers {
  const receive =
    ({ typeName: action }: DescMessage) =>
    async (tx: Tx, message: { readonly agency?: AgencyMessage | undefined }, meta: EventMeta): Promise<void> => {
      const agency = agencyFromMessage(message.agency, Number(meta.version));
      const arrival = { tx, now: meta.receivedAt, emit: meta.emit.bind(meta) };
      const entry = await receiveAgency(arrival, agency);
      if (!entry) return;
      // The registry is Center's own: what changes it stands in Center's log, whoever did it at EMS.
      const entities = [{ type: "service", id: entry.id }];
      const { requestId } = meta.context;
      await auditLog.append(tx, { caller: {}, action, decision: "ALLOWED", entities, requestId });
    };
  return [AgencyRegisteredSchema, AgencyImportedSchema, AgencyUpdatedSchema].map((schema) =>
    on(schema, receive(schema)),
  );
}
