import { Command } from "commander";
import { runChecks } from "../checks/checks.ts";
import { projectRoot } from "../project-root.ts";

/** `medport check`: everything that must hold for a commit beside the tests, all failures reported at once. */
export function checkCommand(): Command {
  return new Command("check").description("check types, lint, format, generated code and protos").action(async () => {
    const verdicts = await runChecks(projectRoot);
    for (const { name, ok, durationMs, output } of verdicts) {
      console.log(`${ok ? "ok  " : "FAIL"}  ${name.padEnd(20)} ${(durationMs / 1_000).toFixed(1).padStart(5)} s`);
      if (!ok) console.log(`${indent(output)}\n`);
    }
    const failed = verdicts.filter(({ ok }) => !ok).length;
    console.log(failed === 0 ? "all checks hold" : `${failed} of ${verdicts.length} checks failed`);
    if (failed > 0) process.exitCode = 1;
  });
}

function indent(text: string): string {
  return text.replaceAll(/^/gm, "      ");
}
