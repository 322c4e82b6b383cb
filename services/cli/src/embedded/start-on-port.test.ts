import { describe, expect, it } from "@jest/globals";
import { freePort, PortTakenError } from "#platform/embedded/free-port.ts";
import type { PortWish } from "./choose-ports.ts";
import { startOnPort } from "./start-on-port.ts";
import { type RunningServer, Supervised } from "./supervised.ts";

const server: RunningServer = { pid: 1, exited: new Promise(() => undefined), stop: () => Promise.resolve() };

interface Attempt {
  readonly ports: number[];
  readonly moves: string[];
}

/** Starts a server whose first port is taken by somebody between the look and the start. */
async function startTooLate(wish: PortWish): Promise<Attempt> {
  const [ports, moves]: [number[], string[]] = [[], []];
  await startOnPort({
    wish,
    port: wish.port,
    onMoved: (_port, note) => void moves.push(note),
    supervise: (port) =>
      new Supervised({
        title: "EMS's database",
        onPid: () => undefined,
        say: () => undefined,
        start: () => {
          ports.push(port);
          return ports.length === 1 ? Promise.reject(new PortTakenError(port, "PostgreSQL")) : Promise.resolve(server);
        },
      }),
  });
  return { ports, moves };
}

describe("a server whose port was taken since we looked", () => {
  it("starts on another port, and says so", async () => {
    const port = await freePort();
    const wish = { server: "EMS's database", variable: "EMS_DATABASE_PORT", port, asked: false };
    const { ports, moves } = await startTooLate(wish);
    expect(ports).toHaveLength(2);
    expect(moves).toEqual([`${port} is taken, EMS's database listens on ${ports[1]}`]);
  });

  it("does not start when that very port was asked for", async () => {
    const port = await freePort();
    const wish = { server: "EMS's database", variable: "EMS_DATABASE_PORT", port, asked: true };
    await expect(startTooLate(wish)).rejects.toThrow(`EMS_DATABASE_PORT=${port}`);
  });
});
