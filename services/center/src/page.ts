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
  readonly size: number;
  /** The key of the last row of the page before; undefined for the first page. */
  readonly after: readonly KeysetValue[] | undefined;
  /** Cuts what was read to the page, and makes the next one's token: empty at the end, and only there. */
  end<Row>(rows: readonly Row[], keyOf: (row: Row) => readonly KeysetValue[]): PageEnd<Row>;
  /** Read this many: one more than the page holds tells whether another page follows. */
  readonly limit: number;
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
export function openPage(context: HandlerContext, request: PageRequest, filter: unknown): Page {
  const scope: PageScope = { method: fullNameOf(context.method), filter, caller: callerOf(context) };
  const size = request.pageSize === 0 ? defaultPageSize : request.pageSize;
  return {
    size,
    limit: size + 1,
    after: decodePageToken(request.pageToken, scope),
    end: (all, keyOf) => {
      const rows = all.slice(0, size);
      const last = rows.at(-1);
      return { rows, nextPageToken: all.length > size && last ? encodePageToken(keyOf(last), scope) : "" };
    },
  };
}

/** A list's key of a name and an id, as a page token carries it. */
export function placeFromKey(key: readonly KeysetValue[] | undefined): { name: string; id: string } | undefined {
  return key && { name: String(key[0]), id: String(key[1]) };
}
