import { fromJson, toJson } from "@bufbuild/protobuf";
import { LockMode, type SqlEntityManager } from "@mikro-orm/postgresql";
import { AgencyProfileSchema } from "#gen/medport/ems/v1/agency_pb.ts";
import type { Tx } from "#platform/database/database.ts";
import type { Moment } from "#platform/rpc/page.ts";
import { AgencyRegistrationEntity } from "../agencies/agency.entity.ts";
import type { AgencyId } from "../agencies/agency.ts";
import { lockName } from "../name-lock.ts";
import type { UserId } from "../users/user.ts";
import { RegistrationEntity, type RegistrationRow } from "./registration.entity.ts";
import type { Registration, RegistrationState, StartedRegistration } from "./registration.ts";

/** The request that a registration began with, by which its repetition is recognized. */
export interface RegistrationRequest {
  readonly userId: string;
  readonly requestId: string;
  /** Of the request without the password. */
  readonly requestHash: Uint8Array;
}

/** The registration that a person's request has begun, and what it was begun with. */
export interface KnownRequest {
  readonly registration: Registration;
  readonly requestHash: Uint8Array;
}

/** The registration that a person's request has begun; undefined if it is a new request. */
export async function findByRequest(
  em: SqlEntityManager,
  { userId, requestId }: Pick<RegistrationRequest, "userId" | "requestId">,
): Promise<KnownRequest | undefined> {
  const row = await em.findOne(RegistrationEntity, { userId, requestId }, { disableIdentityMap: true });
  return row?.requestHash ? { registration: registrationFromRow(row), requestHash: row.requestHash } : undefined;
}

/** The same, and nobody else begins one with this request until the transaction ends. */
export async function lockByRequest(
  tx: Tx,
  request: Pick<RegistrationRequest, "userId" | "requestId">,
): Promise<KnownRequest | undefined> {
  await lockName(tx, "registration", `${request.userId} ${request.requestId}`);
  return findByRequest(tx, request);
}

/** The id that an earlier version of Center gave the agency of a person's request; undefined if there is none. */
export async function findReservedAgencyId(
  tx: Tx,
  { userId, requestId }: Pick<RegistrationRequest, "userId" | "requestId">,
): Promise<AgencyId | undefined> {
  const row = await tx.findOne(AgencyRegistrationEntity, { userId, requestId }, { disableIdentityMap: true });
  return row ? (row.agencyId as AgencyId) : undefined;
}

/** Adds a registration. @throws UniqueConstraintViolationException if its name or its e-mail address is taken. */
export async function insertRegistration(
  tx: Tx,
  registration: StartedRegistration,
  request: RegistrationRequest | undefined,
): Promise<void> {
  const { agencyId, userId, agencyName, adminUserId, admin, profile, agencyStatus, startTime } = registration;
  await tx.insert(RegistrationEntity, {
    ...{ agencyId, userId, agencyName, agencyStatus, adminUserId },
    requestId: request?.requestId ?? null,
    requestHash: request ? Buffer.from(request.requestHash) : null,
    agencyProfile: toJson(AgencyProfileSchema, profile),
    adminEmail: admin.email,
    adminName: admin.name,
    adminMustChangePassword: admin.mustChangePassword,
    adminPasswordHash: admin.passwordHash,
    state: "STARTED",
    reason: null,
    problem: null,
    startedAt: startTime,
    endedAt: null,
  });
}

/** The registration of this agency, and nobody else changes it until the transaction ends. */
export async function lockRegistration(tx: Tx, agencyId: AgencyId): Promise<Registration | undefined> {
  const options = { disableIdentityMap: true, lockMode: LockMode.PESSIMISTIC_WRITE } as const;
  const row = await tx.findOne(RegistrationEntity, { agencyId }, options);
  return row ? registrationFromRow(row) : undefined;
}

/** How a registration ended. */
export type RegistrationEnd =
  | { readonly state: "COMPLETED" }
  | { readonly state: "GIVEN_UP"; readonly reason: string; readonly problem: string };

/** Ends a registration that is locked, and forgets the hash of the password. */
export async function endRegistration(tx: Tx, agencyId: AgencyId, end: RegistrationEnd, now: Date): Promise<void> {
  await tx.nativeUpdate(RegistrationEntity, { agencyId }, { ...end, adminPasswordHash: null, endedAt: now });
}

/** The registrations under way that began before a time, oldest first. */
export async function listUnfinished(
  em: SqlEntityManager,
  { startedBefore, limit }: { readonly startedBefore: Date; readonly limit: number },
): Promise<readonly StartedRegistration[]> {
  const rows = await em.find(
    RegistrationEntity,
    { state: "STARTED", startedAt: { $lte: startedBefore } },
    { orderBy: { startedAt: "asc", agencyId: "asc" }, limit, disableIdentityMap: true },
  );
  return rows.map(registrationFromRow).filter((registration) => registration.state === "STARTED");
}

/** Whether a registration under way has this name for its agency. */
export async function isNameBeingRegistered(tx: Tx, name: string): Promise<boolean> {
  const found: readonly unknown[] = await tx.execute(
    "select 1 from registration where state = 'STARTED' and lower(btrim(agency_name)) = lower(btrim(?)) limit 1",
    [name],
  );
  return found.length > 0;
}

/** Registrations in any of these states, newest first. */
export async function listRegistrations(
  em: SqlEntityManager,
  listing: {
    readonly states: readonly RegistrationState[];
    readonly after: Moment | undefined;
    readonly limit: number;
  },
): Promise<readonly Registration[]> {
  const { states, after, limit } = listing;
  const rows = await em.find(
    RegistrationEntity,
    {
      state: { $in: [...states] },
      ...(after && { $or: [{ startedAt: { $lt: after.at } }, { startedAt: after.at, agencyId: { $lt: after.id } }] }),
    },
    { orderBy: { startedAt: "desc", agencyId: "desc" }, limit, disableIdentityMap: true },
  );
  return rows.map(registrationFromRow);
}

/** The registration of a row. The one place where a row becomes one. */
function registrationFromRow(row: RegistrationRow): Registration {
  const facts = {
    agencyId: row.agencyId as AgencyId,
    agencyName: row.agencyName,
    userId: row.userId,
    adminUserId: row.adminUserId as UserId,
    adminEmail: row.adminEmail,
    startTime: row.startedAt,
  };
  const endTime = row.endedAt ?? row.startedAt;
  switch (row.state) {
    case "STARTED":
      return {
        ...facts,
        state: row.state,
        profile: fromJson(AgencyProfileSchema, row.agencyProfile, { ignoreUnknownFields: true }),
        agencyStatus: row.agencyStatus,
        admin: {
          email: row.adminEmail,
          name: row.adminName,
          passwordHash: row.adminPasswordHash ?? "",
          mustChangePassword: row.adminMustChangePassword,
        },
      };
    case "COMPLETED":
      return { ...facts, state: row.state, endTime };
    case "GIVEN_UP":
      return { ...facts, state: row.state, endTime, reason: row.reason ?? "INTERNAL", problem: row.problem ?? "" };
  }
}
