import type { LegacyUser } from "../legacy/legacy-rows.ts";
import type { Hospitals } from "./hospitals.ts";

/** Registering a hospital made its facility, its account and an agency in one request: this many milliseconds at most. */
const oneRequestMs = 10_000;

/** Which hospitals a person seems to have registered. */
export interface Registrations {
  /** Those that have the person's e-mail address. */
  byEmail(user: LegacyUser): ReadonlySet<string>;
  /** Those that came within ten seconds of the account. */
  byTime(user: LegacyUser): ReadonlySet<string>;
}

/** Finds who registered what from the facilities and the phantom agencies that were left behind. */
export function findRegistrations({ facilities, phantoms }: Hospitals): Registrations {
  const emails = new Map<string, Set<string>>();
  const slots = new Map<number, { readonly at: number; readonly hospitalId: string }[]>();
  const note = (email: string | null, createdAt: Date, hospitalId: string): void => {
    if (email !== null && email.trim() !== "") setFor(emails, normalEmail(email)).add(hospitalId);
    const at = createdAt.getTime();
    const slot = slots.get(slotOf(at)) ?? [];
    slots.set(slotOf(at), slot);
    slot.push({ at, hospitalId });
  };
  for (const { id, email, createdAt } of facilities.values()) note(email, createdAt, id);
  for (const { agency, facility } of phantoms.values()) if (facility) note(agency.email, agency.createdAt, facility.id);
  return {
    byEmail: ({ email }) => emails.get(normalEmail(email)) ?? new Set(),
    byTime: ({ createdAt }) => {
      const at = createdAt.getTime();
      const near = [-1, 0, 1].flatMap((step) => slots.get(slotOf(at) + step) ?? []);
      return new Set(near.filter((it) => Math.abs(it.at - at) <= oneRequestMs).map(({ hospitalId }) => hospitalId));
    },
  };
}

/** An e-mail address as Center tells accounts apart by it. */
export function normalEmail(email: string): string {
  return email.trim().toLowerCase();
}

function slotOf(at: number): number {
  return Math.floor(at / oneRequestMs);
}

function setFor(sets: Map<string, Set<string>>, key: string): Set<string> {
  const set = sets.get(key) ?? new Set();
  sets.set(key, set);
  return set;
}
