import type { MeshFolder } from "./mesh-folder.ts";
import { findLockHolder, takeMeshLock } from "./mesh-lock.ts";

/** Another process starts, runs or stops the servers of this folder. */
export class MeshBusyError extends Error {
  readonly holder: number;

  constructor(holder: number) {
    super(`MedPort already runs (process ${holder}); "npx medport down" stops it`);
    this.name = "MeshBusyError";
    this.holder = holder;
  }
}

/**
 * Does work that only one process may do at a time.
 * @param work gets a signal that is aborted by Ctrl-C, SIGTERM or the end of the terminal.
 * @throws MeshBusyError if another process is at it.
 */
export async function underMeshLock<T>(folder: MeshFolder, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const lock = await takeMeshLock(folder);
  if (!lock) throw new MeshBusyError((await findLockHolder(folder)) ?? 0);
  const stop = new AbortController();
  const onSignal = (): void => stop.abort(new StoppedError());
  for (const signal of stopSignals) process.on(signal, onSignal);
  try {
    return await work(stop.signal);
  } finally {
    for (const signal of stopSignals) process.off(signal, onSignal);
    await lock.release();
  }
}

/** Somebody ended the work before it was done. */
export class StoppedError extends Error {
  constructor() {
    super("stopped before it was done");
    this.name = "StoppedError";
  }
}

/** Resolves when the signal is aborted. */
export function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}

const stopSignals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
