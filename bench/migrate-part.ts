import { once } from "node:events";
import type { ServiceName } from "#platform/service-name.ts";
import { noOverrides } from "../services/migrator/src/directory/overrides.ts";
import { runMove } from "../services/migrator/src/load/run-move.ts";
import { verifyMove } from "../services/migrator/src/verify/verify-move.ts";

// The move and the verification of `migrate.ts`, in a process of their own.

/** From where to where. */
export interface MoveOrder {
  readonly sourceUrl: string;
  readonly siloUrls: Readonly<Record<ServiceName, string>>;
}

/** What they took. */
export interface MoveResult {
  readonly moveSeconds: number;
  readonly verifySeconds: number;
  readonly differences: number;
  /** Of resident memory, in MiB. */
  readonly peakMib: number;
}

const [order] = (await once(process, "message")) as [MoveOrder];
const signal = new AbortController().signal;
const onProgress = (): void => undefined;
let startedAt = performance.now();
await runMove({
  ...order,
  ...{ rolePolicy: "evidence", strict: false, overrides: noOverrides, dryRun: false, maxQuarantine: 0.001 },
  signal,
  onProgress,
});
const moveSeconds = (performance.now() - startedAt) / 1_000;
startedAt = performance.now();
const { differences } = await verifyMove({ ...order, signal, onProgress });
const verifySeconds = (performance.now() - startedAt) / 1_000;
const peakMib = Math.round(process.resourceUsage().maxRSS / 1_024);
process.send?.({ moveSeconds, verifySeconds, differences, peakMib } satisfies MoveResult);
process.disconnect();
