import { execFile, type ExecFileException } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, rm, symlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { projectRoot } from "../../services/cli/src/project-root.ts";

/** What a command printed, and how it ended. */
export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The project as a clone would have it, in a new folder; packages are those that are installed already. */
export interface FreshCopy extends AsyncDisposable {
  readonly root: string;
  /** Runs a program in the copy, as a person would in a shell there. */
  run(program: string, ...args: readonly string[]): Promise<CommandResult>;
}

/** Makes the copy. All of its ports are free ones, so that it disturbs nobody. */
export async function aFreshCopy(): Promise<FreshCopy> {
  const parent = await mkdtemp("/tmp/medport-readme-");
  const root = join(parent, "medport");
  await mkdir(root);
  // What git tracks, and what it would: a file that is not committed yet counts, one that is ignored does not.
  const { stdout } = await promisify(execFile)(
    "git",
    ["ls-files", "--cached", "--others", "--exclude-standard", "-z"],
    {
      cwd: projectRoot,
      maxBuffer: 64 * 1024 * 1024,
    },
  );
  for (const file of stdout.split("\0").filter((name) => name !== "")) {
    await mkdir(dirname(join(root, file)), { recursive: true });
    // A tracked file may have been removed and not committed.
    await cp(join(projectRoot, file), join(root, file)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "ENOENT") throw error;
    });
  }
  await symlink(join(projectRoot, "node_modules"), join(root, "node_modules"));
  const ports = ["HOSPITAL", "EMS", "CENTER"].flatMap((name) => [`${name}_PORT`, `${name}_DATABASE_PORT`]);
  const environment = {
    ...Object.fromEntries(
      ["PATH", "HOME", "USER"].flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])),
    ),
    ...Object.fromEntries([...ports, "NATS_PORT"].map((name) => [name, "0"])),
  };
  const run: FreshCopy["run"] = (program, ...args) =>
    new Promise((resolve) => {
      execFile(program, [...args], { cwd: root, env: environment, maxBuffer: 64 * 1024 * 1024 }, (error, out, err) => {
        resolve({ code: exitCodeOf(error), stdout: out, stderr: err });
      });
    });
  return {
    root,
    run,
    [Symbol.asyncDispose]: async () => {
      await run("npx", "medport", "down");
      await rm(parent, { recursive: true, force: true });
    },
  };
}

function exitCodeOf(error: ExecFileException | null): number {
  if (!error) return 0;
  return typeof error.code === "number" ? error.code : 1;
}

/** The README's blocks of code in one language, each without its fence. */
export async function readmeBlocks(language: string): Promise<readonly string[]> {
  const text = await readFile(join(projectRoot, "README.md"), "utf8");
  const blocks = [...text.matchAll(/^```(\w*)\n(.*?)^```$/gms)];
  return blocks.filter(([, found]) => found === language).map(([, , block = ""]) => block);
}
