import { join } from "node:path";
import { allSettings } from "#platform/config/settings.ts";
import { type MeshSettings, readMeshSettings } from "../embedded/mesh-settings.ts";

/** Of these the demonstration takes what the machine's user says; all else is its own. */
const handedOn: ReadonlySet<string> = new Set(["NATS_SERVER_BIN"]);

/**
 * The settings of a mesh for the demonstration alone: embedded, in a folder of its own, on ports that nobody holds.
 * @param folder of the usual mesh, beside whose data it lies.
 */
export async function demoSettings(root: string, environment: NodeJS.ProcessEnv): Promise<MeshSettings> {
  const usual = await readMeshSettings(root, environment);
  // Empty counts as absent, also where `.env` has something else.
  const absent = allSettings()
    .filter(({ name }) => !handedOn.has(name))
    .map(({ name }) => [name, name.endsWith("_PORT") ? "0" : ""] as const);
  const own = { MEDPORT_FOLDER: join(usual.launcher.folder, "migrate-demo") };
  return readMeshSettings(root, { ...environment, ...Object.fromEntries(absent), ...own });
}
