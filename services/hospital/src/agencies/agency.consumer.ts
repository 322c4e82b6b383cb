import { toBinary } from "@bufbuild/protobuf";
import { type Agency, AgencySchema, ServiceStatus } from "#gen/medport/ems/v1/agency_pb.ts";
import {
  AgencyImportedSchema,
  AgencyRegisteredSchema,
  AgencyUpdatedSchema,
} from "#gen/medport/events/v1/agency_events_pb.ts";
import type { Tx } from "#platform/database/database.ts";
import { type EventHandlers, type EventMeta, on, PoisonedEvent } from "#platform/events/handler.ts";
import { AgencyEntity } from "./agency.entity.ts";

/** Keeps the copy of EMS's agencies. */
export const agencyHandlers: EventHandlers = [
  on(AgencyRegisteredSchema, (tx, { agency }, meta) => keepAgency(tx, agency, meta)),
  on(AgencyImportedSchema, (tx, { agency }, meta) => keepAgency(tx, agency, meta)),
  on(AgencyUpdatedSchema, (tx, { agency }, meta) => keepAgency(tx, agency, meta)),
];

async function keepAgency(tx: Tx, agency: Agency | undefined, { version, receivedAt }: EventMeta): Promise<void> {
  if (!agency) throw new PoisonedEvent("the event names no agency");
  const { id, name, serviceArea, active } = agency;
  await tx.upsert(AgencyEntity, {
    id,
    name,
    serviceArea,
    active,
    status: statusFromProto(agency.status),
    message: Buffer.from(toBinary(AgencySchema, agency)),
    version: Number(version),
    toldAt: receivedAt,
  });
}

/** A status that this version does not know is not one in which an agency takes part. */
function statusFromProto(status: number): "ACTIVE" | "INACTIVE" | "PENDING" {
  switch (status) {
    case ServiceStatus.ACTIVE:
      return "ACTIVE";
    case ServiceStatus.PENDING:
      return "PENDING";
    default:
      return "INACTIVE";
  }
}
