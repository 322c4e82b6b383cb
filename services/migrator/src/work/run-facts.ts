import type { SiloClients } from "../cutover/close-silos.ts";
import { findRun, readSteps } from "./run.ts";

/** Where a move stands. */
export interface RunFacts {
  readonly batchId: string;
  readonly phase: string;
  readonly startedAt: string;
  readonly finishedAt: string | null;
  readonly options: Readonly<Record<string, string | number | boolean | null>>;
  readonly steps: readonly { readonly step: string; readonly rows: number; readonly done: boolean }[];
}

/** Undefined if nothing was moved yet. May be asked while another process moves. */
export async function readRun(silos: SiloClients): Promise<RunFacts | undefined> {
  const run = await findRun(silos.center);
  if (!run) return undefined;
  const { batchId, phase, startedAt, finishedAt, options } = run;
  return {
    batchId,
    phase,
    startedAt: startedAt.toISOString(),
    finishedAt: finishedAt?.toISOString() ?? null,
    options: {
      rolePolicy: options.rolePolicy,
      strict: options.strict,
      overriddenUsers: options.overrides.users.size,
      overriddenFacilities: options.overrides.facilities.size,
    },
    steps: await readSteps(silos),
  };
}
