import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { ConnectRouter } from "@connectrpc/connect";
import { AuditLogService } from "#gen/medport/audit/v1/audit_log_service_pb.ts";
import { AgencyDirectoryService } from "#gen/medport/center/v1/agency_directory_service_pb.ts";
import { AnalyticsService } from "#gen/medport/center/v1/analytics_service_pb.ts";
import { AuditService } from "#gen/medport/center/v1/audit_service_pb.ts";
import { AuthService } from "#gen/medport/center/v1/auth_service_pb.ts";
import { ConfigurationService } from "#gen/medport/center/v1/configuration_service_pb.ts";
import { HospitalDirectoryService } from "#gen/medport/center/v1/hospital_directory_service_pb.ts";
import { OversightService } from "#gen/medport/center/v1/oversight_service_pb.ts";
import { ServiceRegistryService } from "#gen/medport/center/v1/service_registry_service_pb.ts";
import { UserService } from "#gen/medport/center/v1/user_service_pb.ts";
import { AgencyService } from "#gen/medport/ems/v1/agency_service_pb.ts";
import { TripService } from "#gen/medport/hospital/v1/trip_service_pb.ts";
import { auditLogRpc } from "#platform/audit/audit-log.rpc.ts";
import { type AuditLog, createAuditLog } from "#platform/audit/audit-log.ts";
import { createAuthenticator } from "#platform/auth/authenticator.ts";
import { publicJwkFrom } from "#platform/auth/jwk.ts";
import { readServiceKeyFile, readServicePublicKeysFile, readTokenKeysFile } from "#platform/auth/key-file.ts";
import { createFixedKeySource, createServiceKeySource } from "#platform/auth/key-source.ts";
import { createServiceTokens } from "#platform/auth/service-token.ts";
import { createUserTokenIssuer } from "#platform/auth/user-token.ts";
import { type Clock, systemClock } from "#platform/clock.ts";
import type { Database } from "#platform/database/database.ts";
import { refusalFromDatabase } from "#platform/database/refusal-from-database.ts";
import { createUnitOfWork, type UnitOfWork } from "#platform/database/unit-of-work.ts";
import { connectBroker } from "#platform/events/broker.ts";
import { startRelay } from "#platform/events/relay.ts";
import { newId } from "#platform/id.ts";
import { connectPeer, type Peer } from "#platform/rpc/peer.ts";
import { startRpcServer } from "#platform/rpc/server.ts";
import { startHousekeeping } from "#platform/silo/housekeeping.ts";
import { ownRelease } from "#platform/silo/release.ts";
import { startRepeatedWork } from "#platform/silo/repeated-work.ts";
import { openSiloDatabases } from "#platform/silo/silo-databases.ts";
import { startSiloHealth } from "#platform/silo/silo-health.ts";
import { createLog, type Logger } from "#platform/telemetry/log.ts";
import { agencyRpc } from "./agencies/agency.rpc.ts";
import { analyticsRpc } from "./analytics/analytics.rpc.ts";
import { auditRpc } from "./audit/audit.rpc.ts";
import { localAuditSource, remoteAuditSource } from "./audit/audit.sources.ts";
import { authRpc, type AuthRpcDeps } from "./auth/auth.rpc.ts";
import { createOwnRevocations } from "./auth/own-revocations.store.ts";
import { sweepSessions, sweepSessionsEveryMs } from "./auth/session.sweeper.ts";
import type { CenterConfig } from "./config.ts";
import { configurationRpc } from "./configuration/configuration.rpc.ts";
import { type Consumers, startConsumers } from "./consumers.ts";
import { entities } from "./entities.ts";
import { hospitalRpc } from "./hospitals/hospital.rpc.ts";
import { oversightRpc } from "./oversight/oversight.rpc.ts";
import { createPasswordHasher, type PasswordHasherOptions } from "./passwords/password.hasher.ts";
import { finishRegistrations, finishRegistrationsEveryMs } from "./registrations/registration.sweeper.ts";
import { reportInstance } from "./registry/instance.report.ts";
import { registryRpc } from "./registry/registered-service.rpc.ts";
import { recordHeartbeat } from "./registry/registered-service.store.ts";
import { heartbeatEveryMs, instanceName } from "./registry/registered-service.ts";
import { retireSilentInstances } from "./registry/silent-instance.sweeper.ts";
import { userRpc } from "./users/user.rpc.ts";

