import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { findNatsServer, isAtLeast } from "./nats-binary.ts";

describe("finding nats-server", () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp("/tmp/medport-bin-");
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  async function pretend(name: string, version: string): Promise<string> {
    const path = join(folder, name);
    await writeFile(path, `#!/bin/sh\necho "nats-server: v${version}"\n`);
    await chmod(path, 0o755);
    return path;
  }

  it("takes the one that NATS_SERVER_BIN names before all others", async () => {
    await pretend("nats-server", "2.9.10");
    const named = await pretend("my-nats", "2.11.4");
    const binary = await findNatsServer({ environment: { NATS_SERVER_BIN: named, PATH: folder } });
    expect(binary).toEqual({ path: named, version: "2.11.4" });
  });

  it("takes the one on the PATH before the cache", async () => {
    const onPath = await pretend("nats-server", "2.9.10");
    expect(await findNatsServer({ environment: { PATH: `/nowhere:${folder}` } })).toEqual({
      path: onPath,
      version: "2.9.10",
    });
  });

  it("says so when what NATS_SERVER_BIN names cannot be run", async () => {
    await expect(findNatsServer({ environment: { NATS_SERVER_BIN: join(folder, "none") } })).rejects.toThrow(
      "is not a nats-server that can be run",
    );
  });

  it("compares versions by number and not by letter", () => {
    expect(isAtLeast("2.10.27", "2.9.10")).toBe(true);
    expect(isAtLeast("2.9.10", "2.10.0")).toBe(false);
    expect(isAtLeast("2.10.0", "2.10.0")).toBe(true);
  });
});
