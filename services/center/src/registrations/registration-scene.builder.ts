import { AgencyDirectoryService } from "#gen/medport/center/v1/agency_directory_service_pb.ts";
import { AuthService, type LoginResponse } from "#gen/medport/center/v1/auth_service_pb.ts";
import type { Client } from "@connectrpc/connect";
import { aCenterUser } from "#platform/auth/auth.builder.ts";
import { newId } from "#platform/id.ts";
import { reasonOf } from "#platform/rpc/refusal.ts";
import { anAgencyProfile } from "../agencies/agency.builder.ts";
import { AgencyEntity } from "../agencies/agency.entity.ts";
import { StandInEms } from "../agencies/stand-in-ems.builder.ts";
import { type EventProducer, startTestCenter, type TestCenter } from "../center.builder.ts";
import { UserEntity } from "../users/user.entity.ts";
import { aFirstAdmin } from "./first-admin.builder.ts";
import { RegistrationEntity, type RegistrationRow } from "./registration.entity.ts";

/** A request to register an agency, fit for tests: nobody else has its names. Name only what the test is about. */
export function aRegistrationRequest(over: Partial<RegistrationRequestFields> = {}): RegistrationRequestFields {
  return {
    requestId: newId(),
    profile: anAgencyProfile({ name: `Agency ${newId()}` }),
    admin: aFirstAdmin(),
    awaitsApproval: false,
    ...over,
  };
}

interface RegistrationRequestFields {
  readonly requestId: string;
  readonly profile: ReturnType<typeof anAgencyProfile>;
  readonly admin: ReturnType<typeof aFirstAdmin>;
  readonly awaitsApproval: boolean;
}

/** Center with what stands in EMS's place, and looks at what registrations leave. */
export interface RegistrationScene extends AsyncDisposable {
  readonly center: TestCenter;
  readonly ems: StandInEms;
  /** Tells EMS's events. */
  readonly producer: EventProducer;
  /** The directory in the name of Center's admin, or of another. */
  directory(user?: ReturnType<typeof aCenterUser>): Client<typeof AgencyDirectoryService>;
  logIn(person: { readonly email: string; readonly password: string }): Promise<LoginResponse>;
  /** Lets so much time pass that a registration is no longer left to the call that began it. */
  beLate(): void;
  rowOf(agencyName: string): Promise<RegistrationRow | null>;
  /** How many agencies of the directory have this name. */
  agenciesNamed(name: string): Promise<number>;
  /** How many accounts have this address. */
  accountsOf(email: string): Promise<number>;
}

/** Starts the scene. */
export async function startRegistrationScene(label: string): Promise<RegistrationScene> {
  let elapsedMs = 0;
  const ems = new StandInEms();
  const clock = (): Date => new Date(Date.now() + elapsedMs);
  const center = await startTestCenter(label, { ems: ems.routes, clock });
  const fork = () => center.database.fork();
  return {
    center,
    ems,
    producer: await center.producer("ems"),
    directory: (user = aCenterUser()) => center.client(AgencyDirectoryService, user),
    logIn: ({ email, password }) => center.clientWith(AuthService, {}).login({ email, password }),
    beLate: () => void (elapsedMs += 3_000),
    rowOf: (agencyName) => fork().findOne(RegistrationEntity, { agencyName }),
    agenciesNamed: (name) => fork().count(AgencyEntity, { name }),
    accountsOf: (email) => fork().count(UserEntity, { email }),
    [Symbol.asyncDispose]: () => center[Symbol.asyncDispose](),
  };
}

/** The reason for which a call is refused; "answered" if it is not. */
export async function refusalOf(call: Promise<unknown>): Promise<string | undefined> {
  return call.then(
    () => "answered",
    (error: unknown) => reasonOf(error),
  );
}
