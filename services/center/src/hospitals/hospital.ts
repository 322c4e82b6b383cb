import type { Id } from "#platform/id.ts";

/** Identifies a hospital as an organization. */
export type HospitalId = Id<"Hospital">;

/** What is told of a hospital to register it. */
export interface HospitalProfile {
  readonly name: string;
  readonly address: string;
  readonly city: string;
  readonly state: string;
  readonly zipCode: string;
  readonly phone?: string;
  readonly email?: string;
}

/** A hospital as an organization; its facilities are Hospital's. */
export interface Hospital extends HospitalProfile {
  readonly id: HospitalId;
  readonly active: boolean;
  readonly version: number;
  readonly createTime: Date;
  readonly updateTime: Date;
}

/** A hospital at the moment of its registration. */
export function registerHospital(id: HospitalId, profile: HospitalProfile, now: Date): Hospital {
  return { ...profile, id, active: true, version: 1, createTime: now, updateTime: now };
}
