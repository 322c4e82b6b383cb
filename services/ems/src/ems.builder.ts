import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create, type DescMessage, type DescService, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { type Client, createClient, type Interceptor } from "@connectrpc/connect";
import { createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";
import { connect, headers as natsHeaders } from "nats";
import { Pool } from "pg";
import { AuthService } from "#gen/medport/center/v1/auth_service_pb.ts";
import { ServiceRegistryService } from "#gen/medport/center/v1/service_registry_service_pb.ts";
import { type AgencyProfileSchema, ServiceStatus } from "#gen/medport/ems/v1/agency_pb.ts";
import { AgencyService } from "#gen/medport/ems/v1/agency_service_pb.ts";
import { BidService } from "#gen/medport/ems/v1/bid_service_pb.ts";
import { DispatchService } from "#gen/medport/ems/v1/dispatch_service_pb.ts";
import { RouteService } from "#gen/medport/ems/v1/route_service_pb.ts";
import { UnitService } from "#gen/medport/ems/v1/unit_service_pb.ts";
import {
  TripAcceptedSchema,
  TripCancelledSchema,
  TripCompletedSchema,
  TripCreatedSchema,
  TripStartedSchema,
  TripUnitAssignedSchema,
} from "#gen/medport/events/v1/trip_events_pb.ts";
import { AwardPolicy, Priority, TransportLevel, TransportStatus } from "#gen/medport/transport/v1/trip_pb.ts";
import { UnitType } from "#gen/medport/transport/v1/unit_type_pb.ts";
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
import { startTestPostgres, type TestPostgres } from "#platform/testing/test-postgres.ts";
import { migrations } from "../migrations/migrations.ts";
import { type Ems, startEms } from "./ems.ts";
import { type StandInHospital, type StandInTrip, startStandInHospital } from "./stand-in-hospital.builder.ts";
import { subscriptions } from "./subscriptions.ts";

type TestUser = Omit<UserIdentity, "token">;

/** The silo's services as one caller sees them. */
export interface EmsClients {
  readonly agencies: Client<typeof AgencyService>;
  readonly units: Client<typeof UnitService>;
  readonly routes: Client<typeof RouteService>;
  readonly bids: Client<typeof BidService>;
  readonly dispatch: Client<typeof DispatchService>;
}

/** A running EMS with a database, a broker, and stand-ins for the two services that it calls. */
export interface TestEms extends AsyncDisposable {
  readonly broker: TestBroker;
  readonly hospital: StandInHospital;
  readonly logged: readonly string[];
  /** What the service has told Center's registry of its addresses. */
  readonly reported: readonly string[];
  url(): string;
  /** Calls in a person's name, through a service if one is given. */
  as(user: TestUser | undefined, via?: ServiceName): EmsClients;
  /** Asks the database as its administrator. */
  query<Row extends object>(sql: string, values?: readonly unknown[]): Promise<readonly Row[]>;
  /** Tells an event as its producer's relay would. */
  tell<S extends DescMessage>(schema: S, message: MessageInitShape<S>, id: string, version?: number): Promise<void>;
  /** Registers an agency that serves Blair county, unless said otherwise. */
  agency(id: string, over?: AgencyOver): Promise<EmsClients>;
  /** Adds a unit. @returns its id. */
  unit(agencyId: string, type?: UnitType): Promise<string>;
  /** A trip in Blair county that the stand-in has and EMS has heard of. @returns its id. */
  trip(over?: Partial<StandInTrip>): Promise<string>;
  /** Tells how the stand-in's trip is now, as the event that its status calls for, and waits until it was heard. */
  tellTrip(tripId: string): Promise<void>;
  /** Lets time pass for the service. */
  elapse(ms: number): void;
  /** Stops the service, as far as it lets itself be stopped. */
  stop(): Promise<void>;
  /** Starts it again on the same database. */
  start(): Promise<void>;
  /** Starts another instance beside it, on the same database. Dispose it to stop. */
  startAnother(): Promise<AsyncDisposable>;
}

export interface AgencyOver {
  readonly profile?: Partial<Exclude<MessageInitShape<typeof AgencyProfileSchema>, { readonly $typeName: string }>>;
  readonly status?: ServiceStatus;
}

export interface TestEmsOptions {
  /** A cluster of the test's own; the shared one unless given. */
  readonly postgres?: TestPostgres;
  /** SQL that makes the database another than the service expects, before it starts. */
  readonly spoil?: string;
}

/** A hospital's dispatcher. */
export const aHospitalDispatcher = (hospitalId: string, over: Partial<TestUser> = {}): TestUser =>
  aUser({ userId: `user-of-${hospitalId}`, organizationId: hospitalId, roles: ["dispatcher", "orgAdmin"], ...over });

/** An agency's dispatcher. */
export const anAgencyDispatcher = (agencyId: string, over: Partial<TestUser> = {}): TestUser =>
  aUser({ userId: `user-of-${agencyId}`, userType: "EMS", organizationId: agencyId, roles: ["dispatcher"], ...over });

/** Somebody of Center. */
export const anOverseer = (): TestUser => aCenterUser();

/** What an agency tells of itself. */
export const aProfile = {
  name: "Blair Ambulance",
  contactName: "Ada",
  phone: "814-555-0100",
  email: "office@blair.example",
  address: "1 Main Street",
  city: "Altoona",
  state: "PA",
  zipCode: "16601",
  serviceArea: ["county:Blair"],
  operatingHours: "24/7",
  capabilities: ["BLS", "ALS"],
};

/** Starts EMS through its composition root. Takes about two seconds. */
export async function startTestEms({ postgres: own, spoil }: TestEmsOptions = {}): Promise<TestEms> {
  await using parts = new AsyncDisposableStack();
  let elapsedMs = 0;
  // One clock for all who sign and verify tokens, as far as the tokens are concerned.
  const clock = (): Date => new Date(Date.now() + elapsedMs);
  const keys = await createTestKeys(clock);
  const { log, logged } = createMemoryLog("ems");
  const postgres = own ?? parts.use(await startTestPostgres());
  const silo = await postgres.createDatabase("ems");
  await migrate({ ownerUrl: silo.ownerUrl, appRole: silo.appRole, migrations, log });
  const broker = parts.use(await startTestBroker({ subscriptions: { ems: subscriptions } }));
  const center = parts.use(await startStandInCenter(keys));
  const hospital = parts.use(await startStandInHospital(keys, clock));
  const files = parts.use(await writeKeyFiles(keys));
  const config = {
    host: "127.0.0.1",
    port: 0,
    databaseUrl: silo.appUrl,
    databasePoolSize: 10,
    natsUrl: broker.url,
    natsUser: broker.users.ems.user,
    natsPassword: broker.users.ems.password,
    ...files.paths,
    hospitalAddress: hospital.address,
    emsAddress: "ems.test:50052",
    centerAddress: center.address,
    logLevel: "debug",
    corsOrigins: undefined,
    drainMs: 100,
  } as const;
  const pool = parts.adopt(new Pool({ connectionString: silo.adminUrl, max: 2 }), (it) => it.end());
  // A test may kill the database under it.
  pool.on("error", () => undefined);
  const query: TestEms["query"] = async (sql, values = []) => rowsOf(pool, sql, values);
  if (spoil !== undefined) await query(spoil);
  const startIt = (): Promise<Ems> => startEms(config, { log, clock, reconcileEveryMs: 50, biddingEveryMs: 50 });
  let ems: Ems | undefined = await startIt();
  parts.defer(() => ems?.[Symbol.asyncDispose]());
  const sessions = new Map<string, Http2SessionManager>();
  parts.defer(() => sessions.forEach((session) => session.abort()));
  const as: TestEms["as"] = (user, via) => {
    const url = ems?.url ?? "";
    const session = sessions.get(url) ?? new Http2SessionManager(url);
    sessions.set(url, session);
    return clientsOf(url, session, tokensOf(keys, user, via));
  };
  const tell = teller(broker);
  const owned = parts.move();
  const test: TestEms = {
    ...{ broker, hospital, logged, as, query, tell },
    reported: center.reported,
    url: () => ems?.url ?? "",
    agency: async (id, { profile = {}, status = ServiceStatus.ACTIVE } = {}) => {
      const request = { agencyId: id, profile: { ...aProfile, name: `Agency ${id}`, ...profile }, status };
      await as(anOverseer(), "center").agencies.createAgency(request);
      return as(anAgencyDispatcher(id));
    },
    unit: async (agencyId, type = UnitType.ALS) => {
      const { unit } = await as(anAgencyDispatcher(agencyId)).units.createUnit({ unitNumber: newId(), type });
      return unit?.id ?? "";
    },
    trip: async (over = {}) => {
      const trip = aTrip(over);
      hospital.trips.set(trip.tripId, trip);
      await tellTrip(test, trip);
      return trip.tripId;
    },
    tellTrip: async (tripId) => {
      const trip = hospital.trips.get(tripId);
      if (trip) await tellTrip(test, trip);
    },
    elapse: (ms) => {
      elapsedMs += ms;
    },
    stop: async () => {
      await ems?.[Symbol.asyncDispose]();
      ems = undefined;
    },
    start: async () => {
      ems = await startIt();
    },
    startAnother: startIt,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
  return test;
}

async function rowsOf<Row extends object>(
  pool: Pool,
  sql: string,
  values: readonly unknown[],
): Promise<readonly Row[]> {
  const { rows } = await pool.query<Row & Record<string, unknown>>(sql, [...values]);
  return rows;
}

function aTrip(over: Partial<StandInTrip>): StandInTrip {
  const place = { facilityId: "facility-1", name: "Mercy", city: "Altoona", state: "PA", county: "Blair" };
  const tripId = newId();
  return {
    tripId,
    tripNumber: `T-${tripId.slice(-6)}`,
    hospitalId: "mercy",
    origin: place,
    destination: { ...place, facilityId: "facility-2", name: "General", county: "Centre" },
    transportLevel: TransportLevel.ALS,
    priority: Priority.MEDIUM,
    status: TransportStatus.PENDING,
    awardPolicy: AwardPolicy.FIRST_ACCEPT,
    requestTime: timestampFromDate(new Date()),
    materialVersion: 1n,
    version: 1,
    ...over,
  };
}

const schemas: Readonly<Record<number, DescMessage>> = {
  [TransportStatus.PENDING]: TripCreatedSchema,
  [TransportStatus.ASSIGNED]: TripAcceptedSchema,
  [TransportStatus.IN_PROGRESS]: TripStartedSchema,
  [TransportStatus.COMPLETED]: TripCompletedSchema,
  [TransportStatus.CANCELLED]: TripCancelledSchema,
};

async function tellTrip(test: TestEms, { version, ...trip }: StandInTrip): Promise<void> {
  const [known] = await test.query<{ status: string }>("select status from trip_copy where id = $1", [trip.tripId]);
  const isUnit = known?.status === "ASSIGNED" && trip.status === TransportStatus.ASSIGNED;
  const schema = isUnit ? TripUnitAssignedSchema : schemas[trip.status];
  // Each of them has the trip in its first field.
  await test.tell(schema as typeof TripCreatedSchema, { trip }, trip.tripId, version);
  await eventually(
    async () => {
      const [row] = await test.query("select from trip_copy where id = $1 and version >= $2", [trip.tripId, version]);
      if (!row) throw new Error(`version ${version} of trip ${trip.tripId} has not arrived`);
    },
    { withinMs: 10_000 },
  );
}

function tokensOf(keys: TestKeys, user: TestUser | undefined, via: ServiceName | undefined): Interceptor {
  return (next) => async (request) => {
    if (user) request.header.set("authorization", `Bearer ${await keys.userToken(user)}`);
    if (via) request.header.set(serviceTokenHeader, await keys.serviceToken(via, "ems"));
    return next(request);
  };
}

function clientsOf(url: string, sessionManager: Http2SessionManager, tokens: Interceptor): EmsClients {
  const transport = createGrpcTransport({ baseUrl: url, sessionManager, interceptors: [tokens] });
  const client = <S extends DescService>(service: S): Client<S> => createClient(service, transport);
  return {
    agencies: client(AgencyService),
    units: client(UnitService),
    routes: client(RouteService),
    bids: client(BidService),
    dispatch: client(DispatchService),
  };
}

function teller({ users }: TestBroker): TestEms["tell"] {
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

interface StandInCenter extends AsyncDisposable {
  readonly address: string;
  readonly reported: readonly string[];
}

async function startStandInCenter(keys: TestKeys): Promise<StandInCenter> {
  const { kid, x, y } = publicJwkFrom(keys.tokenKey);
  const reported: string[] = [];
  const server = await startRpcServer({
    service: "center",
    host: "127.0.0.1",
    port: 0,
    routes: (router) => {
      router.service(AuthService, { listSigningKeys: () => ({ keys: [{ keyId: kid, x, y }] }) });
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
    log: createMemoryLog("center").log,
    drainMs: 0,
  });
  const address = `${server.address.host}:${server.address.port}`;
  return { address, reported, [Symbol.asyncDispose]: () => server.close() };
}

interface KeyFiles extends AsyncDisposable {
  readonly paths: { readonly serviceKeyFile: string; readonly servicePublicKeysFile: string };
}

async function writeKeyFiles({ serviceKeys }: TestKeys): Promise<KeyFiles> {
  const folder = await mkdtemp(join(tmpdir(), "medport-ems-"));
  const paths = { serviceKeyFile: join(folder, "ems.json"), servicePublicKeysFile: join(folder, "services.json") };
  const publicKeys = serviceNames.map((name) => fullJwk(publicJwkFrom(serviceKeys[name])));
  await writeFile(paths.serviceKeyFile, JSON.stringify(fullJwk(serviceKeys.ems)));
  await writeFile(paths.servicePublicKeysFile, JSON.stringify({ keys: publicKeys }));
  return { paths, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) };
}
