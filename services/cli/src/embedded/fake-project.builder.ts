import { type ChildProcess, spawn } from "node:child_process";
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { stopProcesses } from "#platform/embedded/server-process.ts";
import { serviceNames } from "#platform/service-name.ts";
import { eventually } from "#platform/testing/eventually.ts";
import { projectRoot } from "../project-root.ts";
import { removeMeshFolder } from "./mesh-folder.ts";
import { type MeshState, readMeshState } from "./mesh-state.ts";
import { meshFolderOf } from "./open-mesh.ts";
import { readMeshSettings } from "./mesh-settings.ts";
import { stopMesh } from "./stop-mesh.ts";

/** A project with three tiny services, whose mesh a test starts, kills and stops. Everything below them is real. */
export interface FakeProject {
  readonly root: string;
  readonly environment: Record<string, string>;
  /** Runs `up` in a process of its own and waits until the mesh is ready. */
  start(more?: Record<string, string>): Promise<FakeUp>;
  /** Runs `up` in a process of its own, without waiting. */
  launch(more?: Record<string, string>): FakeUp;
  state(): Promise<MeshState>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** A process that runs `up`. */
export interface FakeUp {
  readonly child: ChildProcess;
  /** What it has printed so far. */
  readonly output: () => string;
  /** Its exit code or the signal that ended it. */
  readonly ended: Promise<number | string | null>;
}

export interface FakeProjectOptions {
  /** The mode of the folder that the project is in: 0700 keeps all but its owner out. */
  readonly parentMode?: number;
}

/** Makes the project; all of its ports are free ones. */
export async function aFakeProject({ parentMode = 0o755 }: FakeProjectOptions = {}): Promise<FakeProject> {
  const parent = await mkdtemp("/tmp/medport-project-");
  await chmod(parent, parentMode);
  const root = join(parent, "medport");
  await mkdir(root, { mode: 0o755 });
  await symlink(join(projectRoot, "node_modules"), join(root, "node_modules"));
  await writeFile(join(root, "package.json"), '{"type":"module"}');
  for (const service of serviceNames) await writeService(root, service);
  const ports = ["HOSPITAL", "EMS", "CENTER"].flatMap((name) => [`${name}_PORT`, `${name}_DATABASE_PORT`]);
  const environment = {
    PATH: process.env["PATH"] ?? "",
    HOME: process.env["HOME"] ?? "",
    ...Object.fromEntries([...ports, "NATS_PORT"].map((name) => [name, "0"])),
    UNRELATED_SECRET: "do not hand on",
  };
  const folder = async () => meshFolderOf(root, await readMeshSettings(root, environment));
  const readState = async (): Promise<MeshState> => {
    const state = await readMeshState(await folder());
    if (!state) throw new Error("there is no mesh.json");
    return state;
  };
  const launched: FakeUp[] = [];
  const launch = (more: Record<string, string> = {}): FakeUp => {
    const up = launchUp(root, { ...environment, ...more });
    launched.push(up);
    return up;
  };
  return {
    root,
    environment,
    launch,
    state: readState,
    start: async (more) => {
      const up = launch(more);
      await eventually(() => assertReady(up), { withinMs: 60_000, everyMs: 50 });
      return up;
    },
    [Symbol.asyncDispose]: async () => {
      await stopMesh(await folder());
      await stopProcesses(
        async () =>
          launched.flatMap(({ child }) =>
            child.exitCode === null && child.signalCode === null && child.pid ? [child.pid] : [],
          ),
        [{ signal: "SIGKILL", graceMs: 5_000 }],
      );
      await removeMeshFolder(await folder());
      await rm(parent, { recursive: true, force: true });
    },
  };
}

function assertReady({ child, output }: FakeUp): void {
  if (!output().includes("MedPort is ready")) {
    if (child.exitCode !== null) throw new Error(`up ended with ${child.exitCode}:\n${output()}`);
    throw new Error(`up is not ready:\n${output()}`);
  }
}

/** What runs `up`, in the foreground unless said otherwise. */
export function upProgram(root: string, { inBackground = false } = {}): readonly [string, ...string[]] {
  const program = `
    const { up } = await import(${JSON.stringify(join(import.meta.dirname, "up.ts"))});
    const { terminalProgress } = await import(${JSON.stringify(join(import.meta.dirname, "progress.ts"))});
    await up({ root: ${JSON.stringify(root)}, environment: process.env, progress: terminalProgress(), inBackground: ${inBackground} })
      .catch((error) => { console.error(error.message); process.exitCode = 1; });
  `;
  return [process.execPath, "--input-type=module", "-e", program];
}

function launchUp(root: string, environment: Record<string, string>): FakeUp {
  const [command, ...args] = upProgram(root);
  const child = spawn(command, args, {
    cwd: projectRoot,
    env: environment,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let text = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => {
      text += chunk.toString("utf8");
    });
  }
  const ended = new Promise<number | string | null>((resolve) =>
    child.once("close", (code, signal) => resolve(code ?? signal)),
  );
  return { child, output: () => text, ended };
}

/** Answers health, and tells its own environment. */
const serviceProgram = `
import { createServer } from "node:http";
const port = Object.entries(process.env).find(([name]) => name.endsWith("_PORT"))[1];
createServer((request, response) => {
  const isHealth = request.url.endsWith("/Check");
  response.end(JSON.stringify(isHealth ? { status: "SERVING" } : { pid: process.pid, environment: process.env }));
}).listen(Number(port), "127.0.0.1");
process.on("SIGTERM", () => process.exit(0));
`;

const migrationsProgram = (service: string): string => `
import { Migration } from "@mikro-orm/migrations";
class Initial extends Migration {
  up() { this.addSql("create table kept (word text)"); this.addSql("insert into kept values ('${service}')"); }
}
export const migrations = [{ name: "initial", class: Initial }];
`;

async function writeService(root: string, service: string): Promise<void> {
  const folder = join(root, "services", service);
  await mkdir(join(folder, "src", "users"), { recursive: true });
  await mkdir(join(folder, "migrations"), { recursive: true });
  await writeFile(join(folder, "src", "main.ts"), serviceProgram);
  await writeFile(join(folder, "migrations", "migrations.ts"), migrationsProgram(service));
  await writeFile(
    join(folder, "src", "users", "first-admin.setup.ts"),
    "export const createFirstAdmin = async () => false;\n",
  );
}

/** What a fake service says of itself. */
export async function askFake(address: string): Promise<{ pid: number; environment: Record<string, string> }> {
  const response = await fetch(`http://${address}/`);
  return (await response.json()) as { pid: number; environment: Record<string, string> };
}
