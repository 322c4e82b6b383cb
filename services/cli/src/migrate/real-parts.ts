import { createChangeApplier } from "../../../migrator/src/load/change-applier.ts";
import { readMoveOptions, retryQuarantined, runMove } from "../../../migrator/src/load/run-move.ts";
import { expectPlanned } from "../../../migrator/src/plan/check-source.ts";
import { verifyMove } from "../../../migrator/src/verify/verify-move.ts";
import { readBalance } from "../../../migrator/src/work/balance.ts";
import { readRun } from "../../../migrator/src/work/run-facts.ts";
import type { MoveParts } from "./move-parts.ts";

/** The migrator's own parts. */
export const moveParts: MoveParts = {
  createChangeApplier,
  expectPlanned,
  readBalance,
  readMoveOptions,
  readRun,
  retryQuarantined,
  runMove,
  verifyMove,
};
