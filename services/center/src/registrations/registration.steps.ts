import { Reason } from "#gen/medport/errors/v1/reason_pb.ts";
import type { Work } from "#platform/database/unit-of-work.ts";
import { reasonFromName, type Refusal, refuse } from "#platform/rpc/refusal.ts";
import { receiveAgency } from "../agencies/agency.arrival.ts";
import { findAgency } from "../agencies/agency.store.ts";
import type { Agency, AgencyId } from "../agencies/agency.ts";
import { addFirstAdmin, releaseEmail } from "../users/account.creation.ts";
import { findUser } from "../users/user.store.ts";
import type { User } from "../users/user.ts";
import type { EmsAnswer } from "./ems-answer.client.ts";
import { endRegistration, lockRegistration } from "./registration.store.ts";
import type { CompletedRegistration, GivenUpRegistration, StartedRegistration } from "./registration.ts";

/** What a registration has come to. */
export type Outcome =
  | { readonly state: "COMPLETED"; readonly agency: Agency; readonly admin: User }
  | { readonly state: "GIVEN_UP"; readonly refusal: Refusal }
  /** EMS has the agency and has told nothing of it yet; the event about it is on its way. */
  | { readonly state: "STARTED" };

/**
 * The last step of a registration: the agency enters the directory and gets its admin, or neither is ever there and the
 * e-mail address is free again. May be repeated: what was done once is found done.
 * @param answer what EMS said; absent where it has been acted on already.
 */
export async function endWith(work: Work, agencyId: AgencyId, answer: EmsAnswer | undefined): Promise<Outcome> {
  const { tx } = work;
  const registration = await lockRegistration(tx, agencyId);
  if (!registration) throw new Error(`the registration of ${agencyId} is gone`);
  work.touched("registration", agencyId);
  switch (registration.state) {
    case "COMPLETED":
      return foundCompleted(work, registration);
    case "GIVEN_UP":
      return { state: "GIVEN_UP", refusal: refusalOf(registration) };
    case "STARTED":
      if (!answer) return { state: "STARTED" };
      return answer.kind === "REFUSED" ? giveUp(work, agencyId, answer) : complete(work, registration, answer);
  }
}

/** EMS's refusal, as it is given to who registers, however often it is asked for. */
export function refusalOf({ reason, problem }: Pick<GivenUpRegistration, "reason" | "problem">): Refusal {
  return refuse(reasonFromName(reason) ?? Reason.INTERNAL, problem);
}

async function complete(
  work: Work,
  registration: StartedRegistration,
  answer: Exclude<EmsAnswer, { kind: "REFUSED" }>,
): Promise<Outcome> {
  const { tx, now } = work;
  const { agencyId, userId, adminUserId: id, admin: person } = registration;
  if (answer.kind === "CREATED") {
    await receiveAgency({ tx, now, addedBy: userId, emit: (event) => work.emit(event) }, answer.agency);
  }
  const agency = await findAgency(tx, agencyId);
  if (!agency) return { state: "STARTED" };
  const membership = { userType: "EMS", organizationId: agencyId } as const;
  const admin = await addFirstAdmin(work, { person, membership, id }, { reservedBy: agencyId });
  await endRegistration(tx, agencyId, { state: "COMPLETED" }, now);
  work.touched("agency", agencyId);
  return { state: "COMPLETED", agency, admin };
}

async function giveUp(
  { tx, now }: Work,
  agencyId: AgencyId,
  { reason, problem }: Extract<EmsAnswer, { kind: "REFUSED" }>,
): Promise<Outcome> {
  await endRegistration(tx, agencyId, { state: "GIVEN_UP", reason, problem }, now);
  await releaseEmail(tx, agencyId);
  return { state: "GIVEN_UP", refusal: refusalOf({ reason, problem }) };
}

async function foundCompleted({ tx }: Work, { agencyId, adminUserId }: CompletedRegistration): Promise<Outcome> {
  const agency = await findAgency(tx, agencyId);
  const admin = await findUser(tx, adminUserId);
  if (!agency || !admin) throw new Error(`the registration of ${agencyId} ended without its agency or its admin`);
  return { state: "COMPLETED", agency, admin };
}
