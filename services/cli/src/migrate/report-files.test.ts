import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { generateServiceKeys } from "#platform/auth/key-file.ts";
import { UntrustedReportError } from "../../../migrator/src/report/json.ts";
import { aReport } from "../../../migrator/src/report/report.builder.ts";
import { readSignedReport, type ReportKeyFiles, writeReport } from "./report-files.ts";

describe("the files of a report", () => {
  let folder: string;
  let keys: ReportKeyFiles;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "report-files-"));
    keys = await writeKeys(folder, "center");
  });
  afterEach(() => rm(folder, { recursive: true }));

  it("are four, for their owner alone, and the signed one says what the others say", async () => {
    const paths = await writeReport(aReport(), join(folder, "reports"), keys);
    expect(paths.map((path) => basename(path))).toEqual(["report.md", "report.html", "report.json", "report.jws"]);
    for (const path of paths) expect((await stat(path)).mode & 0o777).toBe(0o600);
    const { report, kid } = await readSignedReport(join(folder, "reports", "report.jws"), keys);
    expect(report).toEqual(JSON.parse(await readFile(join(folder, "reports", "report.json"), "utf8")));
    expect(kid).toMatch(/^center:/);
  });

  it("are replaced by those of a later report", async () => {
    await writeReport(aReport(), folder, keys);
    await writeReport(aReport({ quarantinedOpenTrips: 7 }), folder, keys);
    const { report } = await readSignedReport(join(folder, "report.jws"), keys);
    expect(report.quarantinedOpenTrips).toBe(7);
  });

  it("are not trusted when another mesh signed them", async () => {
    await writeReport(aReport(), folder, keys);
    const other = await writeKeys(await mkdtemp(join(folder, "other-")), "center");
    await expect(readSignedReport(join(folder, "report.jws"), other)).rejects.toThrow(UntrustedReportError);
  });

  it("are not signed by another service", async () => {
    const wrong = await writeKeys(folder, "ems");
    await expect(writeReport(aReport(), folder, wrong)).rejects.toThrow("not the key of the service center");
  });
});

async function writeKeys(folder: string, service: "center" | "ems"): Promise<ReportKeyFiles> {
  const { privateKeys, publicKeys } = await generateServiceKeys();
  const files = { privateKeyFile: join(folder, "key.json"), publicKeysFile: join(folder, "services.json") };
  await writeFile(files.privateKeyFile, privateKeys[service]);
  await writeFile(files.publicKeysFile, publicKeys);
  return files;
}
