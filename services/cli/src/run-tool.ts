import { spawn } from "node:child_process";
import { once } from "node:events";
import { delimiter, dirname, join } from "node:path";

/** How a tool ended, and everything that it said. */
export interface ToolResult {
  readonly ok: boolean;
  readonly output: string;
}

/**
 * Runs one of the project's installed tools in `root`, with the Node that runs us, and returns what it said.
 * @throws Error if the tool is not installed.
 */
export async function runTool(root: string, tool: string, args: readonly string[]): Promise<ToolResult> {
  const binaries = join(root, "node_modules/.bin");
  const child = spawn(join(binaries, tool), [...args], {
    cwd: root,
    env: { ...process.env, PATH: [dirname(process.execPath), binaries, process.env["PATH"]].join(delimiter) },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const said: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => said.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => said.push(chunk));
  await once(child, "close");
  return { ok: child.exitCode === 0, output: Buffer.concat(said).toString("utf8").trim() };
}

/**
 * The same for a tool that must succeed.
 * @throws Error with what the tool said, if it failed.
 */
export async function mustRunTool(root: string, tool: string, args: readonly string[]): Promise<void> {
  const { ok, output } = await runTool(root, tool, args);
  if (!ok) throw new Error(`${tool} ${args.join(" ")} failed:\n${output}`);
}
