import { Command } from "commander";
import { refreshGeneratedCode } from "../generate/generated-code.ts";
import { writeBaseline } from "../generate/proto-baseline.ts";
import { projectRoot } from "../project-root.ts";

interface GenerateOptions {
  readonly acceptBreaking?: boolean;
}

/** `medport generate`: makes `gen/` from `proto/`. Writes only what differs, so it may be repeated. */
export function generateCommand(): Command {
  return new Command("generate")
    .description("generate code from the protos")
    .option("--accept-breaking", "make the protos of now what later ones have to stay compatible with")
    .action(async ({ acceptBreaking = false }: GenerateOptions) => {
      const written = await refreshGeneratedCode(projectRoot);
      for (const { path, problem } of written) console.log(`${problem === "left over" ? "removed" : "wrote"} ${path}`);
      if (written.length === 0) console.log("gen/ is what the protos say");
      if (acceptBreaking) {
        await writeBaseline(projectRoot);
        console.log("wrote the baseline for compatibility");
      }
    });
}
