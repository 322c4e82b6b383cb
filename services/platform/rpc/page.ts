import type { HandlerContext } from "@connectrpc/connect";
import { callerOf } from "#platform/auth/caller.ts";
import { decodePageToken, encodePageToken, type KeysetValue, type PageScope } from "#platform/rpc/page-token.ts";
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
  /** Cuts what was read to the page, and makes the next one's token: empty at the end, and only there. */
  end<Row>(rows: readonly Row[], keyOf: (row: Row) => readonly KeysetValue[]): PageEnd<Row>;
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
    end: (all, keyOf) => {
      const rows = all.slice(0, size);
      const last = rows.at(-1);
      return { rows, nextPageToken: all.length > size && last ? encodePageToken(keyOf(last), scope) : "" };
    },
  };
}

/** A row's place in a list that is sorted by one text and then by id. */
export interface Place {
  readonly text: string;
  readonly id: string;
}

/** The place that a page token names; the token's digest has been checked, so these are values that we wrote. */
export function placeFromKey(key: readonly KeysetValue[] | undefined): Place | undefined {
  return key && { text: String(key[0]), id: String(key[1]) };
}

/** A row's place in a list that is sorted by a time and then by id. */
export interface Moment {
  readonly at: Date;
  readonly id: string;
}

/** The same for a list that is sorted by a time, of which the token holds the milliseconds. */
export function momentFromKey(key: readonly KeysetValue[] | undefined): Moment | undefined {
  return key && { at: new Date(Number(key[0])), id: String(key[1]) };
}
