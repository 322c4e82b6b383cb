import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generateServiceKeys, generateTokenKeys } from "#platform/auth/key-file.ts";
import { type Clock, systemClock } from "#platform/clock.ts";
import { createMemoryLog } from "#platform/database/database.builder.ts";
import { migrate } from "#platform/database/migrate.ts";
import { freePort } from "#platform/embedded/free-port.ts";
import type { Subscriptions } from "#platform/events/topology.ts";
import { type ServiceName, serviceNames } from "#platform/service-name.ts";
import type { Logger } from "#platform/telemetry/log.ts";
import { startTestBroker, type TestBroker } from "#platform/testing/test-broker.ts";
import { startTestPostgres, type TestDatabase } from "#platform/testing/test-postgres.ts";
import { migrations as centerMigrations } from "../../services/center/migrations/migrations.ts";
import { startCenter } from "../../services/center/src/center.ts";
import { subscriptions as centerSubscriptions } from "../../services/center/src/subscriptions.ts";
import { createFirstAdmin } from "../../services/center/src/users/first-admin.setup.ts";
import { firstAdminEmail, newSampleAccounts, type SampleAccount } from "../../services/cli/src/sample/accounts.ts";
import { seedSampleRegion } from "../../services/cli/src/sample/seed.ts";
import { connectMesh, type ConnectedMesh } from "../../services/client/connect-mesh.ts";
import { migrations as emsMigrations } from "../../services/ems/migrations/migrations.ts";
import { startEms } from "../../services/ems/src/ems.ts";
import { subscriptions as emsSubscriptions } from "../../services/ems/src/subscriptions.ts";
import { migrations as hospitalMigrations } from "../../services/hospital/migrations/migrations.ts";
import { startHospital } from "../../services/hospital/src/hospital.ts";
import { subscriptions as hospitalSubscriptions } from "../../services/hospital/src/subscriptions.ts";

/** A whole mesh in this process: three services, three databases, a broker, and the sample region. */
export interface TestMesh extends AsyncDisposable {
  /** Nobody's: log in through it. */
  readonly mesh: ConnectedMesh;
  readonly addresses: Readonly<Record<ServiceName, string>>;
  readonly databases: Readonly<Record<ServiceName, TestDatabase>>;
  readonly broker: TestBroker;
  readonly accounts: readonly SampleAccount[];
  /** Everything that the services have written to their logs. */
  readonly logged: readonly string[];
  /** Stops one service in order. */
  stop(service: ServiceName): Promise<void>;
  /** Starts one service again, where it was. */
  start(service: ServiceName): Promise<void>;
}

const migrationsOf = { hospital: hospitalMigrations, ems: emsMigrations, center: centerMigrations } as const;
const subscriptions: Subscriptions = {
  hospital: hospitalSubscriptions,
  ems: emsSubscriptions,
  center: centerSubscriptions,
};

/** What a test may put in place of the real thing. */
export interface TestMeshOptions {
  /** The services' own. */
  readonly clock?: Clock;
  /** For runs so long that memory would not hold what is logged; `logged` is empty then. */
  readonly log?: Logger;
}

/** Starts the three services through their composition roots and loads the sample region. Takes a few seconds. */
export async function startTestMesh(options: TestMeshOptions = {}): Promise<TestMesh> {
  await using parts = new AsyncDisposableStack();
  const memory = createMemoryLog("mesh");
  const { logged } = memory;
  const { clock = systemClock, log = memory.log } = options;
  const postgres = parts.use(await startTestPostgres());
  const broker = parts.use(await startTestBroker({ subscriptions }));
  const databases = {
    hospital: await postgres.createDatabase("hospital"),
    ems: await postgres.createDatabase("ems"),
    center: await postgres.createDatabase("center"),
  };
  for (const service of serviceNames) {
    const { ownerUrl, appRole } = databases[service];
    await migrate({ ownerUrl, appRole, migrations: migrationsOf[service], log });
  }
  const keys = parts.use(await writeKeys());
  const ports = { hospital: await freePort(), ems: await freePort(), center: await freePort() };
  const addresses = {
    hospital: `127.0.0.1:${ports.hospital}`,
    ems: `127.0.0.1:${ports.ems}`,
    center: `127.0.0.1:${ports.center}`,
  };

  const configOf = (service: ServiceName) => ({
    host: "127.0.0.1",
    port: ports[service],
    databaseUrl: databases[service].appUrl,
    databasePoolSize: 10,
    natsUrl: broker.url,
    natsUser: broker.users[service].user,
    natsPassword: broker.users[service].password,
    serviceKeyFile: keys.serviceKeyFiles[service],
    servicePublicKeysFile: keys.servicePublicKeysFile,
    hospitalAddress: addresses.hospital,
    emsAddress: addresses.ems,
    centerAddress: addresses.center,
    logLevel: "debug" as const,
    corsOrigins: undefined,
    drainMs: 1_000,
  });
  const starts: Readonly<Record<ServiceName, () => Promise<AsyncDisposable>>> = {
    // Twenty accounts are made; hashing their passwords as in production would take longer than all the rest.
    center: () =>
      startCenter({ ...configOf("center"), tokenKeysFile: keys.tokenKeysFile }, { log, clock, passwords: { cost: 4 } }),
    hospital: () => startHospital(configOf("hospital"), { log, clock }),
    ems: () => startEms(configOf("ems"), { log, clock }),
  };
  const running = new Map<ServiceName, AsyncDisposable>();
  const start = async (service: ServiceName): Promise<void> => void running.set(service, await starts[service]());
  const stop = async (service: ServiceName): Promise<void> => {
    await running.get(service)?.[Symbol.asyncDispose]();
    running.delete(service);
  };
  for (const service of ["center", "hospital", "ems"] as const) {
    await start(service);
    parts.defer(() => stop(service));
  }

  const accounts = newSampleAccounts();
  const admin = accounts.find(({ email }) => email === firstAdminEmail);
  if (!admin) throw new Error("the sample region has no first admin");
  await createFirstAdmin({ ...admin, databaseUrl: databases.center.appUrl, log });
  const mesh = parts.use(connectMesh({ addresses, retryForMs: 20_000 }));
  await seedSampleRegion({ mesh, accounts, onProgress: () => undefined });
  const owned = parts.move();
  return {
    mesh,
    addresses,
    databases,
    broker,
    accounts,
    logged,
    stop,
    start,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function writeKeys() {
  const folder = await mkdtemp(join(tmpdir(), "medport-mesh-"));
  const inFolder = (name: string): string => join(folder, name);
  const { privateKeys, publicKeys } = await generateServiceKeys();
  const serviceKeyFiles = {
    hospital: inFolder("hospital.json"),
    ems: inFolder("ems.json"),
    center: inFolder("center.json"),
  };
  for (const service of serviceNames) await writeFile(serviceKeyFiles[service], privateKeys[service]);
  const servicePublicKeysFile = inFolder("services.json");
  await writeFile(servicePublicKeysFile, publicKeys);
  const tokenKeysFile = inFolder("tokens.json");
  await writeFile(tokenKeysFile, await generateTokenKeys());
  return {
    ...{ serviceKeyFiles, servicePublicKeysFile, tokenKeysFile },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}
