import { Command } from "commander";
import { archiveSubcommand } from "../migrate/commands/archive.ts";
import { cutOverSubcommand } from "../migrate/commands/cut-over.ts";
import { demoSubcommand } from "../migrate/commands/demo.ts";
import { planSubcommand } from "../migrate/commands/plan.ts";
import { reportSubcommand } from "../migrate/commands/report.ts";
import { followSubcommand } from "../migrate/commands/follow.ts";
import { retrySubcommand } from "../migrate/commands/retry.ts";
import { rollBackSubcommand } from "../migrate/commands/roll-back.ts";
import { runSubcommand } from "../migrate/commands/run.ts";
import { statusSubcommand } from "../migrate/commands/status.ts";
import { verifySubcommand } from "../migrate/commands/verify.ts";

/** `medport migrate`: moves an old MedPort database into the three silos. docs/migration.md tells how. */
export function migrateCommand(): Command {
  return new Command("migrate")
    .description("move an old MedPort database into the three silos")
    .addCommand(planSubcommand())
    .addCommand(runSubcommand())
    .addCommand(verifySubcommand())
    .addCommand(statusSubcommand())
    .addCommand(cutOverSubcommand())
    .addCommand(followSubcommand())
    .addCommand(rollBackSubcommand())
    .addCommand(reportSubcommand())
    .addCommand(retrySubcommand())
    .addCommand(archiveSubcommand())
    .addCommand(demoSubcommand());
}
