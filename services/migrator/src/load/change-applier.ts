import type { Client } from "pg";
import { ChangeApplier } from "../capture/apply-changes.ts";
import { moveSteps } from "../capture/move-steps.ts";
import type { SiloClients } from "../cutover/close-silos.ts";
import type { MoveOptions } from "../directory/directory.ts";
import { applyMoved } from "./apply-moved.ts";

/** Brings changes over as the copy moved the rows. @param sessions that it alone uses. */
export function createChangeApplier(
  { source, silos }: { readonly source: Client; readonly silos: SiloClients },
  options: MoveOptions,
): ChangeApplier {
  return new ChangeApplier({ source, silos, options, steps: moveSteps(options, applyMoved) });
}
