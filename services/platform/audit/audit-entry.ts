import type { Caller } from "#platform/auth/caller.ts";
import type { UserType } from "#platform/auth/principal.ts";
import type { ServiceName } from "#platform/service-name.ts";

/** How a call ended: carried out, not this caller's to ask, or not possible as things stood. */
export const auditDecisions = ["ALLOWED", "DENIED", "REFUSED"] as const;

/** How a call ended. */
export type AuditDecision = (typeof auditDecisions)[number];

/** One record that a call touched or returned. */
export interface AuditedEntity {
  /** Such as trip, bid or user. */
  readonly type: string;
  readonly id: string;
}

/** What is to be recorded of a call. No free text and no patient data: ids and names of ours only. */
export interface AuditRecord {
  /** Empty for what the system did on its own. */
  readonly caller: Caller;
  /** The method's full name, such as medport.hospital.v1.TripService/CancelTrip, or a name for what the system did. */
  readonly action: string;
  readonly decision: AuditDecision;
  /** The refusal's reason, such as TRIP_CANCELLED. */
  readonly reason?: string | undefined;
  readonly entities?: readonly AuditedEntity[];
  /** The request's id, which ties together its entries in all silos. */
  readonly requestId?: string | undefined;
}

/** One entry of the log. */
export interface AuditEntry {
  readonly id: string;
  readonly occurredAt: Date;
  readonly userId: string | undefined;
  readonly userType: UserType | undefined;
  readonly organizationId: string | undefined;
  /** The service that passed the call on. */
  readonly viaService: ServiceName | undefined;
  readonly action: string;
  readonly decision: AuditDecision;
  readonly reason: string | undefined;
  readonly entities: readonly AuditedEntity[];
  readonly requestId: string | undefined;
}

/** Reads a decision from a row or from the wire; undefined if there is no such decision. */
export function parseAuditDecision(text: string): AuditDecision | undefined {
  return auditDecisions.find((decision) => decision === text);
}
