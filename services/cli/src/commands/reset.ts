import { createInterface } from "node:readline/promises";
import { Command } from "commander";
import { type MeshFolder, removeMeshFolder } from "../embedded/mesh-folder.ts";
import { readMeshSettings } from "../embedded/mesh-settings.ts";
import { meshFolderOf } from "../embedded/open-mesh.ts";
import { stopMesh } from "../embedded/stop-mesh.ts";
import { underMeshLock } from "../embedded/under-lock.ts";
import { projectRoot } from "../project-root.ts";

interface ResetOptions {
  readonly yes?: boolean;
}

/** `medport reset`: stops the mesh and removes all of its embedded data, passwords and keys. Asks first. */
export function resetCommand(): Command {
  return new Command("reset")
    .description("stop the mesh and remove all of its embedded data")
    .option("-y, --yes", "do not ask")
    .action(async ({ yes = false }: ResetOptions) => {
      const folder = await meshFolderOf(projectRoot, await readMeshSettings(projectRoot, process.env));
      if (!yes && !(await isConfirmed(folder))) {
        console.log("Nothing was removed.");
        process.exitCode = 1;
        return;
      }
      await stopMesh(folder);
      await underMeshLock(folder, () => removeMeshFolder(folder));
      console.log(`Removed everything in ${folder.path}. The next start begins anew.`);
    });
}

async function isConfirmed(folder: MeshFolder): Promise<boolean> {
  if (!process.stdin.isTTY)
    throw new Error('"npx medport reset" removes all data: say --yes where nobody can be asked');
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    const answer = await terminal.question(`Remove all data, passwords and keys in ${folder.path}? [y/N] `);
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    terminal.close();
  }
}
