import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DescService } from "@bufbuild/protobuf";
import { type Client, type ConnectRouter, createClient, type Interceptor } from "@connectrpc/connect";
import { createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";
import { aCenterUser, createTestKeys, type TestKeys } from "#platform/auth/auth.builder.ts";
import type { UserIdentity } from "#platform/auth/caller.ts";
import { fullJwk, publicJwkFrom } from "#platform/auth/jwk.ts";
import { serviceTokenHeader } from "#platform/auth/service-token.ts";
import { type Clock, systemClock } from "#platform/clock.ts";
import { createMemoryLog, openSiloDatabase } from "#platform/database/database.builder.ts";
import { type Database, openDatabase } from "#platform/database/database.ts";
import { migrate } from "#platform/database/migrate.ts";
import { connectBroker } from "#platform/events/broker.ts";
import { appendEvents, type PendingEvent } from "#platform/events/outbox.ts";
import { startRelay } from "#platform/events/relay.ts";
import { aTestHealth } from "#platform/rpc/rpc.builder.ts";
import { startRpcServer } from "#platform/rpc/server.ts";
import { type ServiceName, serviceNames } from "#platform/service-name.ts";
import { startTestBroker, type TestBroker } from "#platform/testing/test-broker.ts";
import { startTestPostgres, type TestDatabase } from "#platform/testing/test-postgres.ts";
import { migrations } from "../migrations/migrations.ts";
import { startCenter } from "./center.ts";
import type { CenterConfig } from "./config.ts";
import { entities } from "./entities.ts";
import type { PasswordHasherOptions } from "./passwords/password.hasher.ts";
import { subscriptions } from "./subscriptions.ts";

/** Center's database fit for tests: migrated, and opened in the application's role. */
export interface CenterDatabase extends AsyncDisposable {
  readonly database: Database;
  readonly silo: TestDatabase;
}

/** Makes an empty database of Center's. */
export async function openCenterDatabase(label: string): Promise<CenterDatabase> {
  await using parts = new AsyncDisposableStack();
  const { log } = createMemoryLog("center");
  const silo = parts.use(await parts.use(await startTestPostgres()).createDatabase(label));
  await migrate({ ownerUrl: silo.ownerUrl, appRole: silo.appRole, migrations, log });
  const opened = await openDatabase({ url: silo.appUrl, service: "center", entities, poolSize: 4, log });
  const database = parts.adopt(opened, (it) => it.close());
  const owned = parts.move();
  return { database, silo, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** Center, started through its composition root, with a database, a broker and keys of its own. */
export interface TestCenter extends CenterDatabase {
  readonly url: string;
  readonly config: CenterConfig;
  readonly keys: TestKeys;
  readonly broker: TestBroker;
  /** Every line that Center logged, as JSON. */
  readonly logged: readonly string[];
  /** A client in a person's name; of Center's admin unless another is given. */
  client<S extends DescService>(service: S, user?: Omit<UserIdentity, "token">): Client<S>;
  /** A client with whatever headers a test wants. */
  clientWith<S extends DescService>(service: S, headers: Readonly<Record<string, string>>): Client<S>;
  /** A client of another service on its own. */
  clientOfService<S extends DescService>(service: S, from: ServiceName): Client<S>;
  /** Publishes events of another service, as its own outbox and relay would. */
  producer(service: ServiceName): Promise<EventProducer>;
}

/** Tells events of another service. */
export interface EventProducer {
  tell(...events: readonly PendingEvent[]): Promise<void>;
}

/** What stands at Center's border in a test. */
export interface TestCenterOptions {
  readonly clock?: Clock;
  readonly passwords?: PasswordHasherOptions;
  /** Runs before Center starts, on its migrated database. */
  readonly beforeStart?: (base: CenterDatabase) => Promise<unknown>;
  /** What answers in Hospital's place; nobody if absent. */
  readonly hospital?: (router: ConnectRouter) => unknown;
  /** What answers in EMS's place; nobody if absent. */
  readonly ems?: (router: ConnectRouter) => unknown;
}

/** Starts Center for a test. */
export async function startTestCenter(label: string, options: TestCenterOptions = {}): Promise<TestCenter> {
  const { clock = systemClock, passwords = { cost: 4 } } = options;
  await using parts = new AsyncDisposableStack();
  const base = parts.use(await openCenterDatabase(label));
  const broker = parts.use(await startTestBroker({ subscriptions: { center: subscriptions } }));
  const keys = await createTestKeys(clock);
  const folder = await mkdtemp(join(tmpdir(), "medport-center-"));
  parts.defer(() => rm(folder, { recursive: true }));
  const { log, logged } = createMemoryLog("center");
  const addresses = { hospital: noAddress, ems: noAddress };
  for (const peer of ["hospital", "ems"] as const) {
    const routes = options[peer];
    if (routes) addresses[peer] = await startBorder(parts, keys, peer, routes);
  }
  const config = {
    ...(await writeKeyFiles(folder, keys)),
    ...brokerSettings(broker),
    host: "127.0.0.1",
    port: 0,
    databaseUrl: base.silo.appUrl,
    databasePoolSize: 10,
    hospitalAddress: addresses.hospital,
    emsAddress: addresses.ems,
    centerAddress: "center.example:50053",
    logLevel: "debug",
    corsOrigins: [],
    drainMs: 2_000,
  } as const;
  await options.beforeStart?.(base);
  const center = parts.use(await startCenter(config, { clock, log, passwords }));
  const connection = parts.adopt(new Http2SessionManager(center.url), (it) => it.abort());
  const transport = (interceptor: Interceptor) =>
    createGrpcTransport({ baseUrl: center.url, sessionManager: connection, interceptors: [interceptor] });
  const owned = parts.move();
  return {
    ...base,
    url: center.url,
    config,
    keys,
    broker,
    logged,
    client: (service, user = aCenterUser()) =>
      createClient(
        service,
        transport(withHeaders(async () => ({ authorization: `Bearer ${await keys.userToken(user)}` }))),
      ),
    clientWith: (service, headers) => createClient(service, transport(withHeaders(async () => headers))),
    clientOfService: (service, from) =>
      createClient(
        service,
        transport(withHeaders(async () => ({ [serviceTokenHeader]: await keys.serviceToken(from, "center") }))),
      ),
    producer: (service) => startProducer(owned, broker, service),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function brokerSettings({ users }: TestBroker) {
  const { url: natsUrl, user: natsUser, password: natsPassword } = users.center;
  return { natsUrl, natsUser, natsPassword };
}

/** Nobody listens on this port. */
const noAddress = "127.0.0.1:1";

function withHeaders(headers: () => Promise<Readonly<Record<string, string>>>): Interceptor {
  return (next) => async (request) => {
    for (const [name, value] of Object.entries(await headers())) request.header.set(name, value);
    return next(request);
  };
}

async function startBorder(
  parts: AsyncDisposableStack,
  keys: TestKeys,
  service: "hospital" | "ems",
  routes: (router: ConnectRouter) => unknown,
): Promise<string> {
  const server = parts.use(
    await startRpcServer({
      service,
      host: "127.0.0.1",
      port: 0,
      routes,
      authenticator: await keys.authenticator(service),
      health: aTestHealth(),
      audit: { record: () => Promise.resolve() },
      log: createMemoryLog(service).log,
      drainMs: 500,
    }),
  );
  return `${server.address.host}:${server.address.port}`;
}

async function writeKeyFiles(folder: string, keys: TestKeys) {
  const files = {
    serviceKeyFile: join(folder, "center.json"),
    servicePublicKeysFile: join(folder, "services.json"),
    tokenKeysFile: join(folder, "tokens.json"),
  };
  const services = serviceNames.map((name) => fullJwk(publicJwkFrom(keys.serviceKeys[name])));
  await writeFile(files.serviceKeyFile, JSON.stringify(fullJwk(keys.serviceKeys.center)));
  await writeFile(files.servicePublicKeysFile, JSON.stringify({ keys: services }));
  await writeFile(files.tokenKeysFile, JSON.stringify({ keys: [fullJwk(keys.tokenKey)] }));
  return files;
}

async function startProducer(
  parts: AsyncDisposableStack,
  broker: TestBroker,
  service: ServiceName,
): Promise<EventProducer> {
  const { database, silo } = parts.use(await openSiloDatabase(`producer ${service}`, { service }));
  const { log } = createMemoryLog(service);
  const { url, user, password } = broker.users[service];
  const connection = parts.use(await connectBroker({ url, user, password, name: service, log }));
  const relay = parts.use(startRelay({ databaseUrl: silo.appUrl, broker: connection, service, log }));
  database.onCommit(() => relay.wake());
  return { tell: (...events) => database.transaction((tx) => appendEvents(tx, events)) };
}
