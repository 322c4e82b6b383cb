import { type LogLevel, logLevels } from "#platform/telemetry/log.ts";
import { type ServiceName, serviceNames } from "#platform/service-name.ts";
import {
  addressText,
  anyText,
  databaseUrlText,
  hostText,
  natsUrlText,
  oneOf,
  optionalSetting,
  originsText,
  pathText,
  portText,
  requiredSetting,
  type Setting,
  settingWithFallback,
  wholeNumber,
} from "./setting.ts";

/** The ports that the services listen on unless told otherwise. */
export const servicePorts: Readonly<Record<ServiceName, number>> = { hospital: 50051, ems: 50052, center: 50053 };

/** The ports of the embedded databases unless told otherwise. */
export const databasePorts: Readonly<Record<ServiceName, number>> = { hospital: 5432, ems: 5433, center: 5434 };

/** The port of the embedded broker unless told otherwise. */
export const natsPort = 4222;

/** How people write the name of a service. */
export const serviceTitles: Readonly<Record<ServiceName, string>> = {
  hospital: "Hospital",
  ems: "EMS",
  center: "Center",
};

/** What every service reads. `readConfig(serviceSettings("ems"), process.env)` is its whole configuration. */
export type ServiceSettings = {
  readonly host: Setting<string>;
  readonly port: Setting<number>;
  readonly databaseUrl: Setting<string>;
  readonly databasePoolSize: Setting<number>;
  readonly natsUrl: Setting<string>;
  readonly natsUser: Setting<string>;
  readonly natsPassword: Setting<string | undefined>;
  readonly serviceKeyFile: Setting<string>;
  readonly servicePublicKeysFile: Setting<string>;
  readonly hospitalAddress: Setting<string>;
  readonly emsAddress: Setting<string>;
  readonly centerAddress: Setting<string>;
  readonly logLevel: Setting<LogLevel>;
  readonly corsOrigins: Setting<readonly string[] | undefined>;
  readonly drainMs: Setting<number>;
};

/** The settings of one service. */
export function serviceSettings(service: ServiceName): ServiceSettings {
  return {
    ...sharedSettings,
    host: hostSetting(service),
    port: portSetting(service),
    databaseUrl: requiredSetting({
      name: `${prefixOf(service)}_DATABASE_URL`,
      meaning: `${serviceTitles[service]}'s database, in the name of the role that the service uses`,
      example: `postgresql://${service}_app:PASSWORD@127.0.0.1:${databasePorts[service]}/${service}`,
      schema: databaseUrlText,
      readBy: [service, "medport"],
    }),
    databasePoolSize: settingWithFallback({
      name: `${prefixOf(service)}_DATABASE_POOL_SIZE`,
      meaning: `how many connections ${serviceTitles[service]} keeps to its database at most`,
      fallback: "10",
      schema: wholeNumber(2, 1_000),
      readBy: [service],
    }),
    natsUser: settingWithFallback({
      name: "NATS_USER",
      meaning: "the service's user at the broker; its own name if absent",
      fallback: service,
      schema: anyText,
      readBy: serviceNames,
    }),
    serviceKeyFile: requiredSetting({
      name: `${prefixOf(service)}_SERVICE_KEY_FILE`,
      meaning: `the file with ${serviceTitles[service]}'s private key, with which it shows other services who calls`,
      example: `.medport/keys/${service}.json`,
      schema: pathText,
      readBy: [service],
    }),
    hospitalAddress: addressSetting("hospital"),
    emsAddress: addressSetting("ems"),
    centerAddress: addressSetting("center"),
  };
}

/** The settings of Center, which alone signs user tokens. */
export function centerSettings(): ServiceSettings & { readonly tokenKeysFile: Setting<string> } {
  return {
    ...serviceSettings("center"),
    tokenKeysFile: requiredSetting({
      name: "CENTER_TOKEN_KEYS_FILE",
      meaning: "the file with the private keys that user tokens are signed with; the first signs",
      example: ".medport/keys/tokens.json",
      schema: pathText,
      readBy: ["center"],
    }),
  };
}

/** What the command `medport` reads of one silo: where its parts are, or shall be. */
export type SiloSettings = {
  readonly port: Setting<number>;
  readonly databasePort: Setting<number>;
  readonly databaseUrl: Setting<string | undefined>;
  readonly databaseOwnerUrl: Setting<string | undefined>;
  readonly databaseAdminUrl: Setting<string | undefined>;
  readonly natsPassword: Setting<string | undefined>;
};

/** What `medport up` and its siblings read of one silo. */
export function siloSettings(service: ServiceName): SiloSettings {
  const title = serviceTitles[service];
  return {
    port: portSetting(service),
    databasePort: settingWithFallback({
      name: `${prefixOf(service)}_DATABASE_PORT`,
      meaning: `the port of ${title}'s embedded database`,
      fallback: String(databasePorts[service]),
      schema: portText,
      readBy: ["medport"],
    }),
    databaseUrl: optionalSetting({
      name: `${prefixOf(service)}_DATABASE_URL`,
      meaning: `${title}'s database; given, none is embedded`,
      schema: databaseUrlText,
      readBy: ["medport"],
    }),
    databaseOwnerUrl: optionalSetting({
      name: `${prefixOf(service)}_DATABASE_OWNER_URL`,
      meaning: `the same database in the name of its owner, who migrates it; ${prefixOf(service)}_DATABASE_URL if absent`,
      example: `postgresql://${service}_owner:PASSWORD@127.0.0.1:${databasePorts[service]}/${service}`,
      schema: databaseUrlText,
      readBy: ["medport"],
    }),
    databaseAdminUrl: optionalSetting({
      name: `${prefixOf(service)}_DATABASE_ADMIN_URL`,
      meaning: `${title}'s database server in the name of an administrator; given, "medport setup" creates database and roles`,
      example: `postgresql://postgres:PASSWORD@127.0.0.1:${databasePorts[service]}/postgres`,
      schema: databaseUrlText,
      readBy: ["medport"],
    }),
    natsPassword: natsPasswordSetting(service, title),
  };
}

