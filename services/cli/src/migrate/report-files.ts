import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { readServiceKeyFile, readServicePublicKeysFile } from "#platform/auth/key-file.ts";
import { reportHtml } from "../../../migrator/src/report/html.ts";
import { reportJson, signReport, verifyReport } from "../../../migrator/src/report/json.ts";
import { reportMarkdown } from "../../../migrator/src/report/markdown.ts";
import type { MoveReport } from "../../../migrator/src/report/report.ts";
import { writePrivateFile } from "../embedded/mesh-folder.ts";

/** The files of the key that signs reports, and of those by which they are checked. */
export interface ReportKeyFiles {
  /** Center's own key as a service. */
  readonly privateKeyFile: string;
  /** The public keys of all services. */
  readonly publicKeysFile: string;
}

/**
 * Writes the report as Markdown, HTML, JSON, and signed (`report.jws`), each as a whole or not at all.
 * @returns the paths.
 */
export async function writeReport(
  report: MoveReport,
  folder: string,
  { privateKeyFile }: ReportKeyFiles,
): Promise<readonly string[]> {
  const signed = await signReport(report, await readServiceKeyFile(privateKeyFile, "center"));
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const texts = {
    "report.md": reportMarkdown(report),
    "report.html": reportHtml(report),
    "report.json": reportJson(report),
    "report.jws": `${signed}\n`,
  };
  const paths: string[] = [];
  for (const [name, text] of Object.entries(texts)) {
    const path = join(folder, name);
    await writePrivateFile(path, text);
    paths.push(path);
  }
  return paths;
}

/**
 * Checks a signed report by Center's public keys.
 * @throws UntrustedReportError if none of them signed it as it is.
 */
export async function readSignedReport(
  path: string,
  { publicKeysFile }: ReportKeyFiles,
): Promise<{ readonly report: MoveReport; readonly kid: string }> {
  const keys = await readServicePublicKeysFile(publicKeysFile);
  return verifyReport(
    await readFile(path, "utf8"),
    keys.filter(({ service }) => service === "center"),
  );
}
