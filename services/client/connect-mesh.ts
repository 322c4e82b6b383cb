import { timestampDate } from "@bufbuild/protobuf/wkt";
import { type Client, createClient, type Transport } from "@connectrpc/connect";
import { createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";
import { AgencyDirectoryService } from "#gen/medport/center/v1/agency_directory_service_pb.ts";
import { AnalyticsService } from "#gen/medport/center/v1/analytics_service_pb.ts";
import { AuditService } from "#gen/medport/center/v1/audit_service_pb.ts";
import { AuthService, type Session } from "#gen/medport/center/v1/auth_service_pb.ts";
import { ConfigurationService } from "#gen/medport/center/v1/configuration_service_pb.ts";
import { HospitalDirectoryService } from "#gen/medport/center/v1/hospital_directory_service_pb.ts";
import { OversightService } from "#gen/medport/center/v1/oversight_service_pb.ts";
import { ServiceRegistryService } from "#gen/medport/center/v1/service_registry_service_pb.ts";
import type { User } from "#gen/medport/center/v1/user_pb.ts";
import { UserService } from "#gen/medport/center/v1/user_service_pb.ts";
import { AgencyService } from "#gen/medport/ems/v1/agency_service_pb.ts";
import { BidService } from "#gen/medport/ems/v1/bid_service_pb.ts";
import { DispatchService } from "#gen/medport/ems/v1/dispatch_service_pb.ts";
import { RouteService } from "#gen/medport/ems/v1/route_service_pb.ts";
import { UnitService } from "#gen/medport/ems/v1/unit_service_pb.ts";
import { FacilityService } from "#gen/medport/hospital/v1/facility_service_pb.ts";
import { PreferenceService } from "#gen/medport/hospital/v1/preference_service_pb.ts";
import { TripService } from "#gen/medport/hospital/v1/trip_service_pb.ts";
import { Health } from "#gen/grpc/health/v1/health_pb.ts";
import { newId } from "#platform/id.ts";
import { type ServiceName, serviceNames } from "#platform/service-name.ts";
import { type RetryOptions, retryingTransport, type Tokens } from "./retrying-transport.ts";

/** Where the mesh is, and how patient the client should be. */
export interface MeshOptions {
  /** host:port of each service. */
  readonly addresses: Readonly<Record<ServiceName, string>>;
  /** Milliseconds for which a call that is safe to repeat is repeated while its service is out of reach. 10 000 if absent. */
  readonly retryForMs?: number;
  /** Milliseconds that one attempt may take where the method's policy names no time. 5 000 if absent. */
  readonly attemptTimeoutMs?: number;
}

/** The services of the mesh as one caller sees them. */
export interface Mesh {
  readonly hospital: {
    readonly trips: Client<typeof TripService>;
    readonly facilities: Client<typeof FacilityService>;
    readonly preferences: Client<typeof PreferenceService>;
  };
  readonly ems: {
    readonly agencies: Client<typeof AgencyService>;
    readonly units: Client<typeof UnitService>;
    readonly bids: Client<typeof BidService>;
    readonly dispatch: Client<typeof DispatchService>;
    readonly routes: Client<typeof RouteService>;
  };
  readonly center: {
    readonly auth: Client<typeof AuthService>;
    readonly users: Client<typeof UserService>;
    readonly hospitals: Client<typeof HospitalDirectoryService>;
    readonly agencies: Client<typeof AgencyDirectoryService>;
    readonly oversight: Client<typeof OversightService>;
    readonly configurations: Client<typeof ConfigurationService>;
    readonly registry: Client<typeof ServiceRegistryService>;
    readonly analytics: Client<typeof AnalyticsService>;
    readonly audit: Client<typeof AuditService>;
  };
  /**
   * Logs a person in.
   * @returns the same mesh in that person's name; its session is renewed by itself before it runs out.
   * @throws ConnectError with the reason CREDENTIALS_INVALID.
   */
  login(email: string, password: string): Promise<MeshOfUser>;
  /** Asks every service for its health. Needs no login; never throws: a service out of reach is NOT_SERVING. */
  health(): Promise<Readonly<Record<ServiceName, "SERVING" | "NOT_SERVING">>>;
}

/** The mesh with its connections. */
export interface ConnectedMesh extends Mesh, Disposable {
  /** Closes the connections, those of everybody who logged in through it as well; calls under way fail. */
  close(): void;
}

/** The mesh in a logged-in person's name. */
export interface MeshOfUser extends Mesh {
  readonly user: User;
}

/**
 * Connects to the mesh from TypeScript, over gRPC. Nothing is opened before the first call.
 *
 * For those who come from the siloing guide, this is what each of its calls has become. There is no
 * `getHospitalDB()`: no program opens another silo's database.
 *
 * | the guide | here |
 * |---|---|
 * | `databaseManager.getAvailableAgencies()` | `mesh.hospital.preferences.listAvailableAgencies({})`, or Center's own `mesh.center.agencies.listAgencies({ availableOnly: true })` |
 * | `databaseManager.getAllTrips()` | `mesh.center.oversight.listTrips({})` |
 * | `databaseManager.getAvailableTrips()` | `mesh.ems.bids.listAvailableTrips({})` |
 * | `databaseManager.getDatabase(userType)` | the service of that silo: `mesh.hospital`, `mesh.ems`, `mesh.center` |
 * | `databaseManager.healthCheck()` | `mesh.health()` |
 * | `siloedAuthService.authenticateUser(email, password)` | `mesh.login(email, password)` |
 * | `siloedAuthService.createUser({...})` | `mesh.center.users.createUser({...})`; the silo's own record follows by the event user.created |
 * | `eventBus.emitTripCreated({...})` | `mesh.hospital.trips.createTrip({...})`: the event is written with the trip, by the service |
 * | `eventBus.emitTripAccepted({...})` | `mesh.ems.bids.acceptBid({...})` or `mesh.ems.bids.acceptTrip({...})` |
 */
export function connectMesh(options: MeshOptions): ConnectedMesh {
  const retry: RetryOptions = {
    retryForMs: options.retryForMs ?? 10_000,
    attemptTimeoutMs: options.attemptTimeoutMs ?? 5_000,
    newId,
    random: Math.random,
    nowMs: () => performance.now(),
  };
  const sessions = sessionsTo(options.addresses);
  const close = (): void => serviceNames.forEach((name) => sessions[name].abort());
  return { ...meshOver(transportsOver(sessions), nobody, retry), close, [Symbol.dispose]: close };
}

type Sessions = Readonly<Record<ServiceName, Http2SessionManager>>;

function sessionsTo(addresses: MeshOptions["addresses"]): Sessions {
  // Without pings: when a session dies, connect's ping can throw where nobody catches it.
  const sessionTo = (service: ServiceName): Http2SessionManager =>
    new Http2SessionManager(`http://${addresses[service]}`);
  return { hospital: sessionTo("hospital"), ems: sessionTo("ems"), center: sessionTo("center") };
}

type Transports = Readonly<Record<ServiceName, Transport>>;

function transportsOver(sessions: Sessions): Transports {
  const transportOver = (sessionManager: Http2SessionManager): Transport =>
    createGrpcTransport({ baseUrl: sessionManager.authority, sessionManager });
  return {
    hospital: transportOver(sessions.hospital),
    ems: transportOver(sessions.ems),
    center: transportOver(sessions.center),
  };
}

/** The tokens of a caller who has not logged in. */
const nobody: Tokens = {
  current: () => Promise.resolve(undefined),
  renew: () => Promise.resolve(),
};

function meshOver(transports: Transports, tokens: Tokens, retry: RetryOptions): Mesh {
  const hospital = retryingTransport(transports.hospital, tokens, retry);
  const ems = retryingTransport(transports.ems, tokens, retry);
  const center = retryingTransport(transports.center, tokens, retry);
  const auth = createClient(AuthService, center);
  return {
    hospital: {
      trips: createClient(TripService, hospital),
      facilities: createClient(FacilityService, hospital),
      preferences: createClient(PreferenceService, hospital),
    },
    ems: {
      agencies: createClient(AgencyService, ems),
      units: createClient(UnitService, ems),
      bids: createClient(BidService, ems),
      dispatch: createClient(DispatchService, ems),
      routes: createClient(RouteService, ems),
    },
    center: {
      auth,
      users: createClient(UserService, center),
      hospitals: createClient(HospitalDirectoryService, center),
      agencies: createClient(AgencyDirectoryService, center),
      oversight: createClient(OversightService, center),
      configurations: createClient(ConfigurationService, center),
      registry: createClient(ServiceRegistryService, center),
      analytics: createClient(AnalyticsService, center),
      audit: createClient(AuditService, center),
    },
    async login(email, password) {
      const { session, user } = await auth.login({ email, password });
      if (!session || !user) throw new Error("Center answered a login without a session");
      const own = new SessionTokens(session, auth, retry.nowMs);
      return { ...meshOver(transports, own, retry), user };
    },
    async health() {
      const entries = await Promise.all(
        serviceNames.map(async (name) => [name, await healthOf(transports[name])] as const),
      );
      return Object.fromEntries(entries) as Record<ServiceName, "SERVING" | "NOT_SERVING">;
    },
  };
}

async function healthOf(transport: Transport): Promise<"SERVING" | "NOT_SERVING"> {
  try {
    const { status } = await createClient(Health, transport).check({}, { timeoutMs: 2_000 });
    return status === 1 ? "SERVING" : "NOT_SERVING";
  } catch {
    // Out of reach is an answer to the question, not a failure of it.
    return "NOT_SERVING";
  }
}

const renewBeforeMs = 60_000;

/** The tokens of a session, renewed before they run out. A class because it remembers the newest pair. */
class SessionTokens implements Tokens {
  readonly #auth: Client<typeof AuthService>;
  readonly #nowMs: () => number;
  #session: Session;
  #renewAtMs: number;
  #renewing: Promise<void> | undefined;

  constructor(session: Session, auth: Client<typeof AuthService>, nowMs: () => number) {
    this.#auth = auth;
    this.#nowMs = nowMs;
    this.#session = session;
    this.#renewAtMs = this.#renewalOf(session);
  }

  async current(): Promise<string> {
    if (this.#nowMs() >= this.#renewAtMs) await this.renew(this.#session.accessToken);
    return this.#session.accessToken;
  }

  /** Callers that come together share one renewal: a refresh token works only once. */
  async renew(stale: string | undefined): Promise<void> {
    if (stale !== this.#session.accessToken) return;
    await this.#renew();
  }

  #renew(): Promise<void> {
    this.#renewing ??= this.#refresh().finally(() => {
      this.#renewing = undefined;
    });
    return this.#renewing;
  }

  async #refresh(): Promise<void> {
    const { session } = await this.#auth.refreshSession({ refreshToken: this.#session.refreshToken });
    if (!session) throw new Error("Center answered a refresh without a session");
    this.#session = session;
    this.#renewAtMs = this.#renewalOf(session);
  }

  #renewalOf(session: Session): number {
    const expiresAt = session.accessExpireTime ? timestampDate(session.accessExpireTime).getTime() : Date.now();
    return this.#nowMs() + Math.max(expiresAt - Date.now() - renewBeforeMs, 0);
  }
}
