import { spawn } from "node:child_process";
import { closeSync, openSync, readFileSync, statSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { logFile, makeMeshFolder, type MeshFolder, rotateLog } from "./mesh-folder.ts";
import { findLockHolder } from "./mesh-lock.ts";
import { readSampleRegionRecord } from "./mesh-secrets.ts";
import { type MeshSettings, readMeshSettings } from "./mesh-settings.ts";
import { readMeshState } from "./mesh-state.ts";
import { askMesh, findMesh } from "./mesh-status.ts";
import { meshTable } from "./mesh-table.ts";
import { meshFolderOf } from "./open-mesh.ts";
import type { Progress } from "./progress.ts";
import { startMesh } from "./start-mesh.ts";
import { MeshBusyError, underMeshLock, untilAborted } from "./under-lock.ts";

export interface UpOptions {
  readonly root: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly progress: Progress;
  /** True where no terminal is, whose Ctrl-C could end it. */
  readonly inBackground?: boolean;
}

/**
 * Starts the mesh, prints where everything is, and keeps it running until a signal ends it. One that already runs is
 * only shown.
 */
export async function up({ root, environment, progress, inBackground = false }: UpOptions): Promise<void> {
  const settings = await readMeshSettings(root, environment);
  const folder = await meshFolderOf(root, settings);
  try {
    await underMeshLock(folder, async (signal) => {
      const mesh = await startMesh({ root, settings, progress, signal });
      const ready = inBackground ? "MedPort is ready." : "MedPort is ready. Ctrl-C stops it.";
      progress.say(`\n${await tableOf(settings, folder)}\n\n${ready}`);
      mesh.announce();
      await untilAborted(signal);
      await progress.step("Stopping", async () => ({ value: await mesh.stop() }));
    });
  } catch (error) {
    if (!(error instanceof MeshBusyError)) throw error;
    await showRunning(error.holder, settings, folder, progress);
  }
}

/**
 * Starts the mesh in a process of its own, and returns when it is ready.
 * @param command the program and its arguments that run `up` as in the background.
 * @throws Error if it ends before it is ready; what it said has been printed.
 */
export async function upDetached(
  { root, environment, progress }: UpOptions,
  [program, ...args]: readonly [string, ...string[]],
): Promise<void> {
  const settings = await readMeshSettings(root, environment);
  const folder = await meshFolderOf(root, settings);
  const holder = await findLockHolder(folder);
  if (holder !== undefined) return showRunning(holder, settings, folder, progress);
  await makeMeshFolder(folder);
  const log = logFile(folder, "up");
  await rotateLog(log);
  const output = openSync(log, "a", 0o600);
  const start = statSync(log).size;
  const child = spawn(program, args, {
    cwd: root,
    env: environment,
    detached: true,
    stdio: ["ignore", output, output],
  });
  closeSync(output);
  const ended = new Promise<never>((_, reject) => {
    child.once("error", reject);
    child.once("exit", () => reject(new Error(`it ended before it was ready; its log is ${log}`)));
  });
  // What is already in the log when it ends is worth more than the news that it ended.
  const show = printerOf(log, start, progress);
  const waiting = new AbortController();
  try {
    await Promise.race([ended, untilReady(folder, child.pid ?? 0, show, waiting.signal)]);
  } finally {
    // Else the waiting goes on, and this process with it, when the other one has ended.
    waiting.abort();
    show();
  }
  child.unref();
  progress.say(`It runs in the background (process ${child.pid}); "npx medport down" stops it. Its log is ${log}`);
}

async function untilReady(folder: MeshFolder, pid: number, show: () => void, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const state = await readMeshState(folder);
    if (state?.pid === pid && state.phase === "ready") return;
    await sleep(100);
    show();
  }
}

/** A function that prints what has been added to a file since it was last called. */
function printerOf(path: string, start: number, progress: Progress): () => void {
  let printed = start;
  return () => {
    const added = readFileSync(path).subarray(printed);
    printed += added.length;
    if (added.length > 0) progress.say(added.toString("utf8").trimEnd());
  };
}

async function showRunning(
  holder: number,
  settings: MeshSettings,
  folder: MeshFolder,
  progress: Progress,
): Promise<void> {
  progress.say(`MedPort already runs (process ${holder}); "npx medport down" stops it.`);
  while ((await readMeshState(folder))?.phase !== "ready") {
    if ((await findLockHolder(folder)) !== holder) throw new Error(`process ${holder} ended before it was ready`);
    await sleep(200);
  }
  progress.say(`\n${await tableOf(settings, folder)}`);
}

/** The table of the mesh in this folder. */
async function tableOf(settings: MeshSettings, folder: MeshFolder): Promise<string> {
  const [state, region, status] = await Promise.all([
    readMeshState(folder),
    readSampleRegionRecord(folder),
    askMesh(await findMesh(settings, folder)),
  ]);
  return meshTable({ status, accounts: region?.accounts ?? [], notes: state?.notes ?? [] });
}