const service = "center";

/** What a test may put in place of the real thing. */
export interface CenterParts {
  readonly clock?: Clock;
  readonly log?: Logger;
  /** Tests hash cheaply; the cost is a production's. */
  readonly passwords?: PasswordHasherOptions;
}

/** The running service. Dispose it to stop: calls under way are finished first. */
export interface Center extends AsyncDisposable {
  /** Such as http://127.0.0.1:50053. */
  readonly url: string;
}

/**
 * Builds and starts the Center service: the one place where its parts meet. Each part is stopped before those that it
 * needs; a start that fails half-way stops what it had started.
 * @throws Error if the database is out of reach, a key file is wrong, or the port is taken.
 */
export async function startCenter(config: CenterConfig, parts: CenterParts = {}): Promise<Center> {
  const { clock = systemClock, log = createLog({ service, level: config.logLevel }) } = parts;
  await using owned = new AsyncDisposableStack();
  const { databaseUrl: url, databasePoolSize: poolSize } = config;
  const databases = owned.use(await openSiloDatabases({ url, service, entities, poolSize, log }));
  const database = databases.calls;
  const { natsUrl, natsUser: user, natsPassword: password } = config;
  const login = { user, ...(password !== undefined && { password }) };
  const broker = owned.use(await connectBroker({ url: natsUrl, ...login, name: service, log }));
  const expectedSchema = await readFile(new URL("../migrations/schema.txt", import.meta.url), "utf8");
  const health = owned.use(await startSiloHealth({ database, expectedSchema, broker, log }));
  const relay = owned.use(startRelay({ databaseUrl: url, broker, service, log }));
  databases.onCommit(() => relay.wake());
  const auditLog = createAuditLog({ database, clock, newId });
  const consumers = startConsumers({ database: databases.events, broker, service, log, clock }, { auditLog });
  for (const consumer of consumers.values()) owned.use(consumer);

  const keys = await readKeys(config);
  const serviceTokens = createServiceTokens({ service, privateJwk: keys.own, clock });
  const peer = { serviceTokens, log };
  const hospital = owned.use(connectPeer({ ...peer, address: config.hospitalAddress, target: "hospital" }));
  const ems = owned.use(connectPeer({ ...peer, address: config.emsAddress, target: "ems" }));
  const unitOfWork = createUnitOfWork({ database, service, clock, newId });
  const auth: AuthRpcDeps = {
    unitOfWork,
    hasher: await createPasswordHasher(parts.passwords),
    issuer: createUserTokenIssuer({ keys: keys.tokens, clock }),
    publicKeys: keys.tokens.map(publicJwkFrom),
    newId,
    newRefreshToken: () => randomBytes(32).toString("base64url"),
  };
  const server = owned.use(
    await startRpcServer({
      service,
      host: config.host,
      port: config.port,
      routes: routesOf({ database, auditLog, auth, unitOfWork, consumers, hospital, ems, clock, log }),
      authenticator: createAuthenticator({
        service,
        userKeys: await createFixedKeySource(auth.publicKeys),
        serviceKeys: await createServiceKeySource(keys.services),
        revocations: createOwnRevocations(database),
        // Whoever repeats a logout is to hear again that it is done.
        unaffected: [AuthService.method.logout],
        clock,
      }),
      health,
      audit: auditLog,
      recordCall: (context, work) => unitOfWork.call(context, work),
      refusalFrom: refusalFromDatabase,
      log,
      cors: { allowedOrigins: config.corsOrigins ?? [] },
      drainMs: config.drainMs,
    }),
  );
  // Where the others find it; the socket may be bound to every interface.
  const address = config.centerAddress;
  const release = await ownRelease();
  const beat = (): Promise<void> => reportOwnInstance({ database, unitOfWork, clock, address, release });
  owned.use(startRepeatedWork({ name: "heartbeat", everyMs: heartbeatEveryMs, work: beat, log }));
  const sweep = (): Promise<void> => sweepSessions(database, clock);
  owned.use(startRepeatedWork({ name: "session sweeper", everyMs: sweepSessionsEveryMs, work: sweep, log }));
  const agencies = ems.client(AgencyService);
  const finish = (): Promise<void> => finishRegistrations({ database, unitOfWork, agencies, clock });
  owned.use(startRepeatedWork({ name: "registrations", everyMs: finishRegistrationsEveryMs, work: finish, log }));
  const retire = retireSilentInstances({ unitOfWork, listeningSince: clock() });
  owned.use(startRepeatedWork({ name: "silent instances", everyMs: heartbeatEveryMs, work: retire, log }));
  owned.use(startHousekeeping(database, clock, log));

  const kept = owned.move();
  return { url: server.url, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

async function readKeys(config: CenterConfig) {
  return {
    own: await readServiceKeyFile(config.serviceKeyFile, service),
    services: await readServicePublicKeysFile(config.servicePublicKeysFile),
    tokens: await readTokenKeysFile(config.tokenKeysFile),
  };
}

interface Routes {
  readonly database: Database;
  readonly auditLog: AuditLog;
  readonly auth: AuthRpcDeps;
  readonly unitOfWork: UnitOfWork;
  readonly consumers: Consumers;
  readonly hospital: Peer;
  readonly ems: Peer;
  readonly clock: Clock;
  readonly log: Logger;
}

function routesOf(parts: Routes): (router: ConnectRouter) => void {
  const { database, auditLog, auth, unitOfWork, consumers, hospital, ems, clock, log } = parts;
  const { hasher } = auth;
  const directory = { unitOfWork, hasher, newId, agencies: ems.client(AgencyService) };
  const trips = hospital.client(TripService);
  const lastHeard = (aggregate: string) => (): Date | undefined => consumers.get(aggregate)?.lastHeard;
  const sources = [
    remoteAuditSource("hospital", hospital.client(AuditLogService)),
    remoteAuditSource("ems", ems.client(AuditLogService)),
    localAuditSource(auditLog),
  ];
  return (router) => {
    router.service(AuthService, authRpc(auth));
    router.service(UserService, userRpc({ unitOfWork, hasher, newId, clock }));
    router.service(HospitalDirectoryService, hospitalRpc({ unitOfWork, hasher, newId }));
    router.service(AgencyDirectoryService, agencyRpc({ ...directory, lastHeard: lastHeard("agency") }));
    router.service(OversightService, oversightRpc({ unitOfWork, trips }));
    router.service(ConfigurationService, configurationRpc({ unitOfWork, newId }));
    router.service(ServiceRegistryService, registryRpc({ database, unitOfWork, clock, newId }));
    router.service(AnalyticsService, analyticsRpc({ unitOfWork, lastHeard: lastHeard("trip") }));
    router.service(AuditService, auditRpc({ unitOfWork, sources, clock, log }));
    router.service(AuditLogService, auditLogRpc({ auditLog, unitOfWork, service }));
  };
}

interface OwnInstance {
  readonly database: Database;
  readonly unitOfWork: UnitOfWork;
  readonly clock: Clock;
  readonly address: string;
  readonly release: string;
}

/** Center's own entry in its registry; the other services report theirs by RPC. */
async function reportOwnInstance({ database, unitOfWork, clock, address, release }: OwnInstance): Promise<void> {
  const name = instanceName(service, address);
  const known = await database.transaction((tx) => recordHeartbeat(tx, { name, release, now: clock() }));
  if (known) return;
  await unitOfWork.system("center.report-instance", async (work) => {
    await reportInstance(work, { service, address, release, newId });
  });
}
