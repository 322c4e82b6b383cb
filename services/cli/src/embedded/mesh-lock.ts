import { createHash } from "node:crypto";
import { connect, createServer } from "node:net";
import type { MeshFolder } from "./mesh-folder.ts";

/** The right to start and stop the servers of a folder. The kernel takes it back when its holder dies. */
export interface MeshLock {
  release(): Promise<void>;
}

/**
 * Takes the lock of a folder.
 * @returns undefined if another process holds it.
 */
export function takeMeshLock(folder: MeshFolder): Promise<MeshLock | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => {
      // A visitor that hangs up early is no concern of ours.
      socket.on("error", () => undefined);
      socket.end(String(process.pid));
    });
    server.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EADDRINUSE") resolve(undefined);
      else reject(error);
    });
    server.listen(addressOf(folder), () => {
      resolve({ release: () => new Promise((done) => server.close(() => done())) });
    });
  });
}

/** The process id of the lock's holder; undefined when nobody holds it. */
export function findLockHolder(folder: MeshFolder): Promise<number | undefined> {
  return new Promise((resolve) => {
    const socket = connect(addressOf(folder));
    let text = "";
    socket.setEncoding("utf8");
    socket.on("data", (chunk: string) => {
      text += chunk;
    });
    socket.on("error", () => resolve(undefined));
    socket.on("close", () => resolve(text === "" ? undefined : Number(text)));
  });
}

/** A socket that exists only in the kernel's memory, so that a crash leaves no file that says "locked". */
function addressOf(folder: MeshFolder): string {
  return `\0medport-${createHash("sha256").update(folder.path).digest("hex").slice(0, 32)}`;
}
