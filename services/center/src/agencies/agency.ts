import type { Id } from "#platform/id.ts";

/** Identifies an agency, in all silos. */
export type AgencyId = Id<"Agency">;

/** Whether an agency takes part. */
export type AgencyStatus = "ACTIVE" | "INACTIVE" | "PENDING";

/** What an agency charges if nothing else is agreed; amounts are decimal US dollars. */
export interface AgencyPricing {
  readonly baseFares: Readonly<Record<string, string>>;
  readonly perMile: string;
}

/** An agency as the directory shows it. EMS owns it; the version is EMS's. */
export interface Agency {
  readonly id: AgencyId;
  readonly name: string;
  readonly contactName: string;
  readonly phone: string;
  readonly email: string;
  readonly address: string;
  readonly city: string;
  readonly state: string;
  readonly zipCode: string;
  readonly serviceArea: readonly string[];
  readonly operatingHours: string;
  readonly capabilities: readonly string[];
  readonly pricing?: AgencyPricing;
  readonly active: boolean;
  readonly status: AgencyStatus;
  readonly version: number;
  readonly createTime: Date;
  readonly updateTime: Date;
}

/** Whether anything is offered to the agency at all. */
export function takesPart({ active, status }: Agency): boolean {
  return active && status === "ACTIVE";
}

/** What Center commands about an agency's part. */
export type StatusCommand = "APPROVE" | "DISABLE" | "ENABLE";

/** Whether a command may be given, and what the agency is to be then. */
export type StatusDecision =
  | { readonly ok: true; readonly status: AgencyStatus }
  | { readonly ok: false; readonly problem: string };

/**
 * Decides what becomes of an agency. A command that has been carried out may be given again; approving is for those that
 * wait for it, enabling for those that were disabled.
 */
export function decideStatus(command: StatusCommand, status: AgencyStatus): StatusDecision {
  switch (command) {
    case "DISABLE":
      return { ok: true, status: "INACTIVE" };
    case "APPROVE":
      return status === "INACTIVE"
        ? { ok: false, problem: "the agency was disabled: it can be enabled, not approved" }
        : { ok: true, status: "ACTIVE" };
    case "ENABLE":
      return status === "PENDING"
        ? { ok: false, problem: "the agency waits for its approval: it cannot be enabled" }
        : { ok: true, status: "ACTIVE" };
  }
}
