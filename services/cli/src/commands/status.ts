import { Command } from "commander";
import { readMeshSettings } from "../embedded/mesh-settings.ts";
import { askMesh, findMesh, isWell } from "../embedded/mesh-status.ts";
import { statusTable } from "../embedded/mesh-table.ts";
import { meshFolderOf } from "../embedded/open-mesh.ts";
import { projectRoot } from "../project-root.ts";

interface StatusOptions {
  readonly json?: boolean;
}

/** `medport status`: asks every service, database and the broker how it does. Ends with 1 when one is not well. */
export function statusCommand(): Command {
  return new Command("status")
    .description("ask every service, every database and the broker how it does")
    .option("--json", "print the answer as data")
    .action(async ({ json = false }: StatusOptions) => {
      const settings = await readMeshSettings(projectRoot, process.env);
      const status = await askMesh(await findMesh(settings, await meshFolderOf(projectRoot, settings)));
      console.log(json ? JSON.stringify(status, undefined, 2) : statusTable(status));
      if (!isWell(status)) process.exitCode = 1;
    });
}
