import { serviceTitles } from "#platform/config/settings.ts";
import { loopback } from "#platform/embedded/free-port.ts";
import { findPostgresBinaries, type PostgresBinaries } from "#platform/embedded/postgres-binaries.ts";
import { type PostgresServer, startPostgres } from "#platform/embedded/postgres-server.ts";
import { type ServiceName, serviceNames } from "#platform/service-name.ts";
import { clusterFolder, logFile, rotateLog } from "./mesh-folder.ts";
import { type DatabasePlan, databasePortWish, embeddedDatabase } from "./mesh-plan.ts";
import { forEachSilo } from "./mesh-state.ts";
import type { OpenedMesh } from "./open-mesh.ts";
import { startOnPort } from "./start-on-port.ts";
import { Supervised } from "./supervised.ts";

/** Every silo's database, those that are embedded running and watched over by `parts`. */
export async function startDatabases(
  mesh: OpenedMesh,
  parts: AsyncDisposableStack,
): Promise<Readonly<Record<ServiceName, DatabasePlan>>> {
  const embedded = serviceNames.filter((service) => mesh.plan.databases[service].port !== undefined);
  if (embedded.length === 0) return mesh.plan.databases;
  return mesh.progress.step("Databases", async () => {
    const binaries = await findPostgresBinaries({ user: mesh.user, copyFolder: mesh.folder.databases });
    const starts = forEachSilo((service) => startDatabase(mesh, parts, binaries, mesh.plan.databases[service]));
    // All of them, and only then an error: none may be starting still when the others are stopped.
    const failed = (await Promise.allSettled(Object.values(starts))).find(({ status }) => status === "rejected");
    if (failed?.status === "rejected") throw failed.reason;
    const value = { hospital: await starts.hospital, ems: await starts.ems, center: await starts.center };
    const words = embedded.map((service) => `${serviceTitles[service]} ${value[service].address}`).join(", ");
    return { value, words };
  });
}

async function startDatabase(
  mesh: OpenedMesh,
  parts: AsyncDisposableStack,
  binaries: PostgresBinaries,
  planned: DatabasePlan,
): Promise<DatabasePlan> {
  if (planned.port === undefined) return planned;
  const { service } = planned;
  const { folder, state, secrets } = mesh;
  const log = logFile(folder, `${service}-database`);
  await rotateLog(log);
  const server = await startOnPort<PostgresServer>({
    wish: databasePortWish(mesh.settings, service),
    port: planned.port,
    onMoved: (port, note) => {
      state.setServer("databases", service, { address: `${loopback}:${port}` });
      state.note(note);
    },
    supervise: (port) =>
      parts.adopt(
        new Supervised({
          title: `${serviceTitles[service]}'s database`,
          start: () =>
            startPostgres({
              ...{ binaries, user: mesh.user, port, logFile: log, durable: true },
              folder: clusterFolder(folder, service),
              adminPassword: secrets.databases[service].admin,
            }),
          onPid: (pid) => state.setServer("databases", service, { pid }),
          say: (sentence) => mesh.progress.say(sentence),
        }),
        (supervised) => supervised.stop(),
      ),
  });
  return { ...embeddedDatabase(service, server.port, secrets), adminUrl: server.adminUrl };
}
