import { Command } from "commander";
import { readMeshSettings } from "../embedded/mesh-settings.ts";
import { meshFolderOf } from "../embedded/open-mesh.ts";
import { stopMesh } from "../embedded/stop-mesh.ts";
import { projectRoot } from "../project-root.ts";

/** `medport down`: stops the mesh, wherever it was started. Its data stays. */
export function downCommand(): Command {
  return new Command("down").description("stop the mesh, wherever it was started").action(async () => {
    const folder = await meshFolderOf(projectRoot, await readMeshSettings(projectRoot, process.env));
    const stopped = await stopMesh(folder);
    console.log(stopped === undefined ? "Nothing runs." : `Stopped (it was process ${stopped}).`);
  });
}
