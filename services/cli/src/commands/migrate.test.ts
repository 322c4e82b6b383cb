import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { Client } from "pg";
import { generateServiceKeys, readServiceKeyFile } from "#platform/auth/key-file.ts";
import { startTestPostgres } from "#platform/testing/test-postgres.ts";
import { createLegacySchema } from "../../../migrator/src/legacy/legacy-schema.ts";
import { signReport } from "../../../migrator/src/report/json.ts";
import { aReport } from "../../../migrator/src/report/report.builder.ts";
import { projectRoot } from "../project-root.ts";

interface Outcome {
  readonly code: number;
  readonly output: string;
  readonly errors: string;
}

describe("medport migrate, before anything is moved", () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "medport-migrate-"));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  function migrate(settings: Readonly<Record<string, string>>, ...args: readonly string[]): Promise<Outcome> {
    const { PATH, HOME } = process.env;
    const environment = { PATH, HOME, MEDPORT_FOLDER: join(folder, "mesh"), ...settings };
    return new Promise((resolve) => {
      execFile(
        process.execPath,
        [join(projectRoot, "services/cli/src/main.ts"), "migrate", ...args],
        { env: environment, maxBuffer: 10_000_000 },
        (error, output, errors) => resolve({ code: Number(error?.code ?? 0), output, errors }),
      ).stdin?.end();
    });
  }

  it("tells the plan, and compares it with a database that there is", async () => {
    await using postgres = await startTestPostgres();
    const { ownerUrl } = await postgres.createDatabase("old");
    const client = new Client({ connectionString: ownerUrl });
    await client.connect();
    await createLegacySchema(client);
    const right = await migrate({ LEGACY_DATABASE_URL: ownerUrl }, "plan");
    await client.query('create table "Invoice" (id text primary key)');
    await client.end();
    const wrong = await migrate({ LEGACY_DATABASE_URL: ownerUrl }, "plan");
    expect(right).toMatchObject({ code: 0, output: expect.stringContaining("38 tables with 520 columns") });
    expect(right.errors).toContain("is what the plan was made for");
    expect(wrong).toMatchObject({ code: 1, errors: expect.stringContaining("TABLE_UNKNOWN: nobody has decided") });
  });

  it.each(["run", "verify", "cutover", "rollback", "retry"])(
    "%s names all wrong settings at once, and starts nothing",
    async (command) => {
      const { code, errors } = await migrate({ EMS_PORT: "many", CENTER_DATABASE_PORT: "-1" }, command);
      expect(code).toBe(1);
      expect(errors).toContain("LEGACY_DATABASE_URL (the old MedPort database");
      expect(errors).toContain("EMS_PORT");
      expect(errors).toContain("CENTER_DATABASE_PORT");
    },
  );

  it("refuses options that make no sense", async () => {
    expect(await migrate({}, "run", "--role-policy", "chance")).toMatchObject({ code: 1 });
    expect((await migrate({}, "run", "--max-quarantine", "some")).errors).toContain("0.1%");
  });

  it("shows no patient's data to whoever has not asked for them", async () => {
    const { code, output, errors } = await migrate({}, "archive", "TransportRequest");
    expect({ code, output }).toEqual({ code: 1, output: "" });
    expect(errors).toContain("--yes-show-patient-data");
  });

  it("checks a signed report by the mesh's keys", async () => {
    const { privateKeys, publicKeys } = await generateServiceKeys();
    const files = {
      CENTER_SERVICE_KEY_FILE: join(folder, "center.json"),
      SERVICE_PUBLIC_KEYS_FILE: join(folder, "services.json"),
    };
    await writeFile(files.CENTER_SERVICE_KEY_FILE, privateKeys.center);
    await writeFile(files.SERVICE_PUBLIC_KEYS_FILE, publicKeys);
    const report = join(folder, "report.jws");
    await writeFile(
      report,
      await signReport(aReport(), await readServiceKeyFile(files.CENTER_SERVICE_KEY_FILE, "center")),
    );
    const good = await migrate(files, "report", "--check", report);
    expect(good).toMatchObject({ code: 0, output: expect.stringContaining("Read 1,510 rows") });
    expect(good.errors).toContain("Signed by center:");
    const [head, body = "", signature] = (await readFile(report, "utf8")).split(".");
    await writeFile(report, [head, `${body.slice(0, -4)}AAAA`, signature].join("."));
    expect(await migrate(files, "report", "--check", report)).toMatchObject({
      code: 1,
      output: "",
      errors: expect.stringContaining("cannot be trusted"),
    });
  });
});
