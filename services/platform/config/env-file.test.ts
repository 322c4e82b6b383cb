import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { withEnvFile } from "./env-file.ts";

describe("the .env file", () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "medport-env-"));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it("adds to the environment and never overrules it", async () => {
    const path = join(folder, ".env");
    await writeFile(path, 'HOSPITAL_PORT=1111\n# a comment\nEMS_PORT="2222"\n');
    expect(await withEnvFile({ HOSPITAL_PORT: "3333" }, path)).toEqual({ HOSPITAL_PORT: "3333", EMS_PORT: "2222" });
  });

  it("may be absent", async () => {
    expect(await withEnvFile({ A: "b" }, join(folder, ".env"))).toEqual({ A: "b" });
  });
});
