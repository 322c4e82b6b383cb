import type { Clock } from "#platform/clock.ts";
import type { UnitOfWork } from "#platform/database/unit-of-work.ts";
import type { IdSource } from "#platform/id.ts";
import { system } from "#platform/rpc/peer.ts";
import { startRepeatedWork } from "#platform/silo/repeated-work.ts";
import { protoFromUnitType } from "../units/unit.message.ts";
import { type Assignment, nextCheck } from "./assignment.ts";
import { takeDueAssignments } from "./assignment.store.ts";
import { awardChange, confirmAttempt, confirmUnit, dropUnit, releaseAttempt } from "./award.store.ts";
import { isRefusal, resolveClaim, type TripClaimDeps } from "./trip-claim.client.ts";

export interface ReconcilerOptions extends TripClaimDeps {
  readonly unitOfWork: UnitOfWork;
  readonly newId: IdSource;
  readonly clock: Clock;
  /** A number in [0, 1). */
  readonly random?: () => number;
  /** Milliseconds between two looks; 1 000 if absent. */
  readonly everyMs?: number;
}

const actor = "ems.reconcile-assignments";
const most = 20;
const alarmMs = 60_000;

/**
 * Starts to ask Hospital for the outcome of whatever stays in doubt: after a crash, a lost answer, an outage. Losing
 * PostgreSQL or Hospital only delays it. Dispose it to stop; what is under way is given up and asked again later.
 */
export function startReconciler(options: ReconcilerOptions): AsyncDisposable {
  const { everyMs = 1_000, log } = options;
  const stop = new AbortController();
  const rounds = startRepeatedWork({ name: actor, everyMs, work: () => round(options, stop.signal), log });
  return {
    [Symbol.asyncDispose]: () => {
      stop.abort();
      return rounds[Symbol.asyncDispose]();
    },
  };
}

async function round(options: ReconcilerOptions, signal: AbortSignal): Promise<void> {
  const { unitOfWork, random = Math.random } = options;
  const due = await unitOfWork.system(actor, ({ tx, now }) =>
    takeDueAssignments(tx, { now, most, postpone: (check) => nextCheck(check, now, random()) }),
  );
  for (const assignment of due) {
    if (signal.aborted) return;
    complainIfOld(options, assignment);
    if (assignment.state === "HELD") await resolveHold(options, assignment, signal);
    else await resolveUnit(options, assignment, signal);
  }
}

/** Learns whether the claim has won; if it never arrived, it never will. */
async function resolveHold(options: ReconcilerOptions, assignment: Assignment, signal: AbortSignal): Promise<void> {
  const { unitOfWork, newId } = options;
  const { attemptId } = assignment;
  const verdict = await resolveClaim(options, assignment, system({ signal, requestId: newId() }));
  if (verdict.outcome === "UNKNOWN") return;
  await unitOfWork.system(actor, async (work) => {
    const change = awardChange(work, newId);
    if (verdict.outcome === "LOST") await releaseAttempt(change, attemptId, verdict.reason);
    else await confirmAttempt(change, { attemptId, tripVersion: verdict.tripVersion });
  });
}

/** Tells Hospital of the unit once more: it answers the same whether it has heard of it or not. */
async function resolveUnit(options: ReconcilerOptions, assignment: Assignment, signal: AbortSignal): Promise<void> {
  const { unitOfWork, newId, claims, log } = options;
  const { attemptId, tripId, unit, previousUnit } = assignment;
  if (!unit) return;
  const about = { attemptId, unitId: unit.id };
  let isOnTrip: boolean;
  try {
    const told = {
      ...{ ...about, tripId },
      unitType: protoFromUnitType(unit.type),
      previousUnitId: previousUnit?.id ?? "",
    };
    await claims.setTripUnit(told, system({ signal, requestId: newId() }));
    isOnTrip = true;
  } catch (error) {
    // Not rethrown: what is not known now is asked for again.
    if (!isRefusal(error)) return log.warn({ event: "assignment.unit_unknown", ...about, tripId, error });
    isOnTrip = false;
  }
  await unitOfWork.system(actor, async (work) => {
    const change = awardChange(work, newId);
    if (isOnTrip) await confirmUnit(change, about);
    else await dropUnit(change, about);
  });
}

/** A unit that is in doubt for so long is an operator's business. */
function complainIfOld({ log, clock }: ReconcilerOptions, { attemptId, tripId, updatedAt }: Assignment): void {
  const heldMs = clock().getTime() - updatedAt.getTime();
  if (heldMs > alarmMs) log.error({ event: "assignment.held_too_long", attemptId, tripId, heldMs });
}
