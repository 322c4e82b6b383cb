import { Command } from "commander";
import { reportJson } from "../../../../migrator/src/report/json.ts";
import { reportText } from "../../../../migrator/src/report/text.ts";
import { meshFolderOf } from "../../embedded/open-mesh.ts";
import { projectRoot } from "../../project-root.ts";
import { conclude } from "../conclude.ts";
import { readMigrateSettings } from "../migrate-settings.ts";
import { withMove } from "../move-at-work.ts";
import { readMoveReport } from "../move-report.ts";
import { loadMoveParts } from "../load-parts.ts";
import { readSignedReport } from "../report-files.ts";
import { reportKeyFiles } from "../silos-at-hand.ts";

interface ReportOptions {
  readonly json?: boolean;
  readonly check?: string;
}

/** `medport migrate report`: writes the report anew, or checks a signed one. */
export function reportSubcommand(): Command {
  return new Command("report")
    .description("write the report anew: Markdown, HTML, JSON, and signed")
    .option("--json", "print it as data")
    .option("--check <file>", "check the signature of a report.jws by the mesh's keys, and print what it says")
    .action(async ({ json = false, check }: ReportOptions) => {
      if (check !== undefined) await checkReport(check, json);
      else await withMove({ json }, async (move) => conclude(move, await readMoveReport(await loadMoveParts(), move)));
    });
}

async function checkReport(file: string, json: boolean): Promise<void> {
  const { mesh } = await readMigrateSettings({ root: projectRoot, environment: process.env });
  const keys = await reportKeyFiles(mesh, await meshFolderOf(projectRoot, mesh));
  const { report, kid } = await readSignedReport(file, keys);
  console.log(json ? reportJson(report).trimEnd() : reportText(report));
  console.error(`Signed by ${kid}, as it stands here.`);
}
