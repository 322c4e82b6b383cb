import { Command, Option } from "commander";
import { conclude, verdictOn } from "../conclude.ts";
import { type MoveCommandOptions, withMove } from "../move-at-work.ts";
import { runOnce } from "../mover.ts";
import { loadMoveParts } from "../load-parts.ts";
import { shareFrom } from "../option-values.ts";

interface RunCommandOptions extends MoveCommandOptions {
  readonly dryRun?: boolean;
  readonly rolePolicy: "evidence" | "guide";
  readonly strict?: boolean;
  readonly allowQuarantine?: boolean;
  readonly maxQuarantine?: number;
}

/** `medport migrate run`: copies everything. Ends with 2 if open trips had to be left behind. */
export function runSubcommand(): Command {
  return new Command("run")
    .description("copy everything into the silos; goes on where it stopped, and may be repeated")
    .option("--dry-run", "only find out what would be")
    .option("--overrides <file>", "what you know better than the rules (JSON)")
    .addOption(
      new Option("--role-policy <policy>", "how people's types are found")
        .choices(["evidence", "guide"])
        .default("evidence"),
    )
    .option("--strict", "switch off accounts that got Center because nothing else is known of them")
    .option("--allow-quarantine", "end with 0 although open trips are in quarantine")
    .option(
      "--max-quarantine <share>",
      "stop when more rows than this cannot be moved; a hundred always may (default: 0.1%)",
      shareFrom,
    )
    .option("--json", "print the report as data, and the progress to standard error")
    .action((options: RunCommandOptions) =>
      withMove(options, async (move) => {
        const { dryRun = false, rolePolicy, strict = false, maxQuarantine = 0.001, allowQuarantine = false } = options;
        const report = await runOnce(await loadMoveParts(), move, {
          ...{ dryRun, rolePolicy, strict, maxQuarantine },
          overrides: options.overrides === undefined ? undefined : move.settings.overrides,
        });
        await conclude(move, report, { isDryRun: dryRun });
        const { code, words } = verdictOn(report, { allowQuarantine, isDryRun: dryRun });
        if (words !== "") console.error(words);
        process.exitCode = code;
      }),
    );
}
