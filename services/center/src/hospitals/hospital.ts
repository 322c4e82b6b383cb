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
  /** It may ask for new trips. */
  readonly active: boolean;
  readonly version: number;
  readonly createTime: Date;
  readonly updateTime: Date;
}

/** A hospital at the moment of its registration. */
export function registerHospital(id: HospitalId, profile: HospitalProfile, now: Date): Hospital {
  return { ...profile, id, active: true, version: 1, createTime: now, updateTime: now };
}

/** What may change about a hospital; a field that is absent stays as it is, an empty `phone` or `email` is taken away. */
export type HospitalChange = Partial<Required<HospitalProfile>>;

/** The first field that would be left empty and must not be; undefined if there is none. */
export function blankField(change: HospitalChange): keyof HospitalProfile | undefined {
  const demanded = ["name", "address", "city", "state", "zipCode"] as const;
  return demanded.find((field) => change[field]?.trim() === "");
}

/** A hospital after a change; the very one that was given if nothing about it changes. */
export function updateHospital(hospital: Hospital, change: HospitalChange, now: Date): Hospital {
  const { phone = hospital.phone, email = hospital.email, ...rest } = change;
  const { phone: _, email: __, ...kept } = hospital;
  return changed(hospital, { ...kept, ...rest, ...(phone && { phone }), ...(email && { email }) }, now);
}

/** A hospital that may, or may not, ask for new trips; the very one that was given if that is so already. */
export function activateHospital(hospital: Hospital, active: boolean, now: Date): Hospital {
  return changed(hospital, { ...hospital, active }, now);
}

function changed(before: Hospital, after: Hospital, now: Date): Hospital {
  const fields = ["name", "address", "city", "state", "zipCode", "phone", "email", "active"] as const;
  if (fields.every((field) => before[field] === after[field])) return before;
  return { ...after, version: before.version + 1, updateTime: now };
}
