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
