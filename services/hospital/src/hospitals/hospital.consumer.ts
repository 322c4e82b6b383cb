import { timestampDate } from "@bufbuild/protobuf/wkt";
import type { Hospital } from "#gen/medport/center/v1/hospital_directory_service_pb.ts";
import {
  HospitalImportedSchema,
  HospitalRegisteredSchema,
  HospitalUpdatedSchema,
} from "#gen/medport/events/v1/hospital_events_pb.ts";
import type { Tx } from "#platform/database/database.ts";
import { type EventHandlers, type EventMeta, on, PoisonedEvent } from "#platform/events/handler.ts";
import { HospitalEntity } from "./hospital.entity.ts";

/** Keeps the copy of Center's hospitals. */
export const hospitalHandlers: EventHandlers = [
  on(HospitalRegisteredSchema, (tx, { hospital }, meta) => keepHospital(tx, hospital, meta)),
  on(HospitalImportedSchema, (tx, { hospital }, meta) => keepHospital(tx, hospital, meta)),
  on(HospitalUpdatedSchema, (tx, { hospital }, meta) => keepHospital(tx, hospital, meta)),
];

async function keepHospital(tx: Tx, hospital: Hospital | undefined, meta: EventMeta): Promise<void> {
  if (!hospital) throw new PoisonedEvent("the event names no hospital");
  const { id, name, address, city, state, zipCode, phone, email, active, createTime, updateTime } = hospital;
  await tx.upsert(HospitalEntity, {
    ...{ id, name, address, city, state, zipCode, phone, email, active },
    version: Number(meta.version),
    createdAt: createTime ? timestampDate(createTime) : meta.occurredAt,
    updatedAt: updateTime ? timestampDate(updateTime) : meta.occurredAt,
  });
}
