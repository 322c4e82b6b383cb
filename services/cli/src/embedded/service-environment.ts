import { type Environment, valueOf } from "#platform/config/read-config.ts";
import { type ServiceName, serviceNames } from "#platform/service-name.ts";
import type { MeshKeys } from "./mesh-secrets.ts";
import { settingsOf } from "./mesh-settings.ts";

/** By this variable a service that was left running is known to belong to a mesh folder. */
export const meshMark = "MEDPORT_MESH";

/** How one service reaches the broker; without user or password where the settings handed on say it. */
export interface BrokerAccess {
  readonly url: string;
  readonly user?: string | undefined;
  readonly password?: string | undefined;
}

export interface ServiceEnvironmentOptions {
  readonly service: ServiceName;
  /** The environment of whoever starts the mesh. */
  readonly environment: Environment;
  readonly meshFolder: string;
  readonly port: number;
  readonly databaseUrl: string;
  readonly broker: BrokerAccess;
  readonly addresses: Readonly<Record<ServiceName, string>>;
  readonly keys: MeshKeys;
}

/**
 * The whole environment of one service: what the mesh gives it, then what somebody set of the settings that this
 * service reads. Nothing else is inherited, and no other service's secrets are in it.
 */
export function serviceEnvironment(options: ServiceEnvironmentOptions): Readonly<Record<string, string>> {
  const { service, environment, broker, keys, addresses } = options;
  const prefix = service.toUpperCase();
  const inherited = Object.values(settingsOf(service)).flatMap(({ name }) => {
    const value = valueOf(environment, name);
    return value === undefined ? [] : [[name, value] as const];
  });
  const keyFiles = {
    [`${prefix}_SERVICE_KEY_FILE`]: keys.serviceKeyFiles[service],
    SERVICE_PUBLIC_KEYS_FILE: keys.servicePublicKeysFile,
    ...(service === "center" && { CENTER_TOKEN_KEYS_FILE: keys.tokenKeysFile }),
  };
  return {
    TZ: "UTC",
    [meshMark]: options.meshFolder,
    ...keyFiles,
    ...Object.fromEntries(inherited),
    [`${prefix}_PORT`]: String(options.port),
    [`${prefix}_DATABASE_URL`]: options.databaseUrl,
    NATS_URL: broker.url,
    ...(broker.user !== undefined && { NATS_USER: broker.user }),
    ...(broker.password !== undefined && { NATS_PASSWORD: broker.password }),
    ...Object.fromEntries(serviceNames.map((peer) => [`${peer.toUpperCase()}_ADDRESS`, addresses[peer]])),
  };
}
