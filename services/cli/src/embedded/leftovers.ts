import { stopNatsServer } from "#platform/embedded/nats-server.ts";
import { stopPostgres } from "#platform/embedded/postgres-server.ts";
import { serviceNames } from "#platform/service-name.ts";
import { clusterFolder, type MeshFolder } from "./mesh-folder.ts";
import { stopServiceProcesses } from "./service-process.ts";

/**
 * Stops every server that still runs on this folder though nobody watches over it: what a launcher leaves that was
 * killed. Found by what the kernel knows of them, and stopped in the order of a clean stop.
 */
export async function stopLeftovers(folder: MeshFolder): Promise<void> {
  await stopServiceProcesses(folder.path);
  await stopNatsServer(folder.broker);
  await Promise.all(serviceNames.map((service) => stopPostgres(clusterFolder(folder, service))));
}
