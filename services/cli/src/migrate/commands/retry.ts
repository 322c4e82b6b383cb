import { Command } from "commander";
import { conclude, verdictOn } from "../conclude.ts";
import { type MoveCommandOptions, withMove } from "../move-at-work.ts";
import { retryOnce } from "../mover.ts";
import { loadMoveParts } from "../load-parts.ts";

interface RetryOptions extends MoveCommandOptions {
  readonly allowQuarantine?: boolean;
}

/** `medport migrate retry`: moves once more what is in quarantine, after somebody has corrected it. */
export function retrySubcommand(): Command {
  return new Command("retry")
    .description("move once more what waits in quarantine, as the old database has it now")
    .option("--overrides <file>", "what you know better than the rules (JSON)")
    .option("--allow-quarantine", "end with 0 although open trips are in quarantine")
    .option("--json", "print the report as data, and the progress to standard error")
    .action((options: RetryOptions) =>
      withMove(options, async (move) => {
        const report = await retryOnce(
          await loadMoveParts(),
          move,
          options.overrides === undefined ? undefined : move.settings.overrides,
        );
        await conclude(move, report);
        const { code, words } = verdictOn(report, { allowQuarantine: options.allowQuarantine ?? false });
        if (words !== "") console.error(words);
        process.exitCode = code;
      }),
    );
}
