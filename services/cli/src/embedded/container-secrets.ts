import { chmod, copyFile, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { databasePorts } from "#platform/config/settings.ts";
import { type BrokerUser, brokerUsers } from "#platform/embedded/nats-config.ts";
import { postgresAdmin } from "#platform/embedded/postgres-server.ts";
import { type ServiceName, serviceNames } from "#platform/service-name.ts";
import { findMeshFolder, makeMeshFolder, writePrivateFile } from "./mesh-folder.ts";
import { type MeshSecrets, openMeshKeys, openMeshSecrets } from "./mesh-secrets.ts";

/** Where a container finds its own secrets. */
export const containerSecretsFolder = "/run/medport";

/** The port that a PostgreSQL container listens on, each on a machine of its own. */
const containerDatabasePort = databasePorts.hospital;

/** The variable that stands for a user's password in the broker's committed configuration. */
export function brokerPasswordVariable(user: BrokerUser): string {
  return `${user.toUpperCase()}_NATS_PASSWORD`;
}

/**
 * Makes the passwords and keys of a mesh in containers, once, and lays them out by reader: each container is given one
 * folder and sees nobody else's secrets. May be repeated: what exists stays.
 */
export async function writeContainerSecrets(path: string): Promise<void> {
  const folder = await findMeshFolder({ root: path, folder: "all", user: undefined });
  await makeMeshFolder(folder);
  const secrets = await openMeshSecrets(folder);
  const keys = await openMeshKeys(folder);
  for (const service of serviceNames) {
    const own = await makeFolder(path, service);
    await copyFile(keys.serviceKeyFiles[service], join(own, "service-key.json"));
    await copyFile(keys.servicePublicKeysFile, join(own, "services.json"));
    if (service === "center") await copyFile(keys.tokenKeysFile, join(own, "tokens.json"));
    await writePrivateFile(join(own, "service.env"), envText(serviceVariables(service, secrets)));
    const database = await makeFolder(path, `${service}-database`);
    await writePrivateFile(join(database, "password"), secrets.databases[service].admin);
  }
  const broker = await makeFolder(path, "broker");
  await writePrivateFile(join(broker, "passwords.conf"), brokerPasswords(secrets));
  const setup = await makeFolder(path, "setup");
  await writePrivateFile(join(setup, "setup.env"), envText(setupVariables(secrets)));
}

function serviceVariables(service: ServiceName, secrets: MeshSecrets): Readonly<Record<string, string>> {
  const prefix = service.toUpperCase();
  return {
    [`${prefix}_DATABASE_URL`]: databaseUrl(service, `${service}_app`, secrets.databases[service].app, service),
    [`${prefix}_SERVICE_KEY_FILE`]: `${containerSecretsFolder}/service-key.json`,
    SERVICE_PUBLIC_KEYS_FILE: `${containerSecretsFolder}/services.json`,
    ...(service === "center" && { CENTER_TOKEN_KEYS_FILE: `${containerSecretsFolder}/tokens.json` }),
    NATS_PASSWORD: secrets.broker[service],
  };
}

function setupVariables({ databases }: MeshSecrets): Readonly<Record<string, string>> {
  const entries = serviceNames.flatMap((service) => {
    const { admin, owner, app } = databases[service];
    const prefix = `${service.toUpperCase()}_DATABASE`;
    return [
      [`${prefix}_URL`, databaseUrl(service, `${service}_app`, app, service)],
      [`${prefix}_OWNER_URL`, databaseUrl(service, `${service}_owner`, owner, service)],
      [`${prefix}_ADMIN_URL`, databaseUrl(service, postgresAdmin, admin, "postgres")],
    ] as const;
  });
  return Object.fromEntries(entries);
}

function databaseUrl(service: ServiceName, role: string, password: string, database: string): string {
  return `postgresql://${role}:${password}@${service}-database:${containerDatabasePort}/${database}`;
}

function brokerPasswords({ broker }: MeshSecrets): string {
  return brokerUsers.map((user) => `${brokerPasswordVariable(user)}: "${broker[user]}"\n`).join("");
}

function envText(variables: Readonly<Record<string, string>>): string {
  return Object.entries(variables)
    .map(([name, value]) => `${name}=${value}\n`)
    .join("");
}

async function makeFolder(path: string, name: string): Promise<string> {
  const folder = join(path, name);
  await mkdir(folder, { recursive: true });
  await chmod(folder, 0o700);
  return folder;
}
