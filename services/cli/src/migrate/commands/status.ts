import { Command } from "commander";
import { withoutSource } from "../move-at-work.ts";
import { moveStateText, readMoveState } from "../move-state.ts";
import { loadMoveParts } from "../load-parts.ts";

interface StatusOptions {
  readonly json?: boolean;
}

/** `medport migrate status`: where the move stands. */
export function statusSubcommand(): Command {
  return new Command("status")
    .description("tell where the move stands, and what comes next")
    .option("--json", "print it as data")
    .action(({ json = false }: StatusOptions) =>
      withoutSource({ json }, async (move) => {
        const state = await readMoveState(await loadMoveParts(), move);
        console.log(json ? JSON.stringify(state) : moveStateText(state));
      }),
    );
}
