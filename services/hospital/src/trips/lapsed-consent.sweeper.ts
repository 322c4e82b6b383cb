import type { UnitOfWork } from "#platform/database/unit-of-work.ts";
import { startRepeatedWork } from "#platform/silo/repeated-work.ts";
import type { Logger } from "#platform/telemetry/log.ts";
import { readSystemSettings } from "../configuration/configuration.store.ts";
import { listLapsedTrips, lockLapsedTrip } from "./lapsed-consent.store.ts";
import { recordTripChange } from "./trip.events.ts";
import { releaseLapsed } from "./trip-release.ts";

export interface LapsedConsentDeps {
  readonly unitOfWork: UnitOfWork;
  readonly log: Logger;
  /** How long a trip may wait at most after its agency should have consented. */
  readonly everyMs: number;
}

/** What the audit log calls the one who releases the trips. */
const actor = "hospital.release-lapsed-trips";
const mostAtOnce = 100;

/** Releases trips whose agency has not consented in time, again and again, until disposed. */
export function startLapsedConsentSweeper({ unitOfWork, log, everyMs }: LapsedConsentDeps): AsyncDisposable {
  return startRepeatedWork({ name: "lapsed-consent", everyMs, work: () => releaseLapsedTrips(unitOfWork), log });
}

/**
 * Releases every trip whose agency has not consented in time, each in a transaction of its own. May run in several
 * instances at once.
 * @throws AggregateError if some could not be released; the others are.
 */
export async function releaseLapsedTrips(unitOfWork: UnitOfWork): Promise<void> {
  const lapsed = await unitOfWork.system(actor, ({ tx, now }) => listLapsedTrips(tx, now, mostAtOnce));
  const failures: unknown[] = [];
  for (const tripId of lapsed) {
    try {
      await unitOfWork.system(actor, async (work) => {
        const trip = await lockLapsedTrip(work.tx, tripId, work.now);
        const change = trip && releaseLapsed(trip, { terms: await readSystemSettings(work.tx), now: work.now });
        if (change) await recordTripChange(work, change);
      });
    } catch (error) {
      // One that cannot be released must not keep the others from being so.
      failures.push(error);
    }
  }
  if (failures.length > 0) throw new AggregateError(failures, `${failures.length} lapsed trips could not be released`);
}
