import type { Client } from "@connectrpc/connect";
import type { AgencyService } from "#gen/medport/ems/v1/agency_service_pb.ts";
import { Reason } from "#gen/medport/errors/v1/reason_pb.ts";
import type { Clock } from "#platform/clock.ts";
import type { Database } from "#platform/database/database.ts";
import type { UnitOfWork } from "#platform/database/unit-of-work.ts";
import { system } from "#platform/rpc/peer.ts";
import { Refusal } from "#platform/rpc/refusal.ts";
import { createAtEms } from "./ems-answer.client.ts";
import { endWith } from "./registration.steps.ts";
import { listUnfinished } from "./registration.store.ts";
import type { StartedRegistration } from "./registration.ts";

/** How often to look for registrations that nobody finishes. */
export const finishRegistrationsEveryMs = 1_000;
/** So long a registration is left to the call that began it; a second one beside it would do no harm. */
const leftAloneForMs = 3_000;
/** How many are finished in one round. */
const batch = 100;
/** EMS has this long for each, so that one that it cannot answer does not hold up the others. */
const emsTimeoutMs = 5_000;

/** What finishing registrations needs. */
export interface FinishRegistrationsOptions {
  readonly database: Database;
  readonly unitOfWork: UnitOfWork;
  readonly agencies: Pick<Client<typeof AgencyService>, "createAgency">;
  readonly clock: Clock;
}

/**
 * Drives registrations on that stopped half-way, because EMS did not answer or Center ended: repeats the step that is
 * missing, with no person behind it. May run in several instances at once.
 * @throws AggregateError of those that could not be finished now; they are tried again in the next round.
 */
export async function finishRegistrations(options: FinishRegistrationsOptions): Promise<void> {
  const { database, clock } = options;
  const startedBefore = new Date(clock().getTime() - leftAloneForMs);
  const errors: unknown[] = [];
  for (const registration of await listUnfinished(database.fork(), { startedBefore, limit: batch })) {
    try {
      await finish(options, registration);
    } catch (error) {
      errors.push(error);
      // The others would only wait for the same.
      if (Refusal.is(error) && error.reason === Reason.DEPENDENCY_DOWN) break;
    }
  }
  if (errors.length > 0) throw new AggregateError(errors, "registrations of agencies could not be finished");
}

async function finish(
  { unitOfWork, agencies }: FinishRegistrationsOptions,
  registration: StartedRegistration,
): Promise<void> {
  const { agencyId } = registration;
  const answer = await createAtEms(agencies, registration, system({ timeoutMs: emsTimeoutMs }));
  await unitOfWork.system("center.finish-registration", (work) => endWith(work, agencyId, answer));
}
