import type { UnitOfWork } from "#platform/database/unit-of-work.ts";
import { serviceChanged } from "./registered-service.events.ts";
import { listSilentInstances, lockSilentInstance, saveRegisteredService } from "./registered-service.store.ts";
import { aliveWithinMs } from "./registered-service.ts";

/** What noticing silent instances needs. */
export interface SilentInstancesOptions {
  readonly unitOfWork: UnitOfWork;
  /** Since when this Center listens; who had nobody to tell cannot be blamed for silence. */
  readonly listeningSince: Date;
}

/**
 * Makes the work that notices who has gone: an instance that was not heard of for a while is no longer active, and the
 * world is told. Its next heartbeat brings it back.
 */
export function retireSilentInstances({ unitOfWork, listeningSince }: SilentInstancesOptions): () => Promise<void> {
  return () =>
    unitOfWork.system("center.retire-silent-instances", async (work) => {
      const { tx, now } = work;
      const heardBefore = new Date(now.getTime() - aliveWithinMs);
      if (heardBefore < listeningSince) return;
      for (const name of await listSilentInstances(tx, heardBefore)) {
        const silent = await lockSilentInstance(tx, name, heardBefore);
        if (!silent) continue;
        const gone = { ...silent, status: "INACTIVE", version: silent.version + 1 } as const;
        await saveRegisteredService(tx, gone, { now });
        work.emit(serviceChanged(gone, now));
        work.touched("service", gone.id);
      }
    });
}
