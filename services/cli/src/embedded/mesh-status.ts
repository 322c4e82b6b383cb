import { connect } from "nats";
import { Client } from "pg";
import { databasePorts, natsPort, servicePorts } from "#platform/config/settings.ts";
import { greets } from "#platform/embedded/nats-server.ts";
import { inboxPrefix } from "#platform/events/topology.ts";
import { type ServiceName, serviceNames } from "#platform/service-name.ts";
import type { MeshFolder } from "./mesh-folder.ts";
import { embeddedDatabase } from "./mesh-plan.ts";
import { readMeshSecrets } from "./mesh-secrets.ts";
import type { MeshSettings } from "./mesh-settings.ts";
import { readMeshState } from "./mesh-state.ts";
import { askHealth, type HealthStatus } from "./service-health.ts";

/** How the mesh does, as `medport status --json` prints it. */
export interface MeshStatus {
  readonly services: readonly { readonly name: ServiceName; readonly address: string; readonly status: HealthStatus }[];
  readonly databases: readonly {
    readonly name: ServiceName;
    readonly address: string;
    readonly ok: boolean;
    /** Of one round trip with a query; null when there is no answer. */
    readonly latencyMs: number | null;
  }[];
  readonly broker: { readonly address: string; readonly ok: boolean };
}

/** Where everything is, with what an operator needs to look at it. */
export interface MeshAddresses {
  readonly services: Readonly<Record<ServiceName, string>>;
  readonly databases: readonly {
    readonly name: ServiceName;
    readonly address: string;
    /** In the name of the service. */
    readonly url: string;
  }[];
  readonly broker: {
    readonly url: string;
    readonly address: string;
    readonly user: string;
    readonly password: string | undefined;
  };
}

/** Finds everything by the settings and by what the last start wrote down. */
export async function findMesh(settings: MeshSettings, folder: MeshFolder): Promise<MeshAddresses> {
  const [state, secrets] = await Promise.all([readMeshState(folder), readMeshSecrets(folder)]);
  const databases = serviceNames.map((name) => {
    const address = state?.databases[name].address ?? `127.0.0.1:${databasePorts[name]}`;
    const port = Number(address.split(":").at(-1));
    // Before the first start there is no password yet, and nobody to ask for it.
    const embedded = secrets
      ? embeddedDatabase(name, port, secrets).appUrl
      : `postgresql://${name}_app@${address}/${name}`;
    return { name, address, url: settings.silos[name].databaseUrl ?? embedded };
  });
  const address = state?.broker.address ?? `127.0.0.1:${natsPort}`;
  const addressOf = (service: ServiceName): string =>
    state?.services[service].address ?? `127.0.0.1:${servicePorts[service]}`;
  const embedded = settings.launcher.natsUrl === undefined;
  return {
    services: { hospital: addressOf("hospital"), ems: addressOf("ems"), center: addressOf("center") },
    databases,
    broker: {
      address,
      url: settings.launcher.natsUrl ?? `nats://${address}`,
      user: "doctor",
      password: embedded ? secrets?.broker.doctor : settings.launcher.doctorNatsPassword,
    },
  };
}

/** Asks everything how it does. Never throws because something is down. */
export async function askMesh(mesh: MeshAddresses): Promise<MeshStatus> {
  const [services, databases, ok] = await Promise.all([
    Promise.all(
      serviceNames.map(async (name) => {
        const address = mesh.services[name];
        return { name, address, status: await askHealth(address) };
      }),
    ),
    Promise.all(
      mesh.databases.map(async ({ name, address, url }) => {
        const latencyMs = await databaseLatencyMs(url);
        return { name, address, ok: latencyMs !== null, latencyMs };
      }),
    ),
    isBrokerWell(mesh.broker),
  ]);
  return { services, databases, broker: { address: mesh.broker.address, ok } };
}

/** Whether nothing is amiss. */
export function isWell({ services, databases, broker }: MeshStatus): boolean {
  return services.every(({ status }) => status === "SERVING") && databases.every(({ ok }) => ok) && broker.ok;
}

async function databaseLatencyMs(url: string): Promise<number | null> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 2_000, query_timeout: 2_000 });
  // The answer of `connect` and of `query` tells what there is to tell.
  client.on("error", () => undefined);
  try {
    await client.connect();
    const startedAt = performance.now();
    await client.query("select 1");
    return Math.round((performance.now() - startedAt) * 10) / 10;
  } catch {
    // Down, which is the answer.
    return null;
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Whether one of the addresses is that of a broker with JetStream that speaks. */
export async function isBrokerThere(url: string): Promise<boolean> {
  const servers = url.split(",").map((part) => new URL(part));
  const answers = await Promise.all(servers.map(({ hostname, port }) => greets(Number(port || natsPort), hostname)));
  return answers.includes(true);
}

async function isBrokerWell({ url, user, password }: MeshAddresses["broker"]): Promise<boolean> {
  // Asked first in any case: a client waits for ever on one that accepts and says nothing.
  if (!(await isBrokerThere(url))) return false;
  if (password === undefined) return true;
  try {
    const connection = await connect({
      servers: url.split(","),
      ...{ user, pass: password, inboxPrefix: inboxPrefix(user), timeout: 2_000, reconnect: false },
    });
    try {
      await connection.jetstreamManager();
      return true;
    } finally {
      await connection.close();
    }
  } catch {
    // Down, or not ours: which is the answer.
    return false;
  }
}
