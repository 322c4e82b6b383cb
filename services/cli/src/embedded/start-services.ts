import { serviceTitles } from "#platform/config/settings.ts";
import { type ServiceName, serviceNames } from "#platform/service-name.ts";
import { logFile, rotateLog } from "./mesh-folder.ts";
import type { DatabasePlan } from "./mesh-plan.ts";
import { forEachSilo } from "./mesh-state.ts";
import type { OpenedMesh } from "./open-mesh.ts";
import { type BrokerAccess, serviceEnvironment } from "./service-environment.ts";
import { startServiceProcess } from "./service-process.ts";
import { Supervised } from "./supervised.ts";

export interface StartServicesOptions {
  readonly mesh: OpenedMesh;
  readonly parts: AsyncDisposableStack;
  readonly databases: Readonly<Record<ServiceName, DatabasePlan>>;
  readonly broker: Readonly<Record<ServiceName, BrokerAccess>>;
}

/**
 * Starts the three services, each in a process of its own, and waits until all are SERVING.
 * @returns where they are.
 */
export async function startServices(options: StartServicesOptions): Promise<Readonly<Record<ServiceName, string>>> {
  const { mesh, parts } = options;
  const addresses = forEachSilo((service) => mesh.state.state.services[service].address);
  return mesh.progress.step("Services", async () => {
    const servers = serviceNames.map((service) => superviseService(options, service, addresses));
    // Together, for none of them waits for another.
    parts.defer(async () => void (await Promise.all(servers.map((server) => server.stop()))));
    const started = await Promise.allSettled(servers.map((server) => server.start()));
    const failed = started.flatMap((result) => (result.status === "rejected" ? [result.reason as unknown] : []));
    if (failed.length > 1) throw new AggregateError(failed, failed.map(messageOf).join("\n\n"));
    if (failed.length === 1) throw failed[0];
    const words = serviceNames.map((service) => `${serviceTitles[service]} ${addresses[service]}`).join(", ");
    return { value: addresses, words };
  });
}

function superviseService(
  { mesh, databases, broker }: StartServicesOptions,
  service: ServiceName,
  addresses: Readonly<Record<ServiceName, string>>,
): Supervised<Awaited<ReturnType<typeof startServiceProcess>>> {
  const { root, folder, keys, settings, plan, signal } = mesh;
  const log = logFile(folder, service);
  const environment = serviceEnvironment({
    ...{ service, keys, addresses },
    environment: settings.environment,
    meshFolder: folder.path,
    port: plan.servicePorts[service],
    databaseUrl: databases[service].appUrl,
    broker: broker[service],
  });
  return new Supervised({
    title: serviceTitles[service],
    start: async () => {
      await rotateLog(log);
      return startServiceProcess({ root, service, address: addresses[service], environment, logFile: log, signal });
    },
    onPid: (pid) => mesh.state.setServer("services", service, { pid }),
    say: (sentence) => mesh.progress.say(sentence),
  });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
