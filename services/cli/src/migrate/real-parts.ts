import { applyMoved } from "../../../migrator/src/load/apply-moved.ts";
import { readMoveOptions, readRun, retryQuarantined, runMove } from "../../../migrator/src/load/run-move.ts";
import { verifyMove } from "../../../migrator/src/verify/verify-move.ts";
import { readBalance } from "../../../migrator/src/work/balance.ts";
import type { MoveParts } from "./move-parts.ts";

/** The migrator's own parts. */
export const moveParts: MoveParts = {
  applyMoved,
  readBalance,
  readMoveOptions,
  readRun,
  retryQuarantined,
  runMove,
  verifyMove,
};
