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
 * How a switch brings changes over and compares: everything while people still write, as of one moment; when nobody does, only
 * what came after that moment, so that nobody waits for long.
 */
export function switchSteps({
  snapshotSource,
  applier,
  compare,
  signal,
}: SwitchDeps): Pick<CutOverDeps, "catchUp" | "compareAll" | "drain" | "compareChanged"> {
  return {
    catchUp: () => applier.catchUp(signal),
    compareAll: () =>
      asOfNow(snapshotSource, applier, async (snapshotId) => {
        applier.takeTouched();
        return { differences: await compare({ snapshotId }) };
      }),
    drain: () => applier.drain(),
    compareChanged: async () => {
      const scope = applier.takeTouched();
      return { differences: await compare(scope.tripIds.length > maxScope ? {} : { scope }) };
    },
  };
}
