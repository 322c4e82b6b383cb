import type { HandlerContext } from "@connectrpc/connect";
import { callerOf } from "#platform/auth/caller.ts";
import {
  decodePageToken,
  encodePageToken,
  type KeysetValue,
  type PageScope,
  refuseToken,
} from "#platform/rpc/page-token.ts";
import { fullNameOf } from "#platform/rpc/policy.ts";

const defaultPageSize = 50;

/** A request for one page of a list. */
export interface PageRequest {
  /** Zero means the usual size. */
  readonly pageSize: number;
  readonly pageToken: string;
}

/** One page to be read. */
export interface Page {
  /** The key of the last row of the page before; undefined for the first page. */
  readonly after: readonly KeysetValue[] | undefined;
  /** Read this many: one more than the page holds tells whether another page follows. */
  readonly limit: number;
  /**
   * Cuts what was read to the page, and makes the next one's token: empty at the end, and only there.
   * @param until the key of the place to which the list was looked through, if it was not to its end.
   */
  end<Row>(
    rows: readonly Row[],
    keyOf: (row: Row) => readonly KeysetValue[],
    until?: readonly KeysetValue[],
  ): PageEnd<Row>;
}

/** A page that was read. */
export interface PageEnd<Row> {
  readonly rows: readonly Row[];
  readonly nextPageToken: string;
}

/**
 * Opens a page of a list.
 * @param filter everything in the request that decides which rows come.
 * @throws Refusal PAGE_TOKEN_MISMATCH if the token was made for another list, filter or caller.
 */
export function openPage(context: HandlerContext, { pageSize, pageToken }: PageRequest, filter: unknown): Page {
  const scope: PageScope = { method: fullNameOf(context.method), filter, caller: callerOf(context) };
  const size = pageSize || defaultPageSize;
  return {
    limit: size + 1,
    after: decodePageToken(pageToken, scope),
    end: (all, keyOf, until) => {
      const rows = all.slice(0, size);
      const last = rows.at(-1);
      const next = all.length > size && last ? keyOf(last) : until;
      return { rows, nextPageToken: next ? encodePageToken(next, scope) : "" };
    },
  };
}

/** What a part of a key may be: a text, a time of which the token holds the milliseconds, or a whole number. */
interface KeyPart {
  readonly text: string;
  readonly time: Date;
  readonly whole: number;
}

/**
 * Reads the key that a page token names, part by part.
 * @returns undefined for the first page.
 * @throws Refusal PAGE_TOKEN_MISMATCH if it is not a key of such parts: callers can make up tokens.
 */
export function readKey<const Shape extends readonly (keyof KeyPart)[]>(
  key: readonly KeysetValue[] | undefined,
  shape: Shape,
): { readonly [Index in keyof Shape]: KeyPart[Shape[Index]] } | undefined {
  if (!key) return undefined;
  if (key.length !== shape.length) throw refuseToken();
  const parts: unknown = shape.map((part, index) => readPart(part, key[index]));
  return parts as { readonly [Index in keyof Shape]: KeyPart[Shape[Index]] };
}

/** The years 1 to 9999, which is what messages and the database know. */
const earliestMs = -62_135_596_800_000;
const latestMs = 253_402_300_799_999;

function readPart(part: keyof KeyPart, value: KeysetValue | undefined): string | number | Date {
  if (part === "text" && typeof value === "string") return value;
  if (part !== "text" && typeof value === "number" && Number.isSafeInteger(value)) {
    if (part === "whole") return value;
    if (value >= earliestMs && value <= latestMs) return new Date(value);
  }
  throw refuseToken();
}

/** A row's place in a list that is sorted by one text and then by id. */
export interface Place {
  readonly text: string;
  readonly id: string;
}

/**
 * The place that a page token names.
 * @throws Refusal PAGE_TOKEN_MISMATCH if it names none.
 */
export function placeFromKey(key: readonly KeysetValue[] | undefined): Place | undefined {
  const parts = readKey(key, ["text", "text"]);
  return parts && { text: parts[0], id: parts[1] };
}

/** A row's place in a list that is sorted by a time and then by id. */
export interface Moment {
  readonly at: Date;
  readonly id: string;
}

/**
 * The same for a list that is sorted by a time, of which the token holds the milliseconds.
 * @throws Refusal PAGE_TOKEN_MISMATCH if it names none.
 */
export function momentFromKey(key: readonly KeysetValue[] | undefined): Moment | undefined {
  const parts = readKey(key, ["time", "text"]);
  return parts && { at: parts[0], id: parts[1] };
}
