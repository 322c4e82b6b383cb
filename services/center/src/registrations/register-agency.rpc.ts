import type { MessageInitShape } from "@bufbuild/protobuf";
import type { Client, HandlerContext } from "@connectrpc/connect";
import {
  type RegisterAgencyRequest,
  type RegisterAgencyResponse,
  RegisterAgencyResponseSchema,
} from "#gen/medport/center/v1/agency_directory_service_pb.ts";
import type { AgencyService } from "#gen/medport/ems/v1/agency_service_pb.ts";
import { Reason } from "#gen/medport/errors/v1/reason_pb.ts";
import { callerOf, userOf } from "#platform/auth/caller.ts";
import { idempotencyKeyOf } from "#platform/database/idempotency.ts";
import type { UnitOfWork, Work } from "#platform/database/unit-of-work.ts";
import type { IdSource } from "#platform/id.ts";
import { forward } from "#platform/rpc/peer.ts";
import { type Refusal, refuse, resourceInfo } from "#platform/rpc/refusal.ts";
import { agencyMessage } from "../agencies/agency.message.ts";
import { isAgencyNameTaken, lockAgencyName } from "../agencies/agency.store.ts";
import type { AgencyId } from "../agencies/agency.ts";
import type { PasswordHasher } from "../passwords/password.hasher.ts";
import { checkPerson, type CheckedPerson, reserveEmail } from "../users/account.creation.ts";
import { fieldRefusal } from "../users/field.refusal.ts";
import { userMessage } from "../users/user.message.ts";
import type { UserId } from "../users/user.ts";
import { createAtEms } from "./ems-answer.client.ts";
import { endWith, type Outcome } from "./registration.steps.ts";
import {
  findByRequest,
  findReservedAgencyId,
  insertRegistration,
  isNameBeingRegistered,
  type KnownRequest,
  lockByRequest,
  type RegistrationRequest,
} from "./registration.store.ts";
import type { Registration, StartedRegistration } from "./registration.ts";

/** What registering an agency needs. */
export interface RegisterAgencyDeps {
  readonly unitOfWork: UnitOfWork;
  readonly hasher: PasswordHasher;
  readonly newId: IdSource;
  /** EMS, which owns agencies. */
  readonly agencies: Pick<Client<typeof AgencyService>, "createAgency">;
}

/**
 * Registers an agency with its first admin, in three steps of which each may be the last one for a while: what is to be
 * is written down, EMS creates the agency, and the two enter Center's tables together. See `finishRegistrations` for what
 * becomes of one that stops between them.
 */
export function registerAgency(
  deps: RegisterAgencyDeps,
  request: RegisterAgencyRequest,
  context: HandlerContext,
): Promise<RegisterAgencyResponse> {
  const { unitOfWork, agencies } = deps;
  // What is kept to recognize a repeated request is a fast hash of it, which would give the password away.
  const identified = { ...request, ...(request.admin && { admin: { ...request.admin, password: "" } }) };
  return unitOfWork.call(context, async () => {
    const registration = await begin(deps, { request, identified, context });
    const answer =
      registration.state === "STARTED" ? await createAtEms(agencies, registration, forward(context)) : undefined;
    if (answer?.kind === "REFUSED") {
      // In a transaction of its own: a refusal takes back everything that was done in the one that it is thrown from.
      throw refusedBy(await unitOfWork.transaction(context, (work) => endWith(work, registration.agencyId, answer)));
    }
    return unitOfWork.write(context, identified, RegisterAgencyResponseSchema, async (work) =>
      answerFrom(await endWith(work, registration.agencyId, answer)),
    );
  });
}

/** A request with what is needed to recognize its repetition. */
interface Asked {
  readonly request: RegisterAgencyRequest;
  /** Without the password. */
  readonly identified: RegisterAgencyRequest;
  readonly context: HandlerContext;
}

/** Finds the registration that the request began when it came before, or begins one. */
async function begin(deps: RegisterAgencyDeps, asked: Asked): Promise<Registration> {
  const { unitOfWork, hasher } = deps;
  const { context } = asked;
  const { admin } = asked.request;
  if (!admin) throw fieldRefusal("admin", "is demanded");
  const wanted = identityOf(asked);
  // Asked before the password is hashed, which takes a quarter of a second and for which nothing must be held.
  const known = wanted && (await unitOfWork.transaction(context, ({ tx }) => findByRequest(tx, wanted)));
  if (known) return sameRegistration(known, wanted);
  const person = await checkPerson(admin, hasher, "admin.");
  return unitOfWork.transaction(context, async (work) => {
    const earlier = wanted && (await lockByRequest(work.tx, wanted));
    return earlier ? sameRegistration(earlier, wanted) : start(deps, work, { asked, wanted, person });
  });
}

async function start(
  { newId }: RegisterAgencyDeps,
  work: Work,
  { asked, wanted, person }: { asked: Asked; wanted: RegistrationRequest | undefined; person: CheckedPerson },
): Promise<StartedRegistration> {
  const { tx, now } = work;
  const { profile, awaitsApproval } = asked.request;
  if (!profile) throw fieldRefusal("profile", "is demanded");
  const agencyId = (wanted && (await findReservedAgencyId(tx, wanted))) ?? (newId() as AgencyId);
  const registration: StartedRegistration = {
    state: "STARTED",
    agencyId,
    agencyName: profile.name,
    userId: userOf(asked.context).userId,
    adminUserId: newId() as UserId,
    adminEmail: person.email,
    startTime: now,
    profile,
    agencyStatus: awaitsApproval ? "PENDING" : "ACTIVE",
    admin: person,
  };
  await lockAgencyName(tx, profile.name);
  if ((await isAgencyNameTaken(tx, profile.name, agencyId)) || (await isNameBeingRegistered(tx, profile.name))) {
    throw nameTaken();
  }
  await reserveEmail(tx, person.email, agencyId, now);
  await insertRegistration(tx, registration, wanted);
  work.touched("registration", agencyId);
  return registration;
}

function identityOf({ identified, context }: Asked): RegistrationRequest | undefined {
  const key = idempotencyKeyOf(callerOf(context), context.method, identified);
  return key && { userId: userOf(context).userId, requestId: key.requestId, requestHash: key.requestHash };
}

function sameRegistration(known: KnownRequest, { requestId, requestHash }: RegistrationRequest): Registration {
  if (Buffer.from(known.requestHash).equals(requestHash)) return known.registration;
  throw refuse(Reason.REQUEST_ID_REUSED, `request_id ${requestId} was used before with another request`);
}

function nameTaken(): Refusal {
  return refuse(Reason.RESOURCE_EXISTS, "an agency with this name exists, or is being registered", {
    details: [resourceInfo("agency", "", "the name is taken")],
  });
}

function answerFrom(outcome: Outcome): MessageInitShape<typeof RegisterAgencyResponseSchema> {
  if (outcome.state !== "COMPLETED") throw refusedBy(outcome);
  return { agency: agencyMessage(outcome.agency), admin: userMessage(outcome.admin) };
}

function refusedBy(outcome: Outcome): Refusal {
  return outcome.state === "GIVEN_UP"
    ? outcome.refusal
    : refuse(Reason.CONCURRENT_CHANGE, "the agency is still being registered");
}
