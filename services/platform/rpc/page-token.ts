import { createHash } from "node:crypto";
import { Reason } from "#gen/medport/errors/v1/reason_pb.ts";
import type { Caller } from "#platform/auth/caller.ts";
import { type Refusal, refuse } from "#platform/rpc/refusal.ts";

/** A value of the key by which a list is sorted; the last row's values say where the next page begins. */
export type KeysetValue = string | number | boolean | null;

/** What a page token is good for: one list, one filter, one order, one caller. */
export interface PageScope {
  /** The method's full name. */
  readonly method: string;
  /** Everything in the request that decides which rows come in which order; not the page size. */
  readonly filter: unknown;
  readonly caller: Caller;
}

const version = 1;
const digestBytes = 16;

/**
 * Makes the token of the page after the row with these key values. It is opaque, not secret: it says nothing that the
 * row itself did not say, and grants nothing.
 */
export function encodePageToken(keyset: readonly KeysetValue[], scope: PageScope): string {
  const payload = Buffer.from(JSON.stringify([version, ...keyset]), "utf8");
  return Buffer.concat([digestOf(scope, payload), payload]).toString("base64url");
}

/**
 * Reads where a page begins.
 * @returns the key values of the last row of the page before; undefined for the first page.
 * @throws Refusal PAGE_TOKEN_MISMATCH if the token was made for something else, or not by us.
 */
export function decodePageToken(token: string, scope: PageScope): readonly KeysetValue[] | undefined {
  if (token === "") return undefined;
  const bytes = Buffer.from(token, "base64url");
  const payload = bytes.subarray(digestBytes);
  if (!bytes.subarray(0, digestBytes).equals(digestOf(scope, payload))) {
    throw refuse(Reason.PAGE_TOKEN_MISMATCH, "the page token belongs to another list");
  }
  return parseKeyset(payload);
}

// The digest has no key: it keeps callers from taking one list's token for another's, and not from making up one of
// their own. What a token holds is therefore read like everything else that callers send.
function parseKeyset(payload: Buffer): readonly KeysetValue[] {
  const values = valuesFrom(payload);
  if (!Array.isArray(values) || values[0] !== version || !values.every(isKeysetValue)) throw refuseToken();
  return values.slice(1);
}

function valuesFrom(payload: Buffer): unknown {
  try {
    return JSON.parse(payload.toString("utf8"));
  } catch (cause) {
    throw refuseToken(cause);
  }
}

/** Refuses a token whose key is not one that this version of the list writes. */
export function refuseToken(cause?: unknown): Refusal {
  return refuse(Reason.PAGE_TOKEN_MISMATCH, "the page token belongs to another version of the list", { cause });
}

/** PostgreSQL's text knows no NUL, and half a surrogate pair has no bytes. */
function isKeysetValue(value: unknown): value is KeysetValue {
  if (typeof value === "string") return !value.includes("\0") && value.isWellFormed();
  return value === null || typeof value === "boolean" || Number.isFinite(value);
}

function digestOf({ method, filter, caller }: PageScope, payload: Buffer): Buffer {
  const owner = [caller.user?.userId ?? "", caller.user?.organizationId ?? "", caller.service ?? ""];
  const bound = JSON.stringify([version, method, canonical(filter), owner]);
  return createHash("sha256").update(bound).update("\0").update(payload).digest().subarray(0, digestBytes);
}

/** The same filter gives the same text, in whatever order its fields were set; numbers beyond a double's reach too. */
function canonical(value: unknown): unknown {
  if (typeof value === "bigint") return `${value}n`;
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map(canonical);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([one], [other]) => (one < other ? -1 : 1))
      .map(([key, field]) => [key, canonical(field)]),
  );
}
