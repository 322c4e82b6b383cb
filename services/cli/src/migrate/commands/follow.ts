import { Command } from "commander";
import { withMove } from "../move-at-work.ts";
import { followSilos } from "../mover.ts";

/** `medport migrate follow`: keeps the old database up to date after the switch, so that a rollback is short. */
export function followSubcommand(): Command {
  return new Command("follow")
    .description("after the switch: carry what is done in the silos back to the old database, until Ctrl-C")
    .action(() => withMove({}, followSilos));
}
