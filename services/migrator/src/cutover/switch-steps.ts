import type { Client } from "pg";
import type { ChangeApplier } from "../capture/apply-changes.ts";
import { asOfNow } from "../capture/as-of-now.ts";
import type { VerifyScope } from "../verify/scope.ts";
import type { CutOverDeps } from "./cut-over.ts";

/** Which part of the two sides is compared, and as of when. */
export interface Compared {
  /** A moment of the old database that an open transaction has exported; now if absent. */
  readonly snapshotId?: string;
  /** Everything if absent. */
  readonly scope?: VerifyScope;
}

export interface SwitchDeps {
  /** A session of the old database that does nothing else meanwhile. */
  readonly snapshotSource: Client;
  /** With sessions of its own. */
  readonly applier: ChangeApplier;
  /** @returns how many things are not as they should be. */
  readonly compare: (compared: Compared) => Promise<number>;
  readonly signal?: AbortSignal;
}

/** More trips than these are not told apart from all of them. */
const maxScope = 100_000;

/**
 * How a switch brings changes over and compares: everything while people still write, as of one moment, then what came while it
 * was compared; when nobody writes, only what came after that, so that nobody waits for long.
 */
export function switchSteps({
  snapshotSource,
  applier,
  compare,
  signal,
}: SwitchDeps): Pick<CutOverDeps, "catchUp" | "compareAll" | "drain" | "compareChanged"> {
  const compareTouched = (touched: VerifyScope, compared: Compared): Promise<number> =>
    compare(touched.tripIds.length > maxScope ? compared : { ...compared, scope: touched });
  return {
    catchUp: () => applier.catchUp(signal),
    compareAll: async () => {
      const differences = await asOfNow(snapshotSource, applier, (snapshotId) => {
        applier.takeTouched();
        return compare({ snapshotId });
      });
      if (differences > 0) return { differences };
      await applier.catchUp(signal);
      return asOfNow(snapshotSource, applier, async (snapshotId) => ({
        differences: await compareTouched(applier.takeTouched(), { snapshotId }),
      }));
    },
    drain: () => applier.drain(),
    compareChanged: async () => ({ differences: await compareTouched(applier.takeTouched(), {}) }),
  };
}
