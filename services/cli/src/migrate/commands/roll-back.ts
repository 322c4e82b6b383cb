import { Command } from "commander";
import { conclude } from "../conclude.ts";
import { type MoveCommandOptions, withMove } from "../move-at-work.ts";
import { rollBackOnce } from "../mover.ts";
import { loadMoveParts } from "../load-parts.ts";

interface RollBackOptions extends MoveCommandOptions {
  readonly allowProblems?: boolean;
}

/** `medport migrate rollback`: people go on with the old database, which gets what was done in the silos. */
export function rollBackSubcommand(): Command {
  return new Command("rollback")
    .description("close the silos, carry over what was done in them, and let the old database take writes again")
    .option("--allow-problems", "lose what the old database does not take, instead of refusing to go back")
    .option("--json", "print the report as data, and the progress to standard error")
    .action((options: RollBackOptions) =>
      withMove(options, async (move) => {
        const { report, rollBack } = await rollBackOnce(await loadMoveParts(), move, options.allowProblems ?? false);
        await conclude(move, report);
        move.progress.say(
          `The old database takes writes again, with ${rollBack.compared} rows that were changed since the switch. ` +
            `For ${rollBack.secondsWithoutWrites.toFixed(1)} s nobody could write to either side.`,
        );
      }),
    );
}
