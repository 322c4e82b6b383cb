import { Command } from "commander";
import { projectRoot } from "../../project-root.ts";
import { archivedTableOf, printArchive } from "../archive.ts";
import { readMigrateSettings } from "../migrate-settings.ts";
import { commandProgress } from "../move-progress.ts";
import { wholeNumberFrom } from "../option-values.ts";
import { withSilos } from "../silos-at-hand.ts";

interface ArchiveOptions {
  readonly limit: number;
  readonly quarantined?: boolean;
  readonly yesShowPatientData?: boolean;
}

/** `medport migrate archive`: rows of the old database as they were, from the silo that keeps them. */
export function archiveSubcommand(): Command {
  return new Command("archive")
    .description("print rows of the old database as they were, one JSON object a line")
    .argument("<table>", "such as TransportRequest")
    .argument("[key]", "the row's id; for join tables both, with a blank between")
    .option("--limit <number>", "so many rows at most", wholeNumberFrom(1), 20)
    .option("--quarantined", "only those that wait in quarantine, each with its reason")
    .option("--yes-show-patient-data", "needed for tables of Hospital, whose audit log records it")
    .action(async (table: string, pk: string | undefined, options: ArchiveOptions) => {
      const isPatientDataWanted = options.yesShowPatientData ?? false;
      const isQuarantined = options.quarantined ?? false;
      const request = { table, pk, limit: options.limit, isQuarantined, isPatientDataWanted };
      // Before any server is started for it.
      archivedTableOf(request);
      const { mesh } = await readMigrateSettings({ root: projectRoot, environment: process.env });
      const silos = { root: projectRoot, settings: mesh, progress: commandProgress(true) };
      process.stdout.on("error", () => undefined);
      const shown = await withSilos(silos, ({ ownerUrls }) =>
        printArchive(ownerUrls, request, (line) => process.stdout.write(`${line}\n`)),
      );
      if (shown > 0) return;
      const words = isQuarantined ? "nothing in quarantine" : pk === undefined ? "no rows" : `no row ${pk}`;
      console.error(`${table} has ${words}.`);
      if (pk !== undefined) process.exitCode = 1;
    });
}
