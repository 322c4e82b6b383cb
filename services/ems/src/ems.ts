import { readFile } from "node:fs/promises";
import type { ConnectRouter } from "@connectrpc/connect";
import { AuditLogService } from "#gen/medport/audit/v1/audit_log_service_pb.ts";
import { AuthService } from "#gen/medport/center/v1/auth_service_pb.ts";
import { ServiceRegistryService } from "#gen/medport/center/v1/service_registry_service_pb.ts";
import { AgencyService } from "#gen/medport/ems/v1/agency_service_pb.ts";
import { BidService } from "#gen/medport/ems/v1/bid_service_pb.ts";
import { DispatchService } from "#gen/medport/ems/v1/dispatch_service_pb.ts";
import { RouteService } from "#gen/medport/ems/v1/route_service_pb.ts";
import { UnitService } from "#gen/medport/ems/v1/unit_service_pb.ts";
import { TripClaimService } from "#gen/medport/hospital/v1/trip_claim_service_pb.ts";
import { TripService } from "#gen/medport/hospital/v1/trip_service_pb.ts";
import { type AuditLog, createAuditLog } from "#platform/audit/audit-log.ts";
import { auditLogRpc } from "#platform/audit/audit-log.rpc.ts";
import { createAuthenticator } from "#platform/auth/authenticator.ts";
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
import { agencyRpc } from "./agencies/agency.rpc.ts";
import { bidRpc } from "./bids/bid.rpc.ts";
import { type AvailableTripBoard, startAvailableTripBoard } from "./board/available-trip-board.rpc.ts";
import type { EmsConfig } from "./config.ts";
import { type Consumers, startConsumers } from "./consumers.ts";
import { acceptanceRpc } from "./dispatch/acceptance.rpc.ts";
import { startReconciler } from "./dispatch/assignment.reconciler.ts";
import { startBiddingClock } from "./dispatch/bidding.clock.ts";
import { dispatchRpc } from "./dispatch/dispatch.rpc.ts";
import { emsEntities } from "./entities.ts";
import { routeRpc } from "./routes/route.rpc.ts";
import { availableTripRpc } from "./trip-copies/available-trip.rpc.ts";
import { unitRpc } from "./units/unit.rpc.ts";

const service = "ems";

/** What a test may put in place of the real thing. */
export interface EmsParts {
  readonly clock?: Clock;
  readonly log?: Logger;
  /** Milliseconds between two looks for assignments in doubt. */
  readonly reconcileEveryMs?: number;
  /** Milliseconds between two looks for trips on which bidding is over. */
  readonly biddingEveryMs?: number;
}

/** The running service. Dispose it to stop: calls under way are finished first. */
export interface Ems extends AsyncDisposable {
  /** Such as http://127.0.0.1:50052. */
  readonly url: string;
}

/**
 * Builds and starts the EMS service: the one place where its parts meet. Each part is stopped before those that it
 * needs; a start that fails half-way stops what it had started.
 * @throws Error if the database is out of reach, a key file is wrong, or the port is taken.
 */
export async function startEms(config: EmsConfig, parts: EmsParts = {}): Promise<Ems> {
  const {
    clock = systemClock,
    log = createLog({ service, level: config.logLevel }),
    reconcileEveryMs,
    biddingEveryMs,
  } = parts;
  await using owned = new AsyncDisposableStack();
  const databases = owned.use(
    await openSiloDatabases({
      url: config.databaseUrl,
      service,
      entities: emsEntities,
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
  const auditLog = createAuditLog({ database, clock, newId });
  const consumers = startConsumers({ database: databases.events, broker, service, log, clock }, { auditLog, newId });
  for (const consumer of consumers.values()) owned.use(consumer);

  const privateJwk = await readServiceKeyFile(config.serviceKeyFile, service);
  const serviceTokens = createServiceTokens({ service, privateJwk, clock });
  const center = owned.use(connectPeer({ address: config.centerAddress, target: "center", serviceTokens, log }));
  const hospital = owned.use(connectPeer({ address: config.hospitalAddress, target: "hospital", serviceTokens, log }));
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
  const unitOfWork = createUnitOfWork({ database, service, clock, newId });
  const claims = hospital.client(TripClaimService);
  const everyMs = reconcileEveryMs === undefined ? {} : { everyMs: reconcileEveryMs };
  owned.use(
    startBiddingClock({
      unitOfWork,
      claims,
      newId,
      log,
      ...(biddingEveryMs !== undefined && { everyMs: biddingEveryMs }),
    }),
  );
  owned.use(startReconciler({ unitOfWork, claims, newId, clock, log, ...everyMs }));
  const board = owned.use(startAvailableTripBoard({ databases, auditLog, unitOfWork, revocations, clock, log }));
  const server = owned.use(
    await startRpcServer({
      service,
      host: config.host,
      port: config.port,
      routes: routesOf({ unitOfWork, auditLog, consumers, hospital, board, log }),
      authenticator: createAuthenticator({ service, userKeys, serviceKeys, revocations, clock }),
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
  owned.use(startHeartbeat({ registry, address: config.emsAddress, version: await ownRelease(), log }));
  owned.use(startHousekeeping(database, clock, log));

  const kept = owned.move();
  return { url: server.url, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

interface Routes {
  readonly unitOfWork: UnitOfWork;
  readonly auditLog: AuditLog;
  readonly consumers: Consumers;
  readonly hospital: Peer;
  readonly board: AvailableTripBoard;
  readonly log: Logger;
}

function routesOf({ unitOfWork, auditLog, consumers, hospital, board, log }: Routes): (router: ConnectRouter) => void {
  const claims = hospital.client(TripClaimService);
  const trips = hospital.client(TripService);
  const copyHeardAt = (): Date | undefined => consumers.get("trip")?.lastHeard;
  return (router) => {
    router.service(AgencyService, agencyRpc({ unitOfWork }));
    router.service(UnitService, unitRpc({ unitOfWork, newId }));
    router.service(RouteService, routeRpc({ unitOfWork, newId }));
    router.service(BidService, {
      ...availableTripRpc({ unitOfWork, trips, copyHeardAt }),
      ...board.methods,
      ...bidRpc({ unitOfWork, newId }),
      ...acceptanceRpc({ unitOfWork, newId, claims, log }),
    });
    router.service(DispatchService, dispatchRpc({ unitOfWork, newId, claims, trips }));
    router.service(AuditLogService, auditLogRpc({ auditLog, unitOfWork, service }));
  };
}
