import { Command } from "commander";
import { writeApiReference } from "../generate/api-reference.ts";
import { writeConfigurationFiles } from "../generate/configuration-files.ts";
import { refreshGeneratedCode } from "../generate/generated-code.ts";
import { writeBaseline } from "../generate/proto-baseline.ts";
import { projectRoot } from "../project-root.ts";

interface GenerateOptions {
  readonly acceptBreaking?: boolean;
}

/**
 * `medport generate`: makes `gen/` and the API reference from `proto/`, and the files that follow from the settings. Writes only what differs,
 * so it may be repeated.
 */
export function generateCommand(): Command {
  return new Command("generate")
    .description("generate code and the API reference from the protos, and files from the settings")
    .option("--accept-breaking", "make the protos of now what later ones have to stay compatible with")
    .action(async ({ acceptBreaking = false }: GenerateOptions) => {
      const written = await refreshGeneratedCode(projectRoot);
      for (const { path, problem } of written) console.log(`${problem === "left over" ? "removed" : "wrote"} ${path}`);
      const others = [...(await writeConfigurationFiles(projectRoot)), ...(await writeApiReference(projectRoot))];
      for (const path of others) console.log(`wrote ${path}`);
      if (written.length + others.length === 0) console.log("all generated files are what they should be");
      if (acceptBreaking) {
        await writeBaseline(projectRoot);
        console.log("wrote the baseline for compatibility");
      }
    });
}
