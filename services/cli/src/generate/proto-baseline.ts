import { mustRunTool, runTool, type ToolResult } from "../run-tool.ts";
import { gatherProtos } from "./gather-protos.ts";

/**
 * The protos that clients out there may rely on, compiled. Committed: a comparison with a branch compares nothing on a
 * clean clone of that branch.
 */
const baseline = "proto/baseline.binpb";

/** Asks buf whether a client made for the baseline can still talk to us. */
export async function compareWithBaseline(root: string): Promise<ToolResult> {
  await gatherProtos(root);
  return runTool(root, "buf", ["breaking", "proto", "--against", baseline]);
}

/** Makes the protos of now the baseline: whatever they break is accepted from here on. */
export async function writeBaseline(root: string): Promise<void> {
  await gatherProtos(root);
  await mustRunTool(root, "buf", ["build", "proto", "--exclude-source-info", "--output", baseline]);
}
