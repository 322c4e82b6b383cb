import { Command } from "commander";
import { checkSource, sourceProblemsText } from "../../../../migrator/src/plan/check-source.ts";
import { planMarkdown, planText } from "../../../../migrator/src/plan/plan-text.ts";
import { plan } from "../../../../migrator/src/plan/plan.ts";
import { projectRoot } from "../../project-root.ts";
import { readMigrateSettings } from "../migrate-settings.ts";
import { withClient } from "../with-client.ts";

interface PlanOptions {
  readonly json?: boolean;
  readonly markdown?: boolean;
}

/** `medport migrate plan`: what becomes of every table and column; with LEGACY_DATABASE_URL, whether it fits. */
export function planSubcommand(): Command {
  return new Command("plan")
    .description("tell what becomes of every table and column, and whether LEGACY_DATABASE_URL is what it was made for")
    .option("--json", "print it as data")
    .option("--markdown", "print it as Markdown, with every column")
    .action(async ({ json = false, markdown = false }: PlanOptions) => {
      const { sourceUrl } = await readMigrateSettings({ root: projectRoot, environment: process.env });
      const problems =
        sourceUrl === undefined ? undefined : await withClient("the old database", sourceUrl, checkSource);
      if (json) console.log(JSON.stringify({ tables: plan, problems: problems ?? null }));
      else console.log(markdown ? planMarkdown() : planText());
      if (problems === undefined)
        console.error("LEGACY_DATABASE_URL is not set: no database was compared with the plan.");
      else if (problems.length === 0) console.error("The old database is what the plan was made for.");
      else throw new Error(sourceProblemsText(problems));
    });
}
