import { serviceTitles } from "#platform/config/settings.ts";
import { loopback } from "#platform/embedded/free-port.ts";
import { type ServiceName, serviceNames } from "#platform/service-name.ts";
import { type ChosenPort, choosePorts, type PortWish } from "./choose-ports.ts";
import type { MeshSecrets } from "./mesh-secrets.ts";
import { isSet, type MeshSettings } from "./mesh-settings.ts";
import { forEachSilo } from "./mesh-state.ts";

/** Where one silo's database is, or shall be, and in whose names it is used. */
export interface DatabasePlan {
  readonly service: ServiceName;
  /** host:port */
  readonly address: string;
  /** The port to start an embedded one on; undefined for one that somebody brought. */
  readonly port: number | undefined;
  readonly adminUrl: string | undefined;
  readonly ownerUrl: string;
  readonly appUrl: string;
}

/** What will run where. */
export interface MeshPlan {
  readonly databases: Readonly<Record<ServiceName, DatabasePlan>>;
  readonly servicePorts: Readonly<Record<ServiceName, number>>;
  /** The port to start an embedded broker on; undefined for one that somebody brought. */
  readonly brokerPort: number | undefined;
  readonly brokerUrl: string;
  readonly brokerAddress: string;
  /** What is not as one would expect. */
  readonly notes: readonly string[];
}

/**
 * Decides what is embedded and on which ports. Ports are looked at one after the other and are free at that moment.
 * @throws ConfigError naming every port that was asked for and is taken.
 */
export async function planMesh(settings: MeshSettings, secrets: MeshSecrets): Promise<MeshPlan> {
  const ports = await choosePorts(portWishes(settings));
  const portOf = (key: string): number => {
    const chosen = ports[key];
    if (!chosen) throw new Error(`no port was chosen for ${key}`);
    return chosen.port;
  };
  const { natsUrl } = settings.launcher;
  const brokerPort = natsUrl === undefined ? portOf("nats") : undefined;
  return {
    databases: forEachSilo((service) => {
      const given = settings.silos[service].databaseUrl;
      if (given !== undefined) return broughtDatabase(settings, service, given);
      return embeddedDatabase(service, portOf(databaseKey(service)), secrets);
    }),
    servicePorts: forEachSilo(portOf),
    brokerPort,
    brokerUrl: natsUrl ?? `nats://${loopback}:${brokerPort}`,
    brokerAddress: natsUrl === undefined ? `${loopback}:${brokerPort}` : brokerAddressOf(natsUrl),
    notes: Object.values<ChosenPort>(ports).flatMap(({ note }) => (note === undefined ? [] : [note])),
  };
}

/** The wish for one embedded database's port. */
export function databasePortWish(settings: MeshSettings, service: ServiceName): PortWish {
  const variable = `${service.toUpperCase()}_DATABASE_PORT`;
  return {
    server: `${serviceTitles[service]}'s database`,
    variable,
    port: settings.silos[service].databasePort,
    asked: isSet(settings, variable),
  };
}

/** The wish for the embedded broker's port. */
export function brokerPortWish(settings: MeshSettings): PortWish {
  const variable = "NATS_PORT";
  return { server: "the broker", variable, port: settings.launcher.natsPort, asked: isSet(settings, variable) };
}

/** The database that this plan's silo keeps in an embedded cluster. */
export function embeddedDatabase(service: ServiceName, port: number, secrets: MeshSecrets): DatabasePlan {
  const { owner, app } = secrets.databases[service];
  const at = `${loopback}:${port}`;
  return {
    service,
    port,
    address: at,
    // Known only once the cluster runs: its launcher says it.
    adminUrl: undefined,
    ownerUrl: `postgresql://${service}_owner:${owner}@${at}/${service}`,
    appUrl: `postgresql://${service}_app:${app}@${at}/${service}`,
  };
}

function broughtDatabase({ silos }: MeshSettings, service: ServiceName, appUrl: string): DatabasePlan {
  const { databaseOwnerUrl, databaseAdminUrl } = silos[service];
  const { hostname, port } = new URL(appUrl);
  return {
    service,
    port: undefined,
    address: `${hostname}:${port || 5432}`,
    adminUrl: databaseAdminUrl,
    ownerUrl: databaseOwnerUrl ?? appUrl,
    appUrl,
  };
}

function brokerAddressOf(url: string): string {
  return url
    .split(",")
    .map((part) => `${new URL(part).hostname}:${new URL(part).port || 4222}`)
    .join(",");
}

function databaseKey(service: ServiceName): string {
  return `${service}-database`;
}

function portWishes(settings: MeshSettings): Readonly<Record<string, PortWish>> {
  const wishes: Record<string, PortWish> = {};
  for (const service of serviceNames) {
    if (settings.silos[service].databaseUrl === undefined) {
      wishes[databaseKey(service)] = databasePortWish(settings, service);
    }
  }
  if (settings.launcher.natsUrl === undefined) wishes["nats"] = brokerPortWish(settings);
  for (const service of serviceNames) {
    const variable = `${service.toUpperCase()}_PORT`;
    const asked = isSet(settings, variable);
    wishes[service] = { server: serviceTitles[service], variable, port: settings.silos[service].port, asked };
  }
  return wishes;
}
