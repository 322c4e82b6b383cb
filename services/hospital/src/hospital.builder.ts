import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create, type DescMessage, type DescService, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { type Client as RpcClient, createClient, type Interceptor } from "@connectrpc/connect";
import { createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";
import { connect, headers as natsHeaders } from "nats";
import { Client, Pool } from "pg";
import { AgencyDirectoryService } from "#gen/medport/center/v1/agency_directory_service_pb.ts";
import { AuthService } from "#gen/medport/center/v1/auth_service_pb.ts";
import { ServiceRegistryService } from "#gen/medport/center/v1/service_registry_service_pb.ts";
import { type AgencySchema, ServiceStatus } from "#gen/medport/ems/v1/agency_pb.ts";
import { AgencyRegisteredSchema } from "#gen/medport/events/v1/agency_events_pb.ts";
import { HospitalRegisteredSchema } from "#gen/medport/events/v1/hospital_events_pb.ts";
import { FacilityService } from "#gen/medport/hospital/v1/facility_service_pb.ts";
import { PreferenceService } from "#gen/medport/hospital/v1/preference_service_pb.ts";
import { TripClaimService } from "#gen/medport/hospital/v1/trip_claim_service_pb.ts";
import { TripService } from "#gen/medport/hospital/v1/trip_service_pb.ts";
import { aCenterUser, aUser, createTestKeys, type TestKeys } from "#platform/auth/auth.builder.ts";
import type { UserIdentity } from "#platform/auth/caller.ts";
import { fullJwk, publicJwkFrom } from "#platform/auth/jwk.ts";
import { serviceTokenHeader } from "#platform/auth/service-token.ts";
import { createMemoryLog } from "#platform/database/database.builder.ts";
import { migrate } from "#platform/database/migrate.ts";
import { headersFromEnvelope } from "#platform/events/cloud-event.ts";
import { eventSubject, eventTypeOf } from "#platform/events/event-type.ts";
import { streamName } from "#platform/events/topology.ts";
import { newId } from "#platform/id.ts";
import { startRpcServer } from "#platform/rpc/server.ts";
import { type ServiceName, serviceNames } from "#platform/service-name.ts";
import { eventually } from "#platform/testing/eventually.ts";
import { startTestBroker, type TestBroker } from "#platform/testing/test-broker.ts";
import { startTestPostgres } from "#platform/testing/test-postgres.ts";
import { migrations } from "../migrations/migrations.ts";
import { type Hospital, type HospitalParts, startHospital } from "./hospital.ts";
import { subscriptions } from "./subscriptions.ts";

type TestUser = Omit<UserIdentity, "token">;

type AgencyFields = Exclude<MessageInitShape<typeof AgencySchema>, { readonly $typeName: string }>;

/** The silo's services as one caller sees them. */
export interface HospitalClients {
  readonly trips: RpcClient<typeof TripService>;
  readonly claims: RpcClient<typeof TripClaimService>;
  readonly facilities: RpcClient<typeof FacilityService>;
  readonly preferences: RpcClient<typeof PreferenceService>;
}

/** A running Hospital with a database, a broker, and a stand-in for the one service that it calls. */
export interface TestHospital extends AsyncDisposable {
  readonly hospital: Hospital;
  readonly broker: TestBroker;
  readonly center: StandInCenter;
  readonly logged: readonly string[];
  /** Calls in a person's name, through a service if one is given. */
  as(user: TestUser | undefined, via?: ServiceName): HospitalClients;
  /** Asks the database as its administrator. */
  query<Row extends object>(sql: string, values?: readonly unknown[]): Promise<readonly Row[]>;
  /** Begins a transaction beside the service's own with one statement; disposing ends it, as often as you like. */
  hold(sql: string): Promise<AsyncDisposable>;
  /** Tells an event as its producer's relay would. */
  tell<S extends DescMessage>(schema: S, message: MessageInitShape<S>, id: string, version?: number): Promise<void>;
  /** Tells of an agency, and waits until it is known. */
  knowAgency(over: AgencyFields & { readonly id: string }, version?: number): Promise<void>;
  /** Tells of a hospital, and waits until it is known. */
  knowHospital(id: string, over?: { readonly active?: boolean }): Promise<void>;
}

/** Center as far as Hospital calls it. */
export interface StandInCenter extends AsyncDisposable {
  readonly address: string;
  readonly agencies: MessageInitShape<typeof AgencySchema>[];
  readonly reported: string[];
  /** Whose tokens came with the last question for agencies. */
  lastAsked: { user?: string; service?: string };
}

/** A hospital's dispatcher. */
export const aDispatcher = (hospitalId: string, over: Partial<TestUser> = {}): TestUser =>
  aUser({ userId: `user-of-${hospitalId}`, organizationId: hospitalId, roles: ["dispatcher", "orgAdmin"], ...over });

/** An agency's dispatcher. */
export const anAgencyDispatcher = (agencyId: string): TestUser =>
  aUser({ userId: `user-of-${agencyId}`, userType: "EMS", organizationId: agencyId, roles: ["dispatcher"] });

/** Somebody of Center. */
export const anOverseer = (): TestUser => aCenterUser();

export interface TestHospitalOptions {
  /** SQL that makes the database another than the service expects, before it starts. */
  readonly spoil?: string;
  /** Puts something into the database, as its administrator, before the service starts. */
  readonly fill?: (adminUrl: string) => Promise<void>;
  /** What stands in place of the real parts, but for the log. */
  readonly parts?: Omit<HospitalParts, "log">;
}

/** Starts Hospital through its composition root. Takes about two seconds. */
export async function startTestHospital({
  spoil,
  fill,
  parts: given,
}: TestHospitalOptions = {}): Promise<TestHospital> {
  await using parts = new AsyncDisposableStack();
  const keys = await createTestKeys();
  const { log, logged } = createMemoryLog("hospital");
  const postgres = parts.use(await startTestPostgres());
  const silo = await postgres.createDatabase("hospital");
  await migrate({ ownerUrl: silo.ownerUrl, appRole: silo.appRole, migrations, log });
  const broker = parts.use(await startTestBroker({ subscriptions: { hospital: subscriptions } }));
  const center = parts.use(await startCenter(keys));
  const files = parts.use(await writeKeyFiles(keys));
  const config = {
    host: "127.0.0.1",
    port: 0,
    databaseUrl: silo.appUrl,
    databasePoolSize: 10,
    natsUrl: broker.url,
    natsUser: broker.users.hospital.user,
    natsPassword: broker.users.hospital.password,
    ...files.paths,
    hospitalAddress: "hospital.test:50051",
    emsAddress: "127.0.0.1:1",
    centerAddress: center.address,
    logLevel: "debug",
    corsOrigins: undefined,
    drainMs: 1_000,
  } as const;
  const pool = parts.adopt(new Pool({ connectionString: silo.adminUrl, max: 2 }), (it) => it.end());
  const query: TestHospital["query"] = async (sql, values = []) => await rowsOf(pool, sql, values);
  if (spoil !== undefined) await query(spoil);
  await fill?.(silo.adminUrl);
  const hospital = parts.use(await startHospital(config, { ...given, log }));
  const sessions = parts.adopt(new Http2SessionManager(hospital.url), (it) => it.abort());
  const tell = teller(broker);
  const owned = parts.move();
  return {
    ...{ hospital, broker, center, logged, query, tell },
    hold: (sql) => holding(silo.adminUrl, sql),
    as: (user, via) => clientsOf(hospital.url, sessions, tokensOf(keys, user, via)),
    knowAgency: async (over, version = 1) => {
      const agency = { ...anAgency(over.id), ...over };
      await tell(AgencyRegisteredSchema, { agency }, over.id, version);
      await untilThere(query, "agency", over.id, version);
    },
    knowHospital: async (id, { active = true } = {}) => {
      await tell(HospitalRegisteredSchema, { hospital: { id, name: id, active } }, id);
      await untilThere(query, "hospital", id, 1);
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** An agency that takes part and serves Blair county. */
export function anAgency(id: string): AgencyFields {
  return { id, name: `Agency ${id}`, serviceArea: ["county:Blair"], active: true, status: ServiceStatus.ACTIVE };
}

async function rowsOf<Row extends object>(
  pool: Pool,
  sql: string,
  values: readonly unknown[],
): Promise<readonly Row[]> {
  const { rows } = await pool.query<Row & Record<string, unknown>>(sql, [...values]);
  return rows;
}

async function holding(url: string, sql: string): Promise<AsyncDisposable> {
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query("begin");
  await client.query(sql);
  let end: Promise<void> | undefined;
  return { [Symbol.asyncDispose]: () => (end ??= client.end()) };
}

async function untilThere(query: TestHospital["query"], table: string, id: string, version: number): Promise<void> {
  await eventually(async () => {
    const [row] = await query(`select from ${table} where id = $1 and version >= $2`, [id, version]);
    if (!row) throw new Error(`${table} ${id} has not arrived`);
  });
}

function tokensOf(keys: TestKeys, user: TestUser | undefined, via: ServiceName | undefined): Interceptor {
  return (next) => async (request) => {
    if (user) request.header.set("authorization", `Bearer ${await keys.userToken(user)}`);
    if (via) request.header.set(serviceTokenHeader, await keys.serviceToken(via, "hospital"));
    return next(request);
  };
}

function clientsOf(url: string, sessionManager: Http2SessionManager, tokens: Interceptor): HospitalClients {
  const transport = createGrpcTransport({ baseUrl: url, sessionManager, interceptors: [tokens] });
  const client = <S extends DescService>(service: S): RpcClient<S> => createClient(service, transport);
  return {
    trips: client(TripService),
    claims: client(TripClaimService),
    facilities: client(FacilityService),
    preferences: client(PreferenceService),
  };
}

function teller({ users }: TestBroker): TestHospital["tell"] {
  return async (schema, message, id, version = 1) => {
    const type = eventTypeOf(schema);
    const { url, user, password } = users[type.producer];
    const connection = await connect({ servers: url, user, pass: password, inboxPrefix: `_INBOX_${user}` });
    const { streams } = await connection.jetstreamManager();
    await streams.add({ name: streamName(type.producer), subjects: [`evt.${type.producer}.>`] });
    const headers = natsHeaders();
    const { typeName, producer } = type;
    const envelope = { eventId: newId(), typeName, producer, aggregateId: id, version: BigInt(version) };
    const fields = headersFromEnvelope({ ...envelope, occurredAt: new Date(), context: {} });
    for (const [name, value] of Object.entries(fields)) headers.set(name, value);
    await connection
      .jetstream()
      .publish(eventSubject(type, id), toBinary(schema, create(schema, message)), { headers });
    await connection.close();
  };
}

async function startCenter(keys: TestKeys): Promise<StandInCenter> {
  const agencies: MessageInitShape<typeof AgencySchema>[] = [];
  const reported: string[] = [];
  const lastAsked: StandInCenter["lastAsked"] = {};
  const { log } = createMemoryLog("center");
  const { kid, x, y } = publicJwkFrom(keys.tokenKey);
  const server = await startRpcServer({
    service: "center",
    host: "127.0.0.1",
    port: 0,
    routes: (router) => {
      router.service(AuthService, { listSigningKeys: () => ({ keys: [{ keyId: kid, x, y }] }) });
      router.service(AgencyDirectoryService, {
        listAgencies: (_request, context) => {
          lastAsked.user = context.requestHeader.has("authorization") ? "present" : "absent";
          lastAsked.service = context.requestHeader.has(serviceTokenHeader) ? "present" : "absent";
          return { agencies };
        },
      });
      router.service(ServiceRegistryService, {
        reportInstance: ({ address }) => {
          reported.push(address);
          return {};
        },
      });
    },
    authenticator: await keys.authenticator("center"),
    health: { statuses: () => new Map([["", "SERVING"]]), onChange: () => () => undefined },
    audit: { record: () => Promise.resolve() },
    log,
    drainMs: 0,
  });
  const address = `${server.address.host}:${server.address.port}`;
  return { address, agencies, reported, lastAsked, [Symbol.asyncDispose]: () => server.close() };
}

interface KeyFiles extends AsyncDisposable {
  readonly paths: { readonly serviceKeyFile: string; readonly servicePublicKeysFile: string };
}

async function writeKeyFiles({ serviceKeys }: TestKeys): Promise<KeyFiles> {
  const folder = await mkdtemp(join(tmpdir(), "medport-hospital-"));
  const paths = {
    serviceKeyFile: join(folder, "hospital.json"),
    servicePublicKeysFile: join(folder, "services.json"),
  };
  const publicKeys = serviceNames.map((name) => fullJwk(publicJwkFrom(serviceKeys[name])));
  await writeFile(paths.serviceKeyFile, JSON.stringify(fullJwk(serviceKeys.hospital)));
  await writeFile(paths.servicePublicKeysFile, JSON.stringify({ keys: publicKeys }));
  return { paths, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) };
}
