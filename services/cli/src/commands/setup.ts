import { resolve } from "node:path";
import { Command } from "commander";
import { writeContainerSecrets } from "../embedded/container-secrets.ts";
import { readMeshSettings } from "../embedded/mesh-settings.ts";
import { meshFolderOf } from "../embedded/open-mesh.ts";
import { terminalProgress } from "../embedded/progress.ts";
import { setUpMesh } from "../embedded/start-mesh.ts";
import { underMeshLock } from "../embedded/under-lock.ts";
import { newPassword } from "../sample/accounts.ts";
import { projectRoot } from "../project-root.ts";

interface SetupOptions {
  readonly containerSecrets?: string;
  readonly firstAdmin?: string;
}

/** `medport setup`: databases, roles, migrations, passwords and keys, and nothing that keeps running. May be repeated. */
export function setupCommand(): Command {
  return new Command("setup")
    .description("make databases, roles, tables and keys, and start no service")
    .option("--container-secrets <folder>", "only make the passwords and keys for docker-compose.yml, in this folder")
    .option("--first-admin <email>", "make Center's first account, and print its new password once")
    .action(async ({ containerSecrets, firstAdmin }: SetupOptions) => {
      if (containerSecrets !== undefined) {
        await writeContainerSecrets(resolve(containerSecrets));
        return;
      }
      const settings = await readMeshSettings(projectRoot, process.env);
      const folder = await meshFolderOf(projectRoot, settings);
      const progress = terminalProgress();
      const admin = firstAdmin === undefined ? undefined : { email: firstAdmin, password: newPassword() };
      const isMade = await underMeshLock(folder, (signal) =>
        setUpMesh({ root: projectRoot, settings, progress, signal, firstAdmin: admin }),
      );
      console.log(`All is set up. Keys are in ${folder.keys}, passwords in ${folder.secrets}.`);
      if (isMade) console.log(`Center's first account: ${admin?.email}, password ${admin?.password}`);
      else if (admin) console.log("Center has accounts already: none was made.");
    });
}
