import { readFile } from "node:fs/promises";
import type { ConnectRouter } from "@connectrpc/connect";
import { AuditLogService } from "#gen/medport/audit/v1/audit_log_service_pb.ts";
import { AgencyDirectoryService } from "#gen/medport/center/v1/agency_directory_service_pb.ts";
import { AuthService } from "#gen/medport/center/v1/auth_service_pb.ts";
import { ServiceRegistryService } from "#gen/medport/center/v1/service_registry_service_pb.ts";
import { FacilityService } from "#gen/medport/hospital/v1/facility_service_pb.ts";
import { PreferenceService } from "#gen/medport/hospital/v1/preference_service_pb.ts";
import { TripClaimService } from "#gen/medport/hospital/v1/trip_claim_service_pb.ts";
import { TripService } from "#gen/medport/hospital/v1/trip_service_pb.ts";
import { type AuditLog, createAuditLog } from "#platform/audit/audit-log.ts";
import { auditLogRpc } from "#platform/audit/audit-log.rpc.ts";
import { type Authenticator, createAuthenticator } from "#platform/auth/authenticator.ts";
import { createHeardRevocations } from "#platform/auth/heard-revocations.ts";
import { readServiceKeyFile, readServicePublicKeysFile } from "#platform/auth/key-file.ts";
import { createServiceKeySource } from "#platform/auth/key-source.ts";
import { createPublishedKeys } from "#platform/auth/published-keys.ts";
import { fetchSigningKeys, startRemoteKeySource } from "#platform/auth/remote-key-source.ts";
import { loadRevokedAccess } from "#platform/auth/revocation-tables.ts";
import { createServiceTokens } from "#platform/auth/service-token.ts";
import { type Clock, systemClock } from "#platform/clock.ts";
import { refusalFromDatabase } from "#platform/database/refusal-from-database.ts";
import { createUnitOfWork, type UnitOfWork } from "#platform/database/unit-of-work.ts";
import { connectBroker } from "#platform/events/broker.ts";
import { startRelay } from "#platform/events/relay.ts";
import { newId } from "#platform/id.ts";
import { connectPeer, type Peer } from "#platform/rpc/peer.ts";
import { startRpcServer } from "#platform/rpc/server.ts";
import { startHeartbeat } from "#platform/silo/heartbeat.ts";
import { startHousekeeping } from "#platform/silo/housekeeping.ts";
import { ownRelease } from "#platform/silo/release.ts";
import { openSiloDatabases } from "#platform/silo/silo-databases.ts";
import { startSiloHealth } from "#platform/silo/silo-health.ts";
import { createLog, type Logger } from "#platform/telemetry/log.ts";
import { startTripBoard, type TripBoard } from "./board/trip-board.rpc.ts";
import type { HospitalConfig } from "./config.ts";
import { type Consumers, startConsumers } from "./consumers.ts";
import { hospitalEntities } from "./entities.ts";
import { facilityRpc } from "./facilities/facility.rpc.ts";
import { preferenceRpc } from "./preferences/preference.rpc.ts";
import { claimRpc } from "./trips/claim.rpc.ts";
import { startLapsedConsentSweeper } from "./trips/lapsed-consent.sweeper.ts";
import { tripReadRpc } from "./trips/trip-list.rpc.ts";
import { tripRpc } from "./trips/trip.rpc.ts";

const service = "hospital";

/** What a test may put in place of the real thing. */
export interface HospitalParts {
  readonly clock?: Clock;
  readonly log?: Logger;
  /** How often trips are looked for whose agency has not consented in time. */
  readonly sweepEveryMs?: number;
}

const sweepEveryMs = 1_000;

/** The running service. Dispose it to stop: calls under way are finished first. */
export interface Hospital extends AsyncDisposable {
  /** Such as http://127.0.0.1:50051. */
  readonly url: string;
}

/**
 * Builds and starts the Hospital service: the one place where its parts meet. Each part is stopped before those that it
 * needs; a start that fails half-way stops what it had started.
 * @throws Error if the database is out of reach, a key file is wrong, or the port is taken.
 */
