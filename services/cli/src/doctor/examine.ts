import { serviceNames } from "#platform/service-name.ts";
import { findLockHolder } from "../embedded/mesh-lock.ts";
import { meshKeysIn } from "../embedded/mesh-secrets.ts";
import { readMeshSettings } from "../embedded/mesh-settings.ts";
import { findMesh } from "../embedded/mesh-status.ts";
import { meshFolderOf } from "../embedded/open-mesh.ts";
import { type Finding, problem } from "./finding.ts";
import { lookAtBroker } from "./look-at-broker.ts";
import { lookAtDatabase } from "./look-at-database.ts";
import { lookAtKeys, lookAtNode, lookAtPorts } from "./look-at-machine.ts";
import { lookAtService } from "./look-at-service.ts";

/**
 * Looks at everything that the mesh needs, from the machine to the services.
 * @throws ConfigError that lists every wrong setting.
 */
export async function examine(root: string, environment: NodeJS.ProcessEnv): Promise<readonly Finding[]> {
  const settings = await readMeshSettings(root, environment);
  const folder = await meshFolderOf(root, settings);
  const running = (await findLockHolder(folder)) !== undefined;
  if (!running) {
    const stopped = problem("mesh", "does not run", 'Start it with "npm start"');
    return [lookAtNode(), ...(await lookAtPorts()), stopped];
  }
  const mesh = await findMesh(settings, folder);
  const looks = await Promise.all([
    ...serviceNames.map((name) => lookAtService(name, mesh.services[name])),
    ...mesh.databases.map((database) => lookAtDatabase(root, database)),
    lookAtBroker(mesh.broker),
    lookAtKeys(meshKeysIn(folder)),
  ]);
  return [lookAtNode(), ...looks.flat()];
}
