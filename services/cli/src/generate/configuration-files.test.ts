import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { findNatsServer } from "#platform/embedded/nats-binary.ts";
import { writeContainerSecrets } from "../embedded/container-secrets.ts";
import { projectRoot } from "../project-root.ts";
import { configurationFiles } from "./configuration-files.ts";

describe("the committed configuration files", () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "medport-configuration-"));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it.each(Object.entries(configurationFiles()))("%s is what npm run generate makes", async (path, text) => {
    expect(await readFile(join(projectRoot, path), "utf8")).toBe(text);
  });

  it("are understood by nats-server, with the passwords of the containers", async () => {
    await writeContainerSecrets(folder);
    const etc = join(folder, "etc");
    await mkdir(etc);
    await cp(join(folder, "broker"), join(etc, "secrets"), { recursive: true });
    await cp(join(projectRoot, "deploy/broker/nats-server.conf"), join(etc, "nats-server.conf"));
    const { path } = await findNatsServer({ environment: process.env });
    // -t: only read the configuration, and fail when something in it is wrong or a variable is not there.
    const { stderr } = await promisify(execFile)(path, ["-t", "-c", join(etc, "nats-server.conf")]);
    expect(stderr).toContain("is valid");
  });
});
