import type { IdempotencyKey } from "#platform/database/idempotency.ts";
import type { AgencyId } from "../agencies/agency.ts";
import { grantedOrThrow } from "../granted.ts";
import type { Change } from "../change.ts";
import type { TripCopy } from "../trip-copies/trip-copy.ts";
import { takeUnit } from "../units/unit.events.ts";
import { lockUnit } from "../units/unit.store.ts";
import { mayBeSent, type Unit } from "../units/unit.ts";
import { type Assignment, type AttemptId, firstCheck, mayBeginAnew } from "./assignment.ts";
import { findAttemptByKey, forgetRequest, insertAssignment } from "./assignment.store.ts";
import { assertSameRequest } from "./stored-answer.store.ts";

/** What an agency's try to win a trip is made of. */
export interface Hold {
  readonly attemptId: AttemptId;
  /** Held by the transaction. */
  readonly trip: TripCopy;
  readonly agencyId: AgencyId;
  /** To be named later if undefined. */
  readonly unitId: string | undefined;
  /** The agency's open bid, held by the transaction; undefined if it made none. */
  readonly bidId: string | undefined;
  /** The trip's material version that the agency saw. */
  readonly seenMaterialVersion: number;
  readonly requestedBy: string;
  readonly key: IdempotencyKey | undefined;
}

/**
 * The first step of winning a trip: the unit is kept from others until the outcome is known.
 * @throws Refusal UNIT_NOT_AVAILABLE, UNIT_NOT_CAPABLE or RESOURCE_NOT_FOUND for the unit.
 */
export async function hold(change: Change, wanted: Hold): Promise<Assignment> {
  const { now, tx } = change;
  const { attemptId, trip, agencyId, unitId, bidId, seenMaterialVersion, requestedBy, key } = wanted;
  const unit = unitId === undefined ? undefined : await lockUnitFor(change, { unitId, agencyId, trip });
  const assignment: Assignment = {
    attemptId,
    tripId: trip.id,
    agencyId,
    ...(unit && { unit: { id: unit.id, type: unit.type, state: "CONFIRMED" } }),
    ...(bidId !== undefined && { bidId }),
    state: "HELD",
    seenMaterialVersion,
    requestedBy,
    ...(key && { request: { key: keyText(key), hash: key.requestHash } }),
    check: firstCheck(now),
    createdAt: now,
    updatedAt: now,
  };
  await insertAssignment(tx, assignment);
  if (unit) await takeUnit(change, unit);
  change.touched("assignment", attemptId);
  return assignment;
}

/** A unit for a trip, its row held by the transaction. @throws Refusal if it cannot be sent. */
export async function lockUnitFor(
  { tx, now }: Change,
  { unitId, agencyId, trip }: { readonly unitId: string; readonly agencyId: string; readonly trip: TripCopy },
): Promise<Unit> {
  return grantedOrThrow(mayBeSent(await lockUnit(tx, unitId, now), { agencyId, level: trip.level, now }));
}

/**
 * The attempt that the same request has begun before; undefined if it begins now.
 * @throws Refusal REQUEST_ID_REUSED if the id was used with another body.
 */
export async function findOwnAttempt({ tx }: Change, key: IdempotencyKey | undefined): Promise<Assignment | undefined> {
  const attempt = key && (await findAttemptByKey(tx, keyText(key)));
  if (!attempt) return undefined;
  if (attempt.request) assertSameRequest(attempt.request.hash, key);
  if (!mayBeginAnew(attempt)) return attempt;
  await forgetRequest(tx, attempt);
  return undefined;
}

function keyText({ caller, method, requestId }: IdempotencyKey): string {
  return `${caller} ${method} ${requestId}`;
}
