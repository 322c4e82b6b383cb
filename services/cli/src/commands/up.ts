import { Command, Option } from "commander";
import { terminalProgress } from "../embedded/progress.ts";
import { StoppedError } from "../embedded/under-lock.ts";
import { up, upDetached } from "../embedded/up.ts";
import { projectRoot } from "../project-root.ts";

interface UpCommandOptions {
  readonly detach?: boolean;
  readonly inBackground?: boolean;
}

/** `medport up`: starts the whole mesh and prints where everything is. May be repeated: it goes on with the same data. */
export function upCommand(): Command {
  return (
    new Command("up")
      .description("start the mesh: three databases, a broker, three services")
      .option("-d, --detach", "leave it running in the background")
      // For `--detach` alone, which starts this command once more.
      .addOption(new Option("--in-background").hideHelp())
      .action(async ({ detach = false, inBackground = false }: UpCommandOptions) => {
        const options = { root: projectRoot, environment: process.env, progress: terminalProgress() };
        try {
          if (detach) await upDetached(options, backgroundCommand());
          else await up({ ...options, inBackground });
        } catch (error) {
          if (!(error instanceof StoppedError)) throw error;
          console.error("Stopped before it was ready.");
          // All servers are down; a call of the sample region may still be waiting for one of them.
          process.exit(130);
        }
      })
  );
}

/** This very program, running `up` for whoever left it. */
function backgroundCommand(): readonly [string, ...string[]] {
  const [, script] = process.argv;
  if (script === undefined) throw new Error("this program does not know its own name");
  return [process.execPath, ...process.execArgv, script, "up", "--in-background"];
}