export async function startHospital(config: HospitalConfig, parts: HospitalParts = {}): Promise<Hospital> {
  const { clock = systemClock, log = createLog({ service, level: config.logLevel }) } = parts;
  await using owned = new AsyncDisposableStack();
  const databases = owned.use(
    await openSiloDatabases({
      url: config.databaseUrl,
      service,
      entities: hospitalEntities,
      poolSize: config.databasePoolSize,
      log,
    }),
  );
  const database = databases.calls;
  const broker = owned.use(
    await connectBroker({
      url: config.natsUrl,
      user: config.natsUser,
      ...(config.natsPassword !== undefined && { password: config.natsPassword }),
      name: service,
      log,
    }),
  );
  const expectedSchema = await readFile(new URL("../migrations/schema.txt", import.meta.url), "utf8");
  const health = owned.use(await startSiloHealth({ database, expectedSchema, broker, log }));
  const relay = owned.use(startRelay({ databaseUrl: config.databaseUrl, broker, service, log }));
  databases.onCommit(() => relay.wake());
  const consumers = startConsumers({ database: databases.events, broker, service, log, clock });
  for (const consumer of consumers.values()) owned.use(consumer);

  const privateJwk = await readServiceKeyFile(config.serviceKeyFile, service);
  const serviceTokens = createServiceTokens({ service, privateJwk, clock });
  const center = owned.use(connectPeer({ address: config.centerAddress, target: "center", serviceTokens, log }));
  const userKeys = owned.use(
    await startRemoteKeySource({
      fetchKeys: (signal) => fetchSigningKeys(center.client(AuthService), signal),
      copy: createPublishedKeys(database, clock),
      clock,
      log,
    }),
  );
  const serviceKeys = await createServiceKeySource(await readServicePublicKeysFile(config.servicePublicKeysFile));
  const revocations = createHeardRevocations({ load: () => loadRevokedAccess(database), log });
  const authenticator: Authenticator = createAuthenticator({ service, userKeys, serviceKeys, revocations, clock });

  const auditLog = createAuditLog({ database, clock, newId });
  const unitOfWork = createUnitOfWork({ database, service, clock, newId });
  const board = owned.use(startTripBoard({ databases, auditLog, unitOfWork, revocations, clock, log }));
  const server = owned.use(
    await startRpcServer({
      service,
      host: config.host,
      port: config.port,
      routes: routesOf({ unitOfWork, auditLog, consumers, center, board, log }),
      authenticator,
      health,
      audit: auditLog,
      recordCall: (context, work) => unitOfWork.call(context, work),
      refusalFrom: refusalFromDatabase,
      log,
      cors: { allowedOrigins: config.corsOrigins ?? [] },
      drainMs: config.drainMs,
    }),
  );
  const registry = center.client(ServiceRegistryService);
  owned.use(startHeartbeat({ registry, address: config.hospitalAddress, version: await ownRelease(), log }));
  owned.use(startHousekeeping(database, clock, log));
  owned.use(startLapsedConsentSweeper({ unitOfWork, log, everyMs: parts.sweepEveryMs ?? sweepEveryMs }));

  const kept = owned.move();
  return { url: server.url, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

interface Routes {
  readonly unitOfWork: UnitOfWork;
  readonly auditLog: AuditLog;
  readonly consumers: Consumers;
  readonly center: Peer;
  readonly board: TripBoard;
  readonly log: Logger;
}

function routesOf({ unitOfWork, auditLog, consumers, center, board, log }: Routes): (router: ConnectRouter) => void {
  const directory = center.client(AgencyDirectoryService);
  const copyHeardAt = (): Date | undefined => consumers.get("agency")?.lastHeard;
  return (router) => {
    router.service(TripService, {
      ...tripRpc({ unitOfWork, newId }),
      ...tripReadRpc({ unitOfWork }),
      ...board.methods,
    });
    router.service(TripClaimService, claimRpc({ unitOfWork }));
    router.service(FacilityService, facilityRpc({ unitOfWork, newId }));
    router.service(PreferenceService, preferenceRpc({ unitOfWork, newId, directory, copyHeardAt, log }));
    router.service(AuditLogService, auditLogRpc({ auditLog, unitOfWork, service }));
  };
}
