import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { isAlive, ServerProcess } from "#platform/embedded/server-process.ts";
import { eventually } from "#platform/testing/eventually.ts";
import { type RunningServer, Supervised } from "./supervised.ts";

describe("a supervised server", () => {
  let folder: string;
  let said: string[];
  let pids: (number | undefined)[];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "medport-supervised-"));
    [said, pids] = [[], []];
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  function startSleep(): Promise<RunningServer> {
    const process = new ServerProcess({
      command: "/bin/sleep",
      args: ["600"],
      cwd: folder,
      environment: {},
      logFile: join(folder, "log"),
    });
    const stop = (): Promise<void> => process.stop([{ signal: "SIGTERM", graceMs: 5_000 }]);
    return Promise.resolve({ pid: process.pid, exited: process.exited, stop });
  }

  function supervise(start: () => Promise<RunningServer>): Supervised<RunningServer> {
    const onPid = (pid: number | undefined): void => void pids.push(pid);
    return new Supervised({ title: "the clock", start, onPid, say: (sentence) => void said.push(sentence) });
  }

  it("is started again when it dies, and says so", async () => {
    const supervised = supervise(startSleep);
    const { pid } = await supervised.start();
    process.kill(pid, "SIGKILL");
    await eventually(() =>
      expect(said).toEqual(["the clock was ended by SIGKILL; starting it again", "the clock runs again"]),
    );
    expect(pids).toEqual([pid, undefined, expect.any(Number)]);
    await supervised.stop();
    expect(pids.filter((other) => other !== undefined).filter(isAlive)).toEqual([]);
  });

  it("is tried again when it cannot be started a second time", async () => {
    let starts = 0;
    const supervised = supervise(() => {
      starts += 1;
      return starts === 2 ? Promise.reject(new Error("the spring is broken")) : startSleep();
    });
    process.kill((await supervised.start()).pid, "SIGKILL");
    await eventually(() => expect(said.at(-1)).toBe("the clock runs again"));
    expect(said).toContain("the clock could not be started: the spring is broken; trying again");
    await supervised.stop();
  });

  it("stays down once it was stopped", async () => {
    const supervised = supervise(startSleep);
    const { pid } = await supervised.start();
    await supervised.stop();
    expect(isAlive(pid)).toBe(false);
    expect(said).toEqual([]);
  });

  it("can be stopped while it waits to be started again", async () => {
    const supervised = supervise(startSleep);
    process.kill((await supervised.start()).pid, "SIGKILL");
    await eventually(() => expect(said).toHaveLength(1));
    await supervised.stop();
    expect(pids.at(-1)).toBeUndefined();
  });

  it("hands on the error of its first start", async () => {
    await expect(supervise(() => Promise.reject(new Error("no spring"))).start()).rejects.toThrow("no spring");
  });
});