/** What `medport up` and its siblings read beside the silos' settings. */
export const launcherSettings = {
  folder: settingWithFallback({
    name: "MEDPORT_FOLDER",
    meaning: "the folder that holds everything embedded: data, keys, secrets, logs",
    fallback: ".medport",
    schema: pathText,
    readBy: ["medport"],
  }),
  natsPort: settingWithFallback({
    name: "NATS_PORT",
    meaning: "the port of the embedded broker",
    fallback: String(natsPort),
    schema: portText,
    readBy: ["medport"],
  }),
  natsUrl: optionalSetting({
    name: "NATS_URL",
    meaning: "the broker; given, none is embedded",
    schema: natsUrlText,
    readBy: ["medport"],
  }),
  doctorNatsPassword: natsPasswordSetting("doctor", "the operator's commands"),
  natsServerBin: optionalSetting({
    name: "NATS_SERVER_BIN",
    meaning: "the program nats-server for the embedded broker; the PATH, then our cache, then apt if absent",
    example: "/usr/local/bin/nats-server",
    schema: pathText,
    readBy: ["medport"],
  }),
} as const;

/** What `medport migrate` reads beside what `medport up` does. */
export const migratorSettings = {
  legacyDatabaseUrl: optionalSetting({
    name: "LEGACY_DATABASE_URL",
    meaning: 'the old MedPort database that "medport migrate" moves, in the name of the role that owns its tables',
    example: "postgresql://medport:PASSWORD@127.0.0.1:5431/medport",
    schema: databaseUrlText,
    readBy: ["medport"],
  }),
} as const;

const sharedSettings = {
  natsUrl: settingWithFallback({
    name: "NATS_URL",
    meaning: 'the broker; given to "medport", none is embedded',
    fallback: `nats://127.0.0.1:${natsPort}`,
    schema: natsUrlText,
    readBy: [...serviceNames, "medport"],
  }),
  natsPassword: optionalSetting({
    name: "NATS_PASSWORD",
    meaning: "the service's password at the broker",
    schema: anyText,
    readBy: serviceNames,
  }),
  servicePublicKeysFile: requiredSetting({
    name: "SERVICE_PUBLIC_KEYS_FILE",
    meaning: "the file with the public keys of all services, by which one knows the other",
    example: ".medport/keys/services.json",
    schema: pathText,
    readBy: serviceNames,
  }),
  logLevel: settingWithFallback({
    name: "LOG_LEVEL",
    meaning: `how much is logged: ${logLevels.join(", ")}`,
    fallback: "info",
    schema: oneOf(logLevels),
    readBy: serviceNames,
  }),
  corsOrigins: optionalSetting({
    name: "CORS_ORIGINS",
    meaning: "the origins of web pages that may call the services, with commas between; none if absent",
    example: "https://console.example",
    schema: originsText,
    readBy: serviceNames,
  }),
  drainMs: settingWithFallback({
    name: "DRAIN_MS",
    meaning: "how many milliseconds a service that stops leaves to the calls that it still answers",
    fallback: "10000",
    schema: wholeNumber(0, 600_000),
    readBy: serviceNames,
  }),
} as const;

function hostSetting(service: ServiceName): Setting<string> {
  return settingWithFallback({
    name: `${prefixOf(service)}_HOST`,
    meaning: `the address that ${serviceTitles[service]} listens at; 0.0.0.0 for all`,
    fallback: "127.0.0.1",
    schema: hostText,
    readBy: [service],
  });
}

function portSetting(service: ServiceName): Setting<number> {
  return settingWithFallback({
    name: `${prefixOf(service)}_PORT`,
    meaning: `the port that ${serviceTitles[service]} listens on`,
    fallback: String(servicePorts[service]),
    schema: portText,
    readBy: [service, "medport"],
  });
}

function addressSetting(service: ServiceName): Setting<string> {
  return settingWithFallback({
    name: `${prefixOf(service)}_ADDRESS`,
    meaning: `where the other services find ${serviceTitles[service]}`,
    fallback: `127.0.0.1:${servicePorts[service]}`,
    schema: addressText,
    readBy: serviceNames,
  });
}

function natsPasswordSetting(user: ServiceName | "doctor", title: string): Setting<string | undefined> {
  return optionalSetting({
    name: `${user.toUpperCase()}_NATS_PASSWORD`,
    meaning: `the password of the user ${user} (${title}) at the broker that NATS_URL names`,
    schema: anyText,
    readBy: ["medport"],
  });
}

function prefixOf(service: ServiceName): string {
  return service.toUpperCase();
}

/** Every setting of the project once, in the order in which people meet them. `.env.example` is made from it. */
export function allSettings(): readonly Setting<unknown>[] {
  const all = [
    ...serviceNames.flatMap((service) => Object.values<Setting<unknown>>(serviceSettings(service))),
    ...Object.values<Setting<unknown>>(centerSettings()),
    ...serviceNames.flatMap((service) => Object.values<Setting<unknown>>(siloSettings(service))),
    ...Object.values<Setting<unknown>>(launcherSettings),
    ...Object.values<Setting<unknown>>(migratorSettings),
  ];
  return all.filter(({ name }, index) => all.findIndex((other) => other.name === name) === index);
}
