import type { AgencyProfile } from "#gen/medport/ems/v1/agency_pb.ts";
import { Reason } from "#gen/medport/errors/v1/reason_pb.ts";
import type { AgencyId, AgencyStatus } from "../agencies/agency.ts";
import type { UserId } from "../users/user.ts";

/** What every registration tells of itself. */
interface RegistrationFacts {
  readonly agencyId: AgencyId;
  readonly agencyName: string;
  /** Who registers it. */
  readonly userId: string;
  /** Who becomes, or has become, its first admin. */
  readonly adminUserId: UserId;
  readonly adminEmail: string;
  readonly startTime: Date;
}

/** EMS has not answered yet, or its answer has not been acted on. */
export interface StartedRegistration extends RegistrationFacts {
  readonly state: "STARTED";
  readonly profile: AgencyProfile;
  /** What the agency is to be at first. */
  readonly agencyStatus: Exclude<AgencyStatus, "INACTIVE">;
  readonly admin: {
    readonly email: string;
    readonly name: string;
    readonly passwordHash: string;
    readonly mustChangePassword: boolean;
  };
}

/** The agency and its first admin exist. */
export interface CompletedRegistration extends RegistrationFacts {
  readonly state: "COMPLETED";
  readonly endTime: Date;
}

/** EMS has refused the agency; neither it nor the admin exists. */
export interface GivenUpRegistration extends RegistrationFacts {
  readonly state: "GIVEN_UP";
  readonly endTime: Date;
  /** EMS's reason, by name. */
  readonly reason: string;
  /** EMS's sentence. */
  readonly problem: string;
}

/** The registration of an agency with its first admin: both exist in the end, or neither. */
export type Registration = StartedRegistration | CompletedRegistration | GivenUpRegistration;

/** Where a registration stands. */
export type RegistrationState = Registration["state"];

/** What a refusal of EMS says of the agency. */
export type RefusalMeaning =
  /** EMS knows the agency's id: an earlier step created the agency, and it has changed since. */
  | "EXISTS"
  /** EMS will never have it. */
  | "REFUSED"
  /** Nothing: the step is to be repeated. */
  | "UNDECIDED";

/** The reasons by which EMS says no to what is told of an agency, and will say no again. */
const finalReasons: ReadonlySet<Reason> = new Set([
  Reason.VALIDATION_FAILED,
  Reason.INVALID_STATE_TRANSITION,
  Reason.RESOURCE_EXISTS,
]);

/**
 * What EMS's refusal to create an agency says. Only a "no" to the agency itself ends a registration: after any other,
 * such as a call that was not allowed, an earlier one may have created the agency.
 * @param named the record that the refusal names, if it names one.
 */
export function meaningOfRefusal(reason: Reason, named: string | undefined, agencyId: AgencyId): RefusalMeaning {
  if (!finalReasons.has(reason)) return "UNDECIDED";
  return reason === Reason.RESOURCE_EXISTS && named === agencyId ? "EXISTS" : "REFUSED";
}
