import { timestampDate } from "@bufbuild/protobuf/wkt";
import type { User } from "#gen/medport/center/v1/user_pb.ts";
import { UserCreatedSchema, UserImportedSchema, UserUpdatedSchema } from "#gen/medport/events/v1/user_events_pb.ts";
import { userTypeFromProto } from "#platform/auth/principal.ts";
import type { Tx } from "#platform/database/database.ts";
import { type EventHandlers, type EventMeta, on, PoisonedEvent } from "#platform/events/handler.ts";
import { HospitalUserEntity } from "./hospital-user.entity.ts";

/** Keeps the copy of the hospitals' people; everybody else is none of this silo's business. */
export const userHandlers: EventHandlers = [
  on(UserCreatedSchema, (tx, { user }, meta) => keepUser(tx, user, meta)),
  on(UserImportedSchema, (tx, { user }, meta) => keepUser(tx, user, meta)),
  on(UserUpdatedSchema, (tx, { user }, meta) => keepUser(tx, user, meta)),
];

async function keepUser(tx: Tx, user: User | undefined, meta: EventMeta): Promise<void> {
  if (!user) throw new PoisonedEvent("the event names no user");
  if (userTypeFromProto(user.userType) !== "HOSPITAL") {
    // Somebody who has moved to another kind of organization leaves the copy.
    await tx.nativeDelete(HospitalUserEntity, { id: user.id });
    return;
  }
  const { id, email, name, organizationId, active, createTime, updateTime } = user;
  // Of some people of the former system nobody knows where they belong.
  if (organizationId === "") return;
  await tx.upsert(HospitalUserEntity, {
    ...{ id, email, name, active },
    hospitalId: organizationId,
    version: Number(meta.version),
    createdAt: createTime ? timestampDate(createTime) : meta.occurredAt,
    updatedAt: updateTime ? timestampDate(updateTime) : meta.occurredAt,
  });
}
