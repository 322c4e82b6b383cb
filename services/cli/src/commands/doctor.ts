import { Command } from "commander";
import { examine } from "../doctor/examine.ts";
import type { Finding } from "../doctor/finding.ts";
import { projectRoot } from "../project-root.ts";

interface DoctorOptions {
  readonly json?: boolean;
}

const marks = { ok: "ok     ", warning: "warning", problem: "PROBLEM" } as const;

/** `medport doctor`: finds out what is wrong and says what to do about it. Ends with 1 when something is wrong. */
export function doctorCommand(): Command {
  return new Command("doctor")
    .description("find out what is wrong, and what to do about it")
    .option("--json", "print the findings as data")
    .action(async ({ json = false }: DoctorOptions) => {
      const findings = await examine(projectRoot, process.env);
      console.log(json ? JSON.stringify({ findings }, undefined, 2) : findings.map(line).join("\n"));
      if (findings.some(({ grade }) => grade === "problem")) process.exitCode = 1;
    });
}

function line({ grade, subject, seen, advice }: Finding): string {
  const text = `${marks[grade]}  ${subject}: ${seen}`;
  return advice === "" ? text : `${text}\n         -> ${advice}`;
}
