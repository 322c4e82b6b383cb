import { setTimeout as sleep } from "node:timers/promises";
import { isAlive } from "#platform/embedded/server-process.ts";
import { stopLeftovers } from "./leftovers.ts";
import type { MeshFolder } from "./mesh-folder.ts";
import { findLockHolder } from "./mesh-lock.ts";

/** So long a clean stop may take: services drain their calls, databases write their checkpoints. */
const cleanStopMs = 90_000;

/**
 * Stops the mesh of this folder, wherever it was started: asks the process that watches over it, and ends what still
 * runs without one.
 * @returns the process id of the one that was asked; undefined if nobody watched over anything.
 */
export async function stopMesh(folder: MeshFolder): Promise<number | undefined> {
  const holder = await findLockHolder(folder);
  if (holder !== undefined) {
    process.kill(holder, "SIGTERM");
    const deadline = performance.now() + cleanStopMs;
    while (isAlive(holder) && (await findLockHolder(folder)) === holder) {
      // Not in our power to wait for ever: what it leaves is stopped below.
      if (performance.now() > deadline) process.kill(holder, "SIGKILL");
      await sleep(50);
    }
  }
  await stopLeftovers(folder);
  return holder;
}
