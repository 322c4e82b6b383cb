import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { ConfigError } from "#platform/config/read-config.ts";
import { readMigrateSettings, readSourceSettings } from "./migrate-settings.ts";

const sourceUrl = "postgresql://old:secret@127.0.0.1:5431/medport";

describe("the settings of medport migrate", () => {
  let root: string;

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), "migrate-settings-"));
  });
  afterAll(async () => {
    await rm(root, { recursive: true });
  });

  async function problemsOf(environment: NodeJS.ProcessEnv, overridesFile?: string): Promise<readonly string[]> {
    const error: unknown = await readSourceSettings({ root, environment, overridesFile }).catch(
      (thrown: unknown) => thrown,
    );
    return error instanceof ConfigError ? error.problems : [];
  }

  it("are read from the environment and from .env", async () => {
    expect(await readSourceSettings({ root, environment: { LEGACY_DATABASE_URL: sourceUrl } })).toMatchObject({
      sourceUrl,
    });
    await writeFile(join(root, ".env"), `LEGACY_DATABASE_URL=${sourceUrl}\n`);
    expect(await readSourceSettings({ root, environment: {} })).toMatchObject({ sourceUrl });
    await rm(join(root, ".env"));
  });

  it("need no old database where none is looked at", async () => {
    expect((await readMigrateSettings({ root, environment: {} })).sourceUrl).toBeUndefined();
  });

  it("read the overrides", async () => {
    const overridesFile = join(root, "overrides.json");
    await writeFile(overridesFile, JSON.stringify({ users: { "Ann@Example.org": { type: "CENTER" } } }));
    const { overrides } = await readMigrateSettings({ root, environment: {}, overridesFile });
    expect([...overrides.users.keys()]).toEqual(["ann@example.org"]);
  });

  it("name all problems at once, and no secret", async () => {
    const overridesFile = join(root, "wrong.json");
    await writeFile(overridesFile, JSON.stringify({ users: { "a@b.example": { type: "NURSE" } }, people: {} }));
    const problems = await problemsOf({ HOSPITAL_PORT: "many", LEGACY_DATABASE_URL: "old:secret" }, overridesFile);
    expect(problems).toHaveLength(4);
    expect(problems.map((problem) => problem.split(" ", 1)[0])).toEqual([
      "HOSPITAL_PORT",
      "LEGACY_DATABASE_URL",
      "--overrides",
      "--overrides",
    ]);
    expect(problems.join("\n")).not.toContain("secret");
  });

  it("say what is missing, beside everything else", async () => {
    const problems = await problemsOf({ EMS_PORT: "-1" }, join(root, "nowhere.json"));
    expect(problems).toEqual([
      expect.stringContaining("EMS_PORT"),
      expect.stringMatching(/^LEGACY_DATABASE_URL .* is missing: set it, for instance to postgresql:/),
      expect.stringMatching(/nowhere.json cannot be read: ENOENT/),
    ]);
  });

  it("do not let a silo be its own source", async () => {
    const HOSPITAL_DATABASE_URL = "postgresql://hospital_app:secret@127.0.0.1:5431/medport";
    const [problem] = await problemsOf({ HOSPITAL_DATABASE_URL, LEGACY_DATABASE_URL: sourceUrl });
    expect(problem).toContain("the same database as HOSPITAL_DATABASE_URL");
  });
});
