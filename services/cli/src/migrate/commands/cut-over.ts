import { Command } from "commander";
import { TripsLeftBehind } from "../../../../migrator/src/cutover/cut-over.ts";
import { conclude, wordsOnOpenTrips } from "../conclude.ts";
import { type MoveAtWork, type MoveCommandOptions, withMove } from "../move-at-work.ts";
import { cutOverOnce, giveUpOnce } from "../mover.ts";
import { loadMoveParts } from "../load-parts.ts";

interface CutOverOptions extends MoveCommandOptions {
  readonly allowQuarantine?: boolean;
  readonly giveUp?: boolean;
}

/** `medport migrate cutover`: the old database becomes read-only, and the silos open. */
export function cutOverSubcommand(): Command {
  return new Command("cutover")
    .description("apply the last changes, make the old database read-only, verify, and open the silos")
    .option("--allow-quarantine", "switch although open trips are in quarantine")
    .option("--give-up", "after a switch that was killed half-way: let the old database take writes again")
    .option("--json", "print the report as data, and the progress to standard error")
    .action((options: CutOverOptions) =>
      withMove(options, async (move) => {
        if (options.giveUp) {
          await giveUpOnce(move);
          console.log("Nothing was switched: the old database takes writes.");
          return;
        }
        const { report, cutOver } = await switching(move, options.allowQuarantine ?? false);
        await conclude(move, report);
        move.progress.say(
          cutOver.wasDone
            ? "The switch had been done before."
            : `Switched. For ${cutOver.secondsWithoutWrites.toFixed(1)} s nobody could write to either side.`,
        );
      }),
    );
}

/** @throws Error that says what to do about open trips in quarantine. */
async function switching(move: MoveAtWork, mayLeaveBehind: boolean): ReturnType<typeof cutOverOnce> {
  try {
    return await cutOverOnce(await loadMoveParts(), move, mayLeaveBehind);
  } catch (error) {
    if (!(error instanceof TripsLeftBehind)) throw error;
    throw new Error(`Nothing was switched. ${wordsOnOpenTrips(error.count)}`, { cause: error });
  }
}
