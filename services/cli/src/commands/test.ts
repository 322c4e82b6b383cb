import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { runChild } from "../../bin/run-child.mjs";
import { projectRoot } from "../project-root.ts";
import { parseTally, tallyLine } from "../checks/tally.ts";

/** `medport test`: runs the tests. Its last line tells how many passed and failed. */
export function testCommand(): Command {
  return new Command("test")
    .description("run all tests, or those whose path matches")
    .argument("[arguments...]", "passed on to Jest")
    .helpOption(false)
    .allowUnknownOption()
    .passThroughOptions()
    .action(async (args: readonly string[]) => {
      process.exitCode = await runTests(projectRoot, args);
    });
}

/** Runs Jest and prints the tally as the last line. Returns Jest's exit code. */
async function runTests(root: string, args: readonly string[]): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), "medport-tally-"));
  const resultFile = join(folder, "results.json");
  try {
    const flags = ["--experimental-vm-modules", "--disable-warning=ExperimentalWarning"];
    const jest = [join(root, "node_modules/jest/bin/jest.js"), "--json", `--outputFile=${resultFile}`];
    const code = await runChild(process.execPath, [...flags, ...jest, ...args], {
      cwd: root,
      stdio: "inherit",
      signalWholeGroup: true,
    });
    console.log(tallyLine(await readFile(resultFile, "utf8").then(parseTally, () => undefined)));
    return code;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
