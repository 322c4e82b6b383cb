import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, rm, symlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "@jest/globals";
import { aSmallProject, type SmallProject } from "./project.builder.ts";

const greeter = 'console.log(["hello", ...process.argv.slice(2)].join(" "));';

describe("the launcher", () => {
  it("installs what is locked, and runs the command with its arguments", async () => {
    await using project = await aSmallProject({ main: greeter });
    const { stdout, stderr, code } = await launch(project, { args: ["big", "--world"] });
    expect({ stdout, code }).toEqual({ stdout: "hello big --world\n", code: 0 });
    expect(stderr).toContain("installing packages");
    expect(JSON.parse(await project.read("node_modules/small/package.json"))).toHaveProperty("version", "1.0.0");
  });

  it("installs nothing again when nothing changed", async () => {
    await using project = await aSmallProject({ main: greeter });
    await launch(project);
    expect(await launch(project)).toEqual({ stdout: "hello\n", stderr: "", code: 0 });
  });

  it("installs again when the lock file changed", async () => {
    await using project = await aSmallProject({ main: greeter });
    await launch(project);
    await project.wantVersion("1.0.1");
    expect((await launch(project)).stderr).toContain("installing packages");
    expect((await launch(project)).stderr).toBe("");
  });

  it("installs again after an install that was cut off", async () => {
    await using project = await aSmallProject({ main: greeter });
    await launch(project);
    await rm(join(project.root, "node_modules/.package-lock.json"));
    expect((await launch(project)).stderr).toContain("installing packages");
  });

  it("installs once when it is started twice at once", async () => {
    await using project = await aSmallProject({ main: greeter });
    const results = await Promise.all([launch(project), launch(project), launch(project)]);
    expect(results.map(({ stdout, code }) => ({ stdout, code }))).toEqual(
      Array.from({ length: 3 }, () => ({ stdout: "hello\n", code: 0 })),
    );
    const installs = results.map(({ stderr }) => stderr).filter((said) => said.includes("installing packages, once"));
    expect(installs).toHaveLength(1);
  });

  it("says how to get npm where there is none", async () => {
    await using project = await aSmallProject({ main: greeter });
    await mkdir(join(project.root, "bin"));
    await symlink(process.execPath, join(project.root, "bin/node"));
    const { stderr, code } = await launch(project, { path: join(project.root, "bin") });
    expect(code).toBe(1);
    expect(stderr).toContain("apt install npm");
  });

  it("ends with the command's exit code", async () => {
    await using project = await aSmallProject({ main: "process.exitCode = 7;" });
    expect((await launch(project)).code).toBe(7);
  });

  it("ends as a shell would when a signal ended the command", async () => {
    await using project = await aSmallProject({ main: 'process.kill(process.pid, "SIGKILL");' });
    expect((await launch(project)).code).toBe(128 + 9);
  });

  it.each(["SIGINT", "SIGTERM"] as const)("passes %s on once, however often one press sends it", async (signal) => {
    await using project = await aSmallProject({ main: countsSignals });
    const launcher = start(project);
    await saysReady(launcher);
    // As Ctrl-C under npm: the terminal sends it to the whole group, and npm sends it again.
    launcher.kill(signal);
    launcher.kill(signal);
    expect(await text(launcher.stdout)).toBe(`${signal} 1\n`);
  });

  it("stops when npm's shell died of the signal that npm passed on to it", async () => {
    await using project = await aSmallProject({ main: countsSignals });
    const shell = spawn("sh", ["-c", `"${process.execPath}" "${project.launcher}"; true`], {
      env: { ...process.env, npm_command: "exec" },
      stdio: ["ignore", "pipe", "pipe"],
    });
    await saysReady(shell);
    shell.kill("SIGTERM");
    expect(await text(shell.stdout)).toBe("SIGTERM 1\n");
  });

  it("takes the command with it when it is killed", async () => {
    const module = fileURLToPath(new URL("../src/end-with-launcher.ts", import.meta.url));
    await using project = await aSmallProject({
      main: `import { endWithLauncher } from ${JSON.stringify(module)}; endWithLauncher(); ${countsSignals}`,
    });
    const launcher = start(project);
    await saysReady(launcher);
    launcher.kill("SIGKILL");
    expect(await text(launcher.stdout)).toBe("SIGTERM 1\n");
  });
});

/** A command that waits for signals, and tells half a second after the first how many came. */
const countsSignals = `
  let count = 0;
  const tell = (signal) => { console.log(signal, count); process.exit(); };
  for (const signal of ["SIGINT", "SIGTERM"]) {
    process.on(signal, () => { count += 1; setTimeout(tell, 500, signal); });
  }
  setInterval(() => undefined, 1_000);
  console.error("ready");
`;

interface LaunchOptions {
  readonly args?: readonly string[];
  readonly path?: string | undefined;
}

function start({ launcher }: SmallProject, { args = [], path = process.env["PATH"] }: LaunchOptions = {}) {
  return spawn(process.execPath, [launcher, ...args], {
    cwd: dirname(launcher),
    env: { ...process.env, PATH: path },
    stdio: ["ignore", "pipe", "pipe"],
  });
}

async function launch(project: SmallProject, options?: LaunchOptions) {
  const child = start(project, options);
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
  return { stdout, stderr, code: child.exitCode };
}

async function saysReady({ stderr }: ChildProcess): Promise<void> {
  let said = "";
  for await (const chunk of stderr ?? []) {
    said += String(chunk);
    if (said.includes("ready")) return;
  }
  throw new Error(`the command ended before it was ready: ${said}`);
}
