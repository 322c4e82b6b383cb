import { join } from "node:path";
import { reportJson } from "../../../migrator/src/report/json.ts";
import type { MoveReport } from "../../../migrator/src/report/report.ts";
import { reportText } from "../../../migrator/src/report/text.ts";
import type { MoveAtWork } from "./move-at-work.ts";
import { writeReport } from "./report-files.ts";
import { reportKeyFiles } from "./silos-at-hand.ts";

/** Where reports are written, below the folder of everything embedded. */
export const reportFolderName = "reports";

/** How a command of the move ends. */
export const exitCodes = { done: 0, failed: 1, openTripsInQuarantine: 2 } as const;

/** Writes the report's files, prints it, and says what to do next. */
export async function conclude(
  { settings, folder, json, progress }: Pick<MoveAtWork, "settings" | "folder" | "json" | "progress">,
  report: MoveReport,
  { isDryRun = false }: { readonly isDryRun?: boolean } = {},
): Promise<void> {
  const keys = await reportKeyFiles(settings.mesh, folder);
  const paths = await writeReport(report, join(folder.path, reportFolderName, ...(isDryRun ? ["dry-run"] : [])), keys);
  console.log(json ? reportJson(report).trimEnd() : `\n${reportText(report)}\n`);
  progress.say(`The whole report: ${paths.join(", ")}`);
}

/** What to do about trips under way that wait in quarantine. */
export function wordsOnOpenTrips(count: number, command = "retry"): string {
  return (
    `${count === 1 ? "1 open trip waits" : `${count} open trips wait`} in quarantine. Correct them in the old database and call ` +
    `"npx medport migrate ${command}", or say --allow-quarantine.`
  );
}

/** The exit code by what the report says, with the words for people where it is not 0. */
export function verdictOn(
  report: Pick<MoveReport, "balanced" | "quarantinedOpenTrips" | "verification">,
  { allowQuarantine, isDryRun = false }: { readonly allowQuarantine: boolean; readonly isDryRun?: boolean },
): { readonly code: number; readonly words: string } {
  if (!report.balanced) {
    const words =
      'Not every row is accounted for. "npx medport migrate verify" tells which rows, "npx medport migrate run" moves them anew; ' +
      "if it stays so, it is an error of ours.";
    return { code: exitCodes.failed, words };
  }
  if (report.verification?.verified === false) {
    const words =
      'The silos differ from what the old database says. "npx medport migrate run" moves the rows that differ anew; then verify again.';
    return { code: exitCodes.failed, words };
  }
  if (report.quarantinedOpenTrips > 0 && !allowQuarantine) {
    const words = wordsOnOpenTrips(report.quarantinedOpenTrips, isDryRun ? "run --dry-run" : "retry");
    return { code: exitCodes.openTripsInQuarantine, words };
  }
  return { code: exitCodes.done, words: "" };
}
