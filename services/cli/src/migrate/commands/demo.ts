import { Command } from "commander";
import { isBalanced } from "../../../../migrator/src/report/report.ts";
import { reportText } from "../../../../migrator/src/report/text.ts";
import { projectRoot } from "../../project-root.ts";
import type { Kept, MigrateDemoOutcome } from "../demo.ts";
import { commandProgress } from "../move-progress.ts";
import { wholeNumberFrom } from "../option-values.ts";
import { loadMoveParts } from "../load-parts.ts";

interface DemoOptions {
  readonly trips: number;
  readonly json?: boolean;
  readonly keep?: boolean;
}

/** `medport migrate demo`: the whole move with made-up data, from an old database to a login with the old password. */
export function demoSubcommand(): Command {
  return new Command("demo")
    .description("show the whole move with made-up data, and leave nothing behind")
    .option("--trips <number>", "how many trips the old database has", wholeNumberFrom(1), 2_000)
    .option("--json", "print the result as one line of data, and the progress to standard error")
    .option("--keep", "leave the mesh running until Ctrl-C")
    .action(async ({ trips, json = false, keep = false }: DemoOptions) => {
      const { demonstrateMigration } = await import("../demo.ts");
      const progress = commandProgress(json);
      const where = {
        root: projectRoot,
        environment: process.env,
        progress,
        trips,
        json,
        parts: await loadMoveParts(),
      };
      const onKept = (kept: Kept): void => progress.say(keptText(kept));
      const outcome = await demonstrateMigration({ ...where, ...(keep && { onKept }) });
      console.log(json ? JSON.stringify(demoData(outcome)) : demoText(outcome));
      if (!isAsPromised(outcome)) process.exitCode = 1;
    });
}

/** What `--json` prints in one line. */
export function demoData({ report, cutOver, tripsRead, userType, seconds }: MigrateDemoOutcome): object {
  const { tables, verification, quarantinedOpenTrips, balanced } = report;
  return {
    tables,
    verified: verification?.verified ?? false,
    differences: verification?.differences ?? null,
    balanced,
    quarantinedOpenTrips,
    login: { userType, tripsRead },
    secondsWithoutWrites: cutOver.secondsWithoutWrites,
    seconds,
  };
}

/** Whether the demonstration showed what it is to show. */
export function isAsPromised({ report, tripsRead }: MigrateDemoOutcome): boolean {
  return report.tables.every(isBalanced) && report.verification?.verified === true && tripsRead > 0;
}

function demoText({ report, cutOver, tripsRead, userType, seconds }: MigrateDemoOutcome): string {
  return [
    "",
    reportText(report),
    "",
    `For ${cutOver.secondsWithoutWrites.toFixed(1)} s nobody could write to either side.`,
    `A person of type ${userType} logged in with the password of before and read ${tripsRead} trips.`,
    `All of it took ${seconds.toFixed(0)} s, and nothing of it is left.`,
  ].join("\n");
}

function keptText({ addresses, login, sourceUrl }: Kept): string {
  const services = Object.entries(addresses).map(([service, address]) => `  ${service.padEnd(10)}${address}`);
  return [
    "The mesh stays until Ctrl-C:",
    ...services,
    `  log in as ${login.email} with the password ${login.password}`,
    `  the old database: ${sourceUrl}`,
  ].join("\n");
}
