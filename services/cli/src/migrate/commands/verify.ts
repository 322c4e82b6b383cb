import { Command } from "commander";
import { conclude, verdictOn } from "../conclude.ts";
import { type MoveCommandOptions, withMove } from "../move-at-work.ts";
import { verifyOnce } from "../mover.ts";
import { loadMoveParts } from "../load-parts.ts";

/** `medport migrate verify`: states the rules again and compares. Ends with 1 if anything differs. */
export function verifySubcommand(): Command {
  return new Command("verify")
    .description("state all rules again, in SQL over the old database, and compare every row with the silos")
    .option("--json", "print the report as data, and the progress to standard error")
    .action((options: MoveCommandOptions) =>
      withMove(options, async (move) => {
        const report = await verifyOnce(await loadMoveParts(), move);
        await conclude(move, report);
        // Whether trips wait in quarantine is not what was asked.
        const { code, words } = verdictOn(report, { allowQuarantine: true });
        if (words !== "") console.error(words);
        process.exitCode = code;
      }),
    );
}
