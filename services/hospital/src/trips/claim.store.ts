import type { SqlEntityManager } from "@mikro-orm/postgresql";
import { sql } from "kysely";
import type { Tx } from "#platform/database/database.ts";
import type { LostReason } from "./claim.ts";
import { TripClaimEntity } from "./claim.entity.ts";

/** How an attempt ended, and what it was. */
export type StoredClaim = { readonly tripId: string; readonly requestHash: Uint8Array | undefined } & ClaimEnd;

/** How an attempt ended. WITHDRAWN is a victory given back. */
export type ClaimEnd =
  | { readonly outcome: "WON"; readonly tripVersion: number }
  | { readonly outcome: "LOST"; readonly reason: LostReason }
  /** The reason is there if the claim came and was refused. */
  | { readonly outcome: "ABANDONED"; readonly refusal?: string }
  | { readonly outcome: "WITHDRAWN" };

/** An attempt with its end, to be stored once and for all. */
export interface NewClaim {
  readonly attemptId: string;
  readonly tripId: string;
  readonly agencyId?: string;
  readonly bidId?: string;
  readonly requestHash?: Uint8Array;
  readonly end: ClaimEnd;
  readonly now: Date;
}

/** How an attempt ended; undefined if we know nothing of it. */
export async function findClaim(em: SqlEntityManager, attemptId: string): Promise<StoredClaim | undefined> {
  const row = await em.findOne(TripClaimEntity, { attemptId: { $eq: attemptId } }, { disableIdentityMap: true });
  if (!row) return undefined;
  const { tripId, requestHash, reason, tripVersion } = row;
  return {
    tripId,
    requestHash: requestHash ?? undefined,
    ...endOf(row.outcome, reason ?? undefined, tripVersion ?? 0),
  };
}

/**
 * Stores how an attempt ended, unless it has ended before: two that try wait for each other, and the second is told so.
 * @returns true if this is now how it ended.
 */
export async function insertClaim(tx: Tx, claim: NewClaim): Promise<boolean> {
  const { attemptId, tripId, agencyId, bidId, requestHash, end, now } = claim;
  const { rows } = await sql`
    insert into trip_claim (attempt_id, trip_id, agency_id, bid_id, request_hash, outcome, reason, trip_version, created_at)
    values (${attemptId}, ${tripId}, ${agencyId ?? null}, ${bidId ?? null},
            ${requestHash ? Buffer.from(requestHash) : null}, ${end.outcome}, ${reasonOf(end) ?? null},
            ${end.outcome === "WON" ? end.tripVersion : null}, ${now})
    on conflict (attempt_id) do nothing
    returning attempt_id`.execute(tx.getKysely());
  return rows.length === 1;
}

/** Takes a victory back: the attempt no longer has the trip, and never will again. */
export async function withdrawClaim(tx: Tx, attemptId: string): Promise<void> {
  await sql`update trip_claim set outcome = 'WITHDRAWN' where attempt_id = ${attemptId} and outcome = 'WON'`.execute(
    tx.getKysely(),
  );
}

function reasonOf(end: ClaimEnd): string | undefined {
  if (end.outcome === "LOST") return end.reason;
  return end.outcome === "ABANDONED" ? end.refusal : undefined;
}

function endOf(outcome: ClaimEnd["outcome"], reason: string | undefined, tripVersion: number): ClaimEnd {
  switch (outcome) {
    case "WON":
      return { outcome, tripVersion };
    case "LOST":
      return { outcome, reason: lostReasonFrom(reason) };
    case "ABANDONED":
      return { outcome, ...(reason && { refusal: reason }) };
    case "WITHDRAWN":
      return { outcome };
  }
}

function lostReasonFrom(text: string | undefined): LostReason {
  const known = (["ALREADY_ASSIGNED", "CANCELLED", "CHANGED"] as const).find((reason) => reason === text);
  if (!known) throw new Error("a lost claim has no reason that this version knows");
  return known;
}
