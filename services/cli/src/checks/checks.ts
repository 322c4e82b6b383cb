import { staleApiReference } from "../generate/api-reference.ts";
import { gatherProtos } from "../generate/gather-protos.ts";
import { findStaleFiles } from "../generate/generated-code.ts";
import { compareWithBaseline } from "../generate/proto-baseline.ts";
import { runTool, type ToolResult } from "../run-tool.ts";

/** Something that must hold for every commit, beside the tests. */
export interface Check {
  readonly name: string;
  /** Looks, and changes nothing. The output tells what is wrong. */
  readonly run: (root: string) => Promise<ToolResult>;
}

/** Every check there is, in the order of the report. */
export const checks: readonly Check[] = [
  { name: "types", run: (root) => runTool(root, "tsc", ["--project", "tsconfig.json"]) },
  { name: "lint", run: (root) => runTool(root, "oxlint", []) },
  { name: "format", run: (root) => runTool(root, "biome", ["format"]) },
  { name: "generated code", run: checkGeneratedCode },
  { name: "proto lint", run: (root) => runBuf(root, ["lint"]) },
  { name: "proto format", run: (root) => runBuf(root, ["format", "proto", "--diff", "--exit-code"]) },
  { name: "proto compatibility", run: compareWithBaseline },
];

/** A check's verdict. */
export interface Verdict extends ToolResult {
  readonly name: string;
  readonly durationMs: number;
}

/** Runs all checks at once, whatever fails, and tells each verdict in the order of the list. */
export async function runChecks(root: string, list: readonly Check[] = checks): Promise<readonly Verdict[]> {
  return Promise.all(list.map((check) => runCheck(root, check)));
}

async function runCheck(root: string, { name, run }: Check): Promise<Verdict> {
  const startedAt = performance.now();
  const result = await run(root).catch((error: unknown) => ({ ok: false, output: String(error) }));
  return { name, ...result, durationMs: performance.now() - startedAt };
}

async function checkGeneratedCode(root: string): Promise<ToolResult> {
  const stale = await findStaleFiles(root);
  const pages = await staleApiReference(root);
  if (stale.length + pages.length === 0) return { ok: true, output: "" };
  const lines = [
    ...stale.map(({ path, problem }) => `${path} is ${problem}`),
    ...pages.map((path) => `${path} is not what the protos say`),
  ];
  return { ok: false, output: [...lines, 'Run "npm run generate" and commit what it writes.'].join("\n") };
}

async function runBuf(root: string, args: readonly string[]): Promise<ToolResult> {
  await gatherProtos(root);
  return runTool(root, "buf", args);
}
