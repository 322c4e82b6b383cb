import type { HandlerContext } from "@connectrpc/connect";
import { callerOf, userOf } from "#platform/auth/caller.ts";
import { assertStillValid, type Revocations } from "#platform/auth/revocations.ts";
import { userTokenTimes } from "#platform/auth/user-token.ts";
import type { Clock } from "#platform/clock.ts";
import type { UnitOfWork } from "#platform/database/unit-of-work.ts";
import { callKey } from "#platform/rpc/call.ts";
import { fullNameOf } from "#platform/rpc/policy.ts";
import { reasonOf } from "#platform/rpc/refusal.ts";
import { Cursors } from "./cursor.ts";
import type { StreamAudit } from "./stream-audit.ts";
import { type Board, type BoardMessage, type BoardView, watch } from "./watch.ts";

export interface BoardStreamsOptions {
  readonly audit: StreamAudit;
  readonly unitOfWork: UnitOfWork;
  readonly revocations: Revocations;
  readonly clock: Clock;
  /** Milliseconds of silence after which a watcher is sent a sign of life. 15 000 if absent. */
  readonly heartbeatMs?: number;
}

/** What a caller asks to watch. */
export interface Watched<Item, View extends BoardView, On, Off> {
  readonly board: Board<Item, View, On, Off>;
  /** From an earlier message; empty to begin anew. */
  readonly cursor: string;
  /** Everything in the request that decides which items are on the board. */
  readonly filter: unknown;
  /** Works out what the caller may see; asked again about once a second. */
  readonly view: () => Promise<View>;
}

/** Answers a call that watches a board. */
export type WatchCall = <Item, View extends BoardView, On, Off>(
  context: HandlerContext,
  watched: Watched<Item, View, On, Off>,
) => AsyncIterable<BoardMessage<On, Off>>;

/**
 * Makes what the watching methods of a silo have in common: the cursor is bound to the caller, the token and what became
 * of the account are looked at again and again, and what is shown and refused is in the audit log.
 */
export function createWatchCall({
  audit,
  unitOfWork,
  revocations,
  clock,
  heartbeatMs,
}: BoardStreamsOptions): WatchCall {
  return (context, { board, cursor, filter, view }) => {
    const user = userOf(context);
    const messages = watch(board, {
      cursors: new Cursors({ method: fullNameOf(context.method), filter, caller: callerOf(context) }),
      cursor,
      look: async () => {
        await assertStillValid(revocations, user, clock());
        return view();
      },
      expireTime: new Date(userTokenTimes(user).expiresAtMs),
      trail: audit.trailOf(context),
      signal: context.values.get(callKey)?.signal ?? context.signal,
      clock,
      ...(heartbeatMs !== undefined && { heartbeatMs }),
    });
    return withAuditedEnd(messages, (error) => auditedBy(unitOfWork, context, error));
  };
}

/** The same messages; what ends them goes through `audited` first. */
function withAuditedEnd<T>(
  messages: AsyncGenerator<T, never>,
  audited: (error: unknown) => Promise<unknown>,
): AsyncIterable<T> {
  const next = (): Promise<IteratorResult<T, never>> =>
    messages.next().catch(async (error: unknown) => {
      throw await audited(error);
    });
  return { [Symbol.asyncIterator]: () => ({ next, return: () => messages.return(undefined as never) }) };
}

/** Leaves the entry of a refusal in the audit log, if it is one. @returns what is to be thrown. */
async function auditedBy(unitOfWork: UnitOfWork, context: HandlerContext, error: unknown): Promise<unknown> {
  // A token's end is how every stream ends, and no decision about the caller.
  if (reasonOf(error) === "TOKEN_EXPIRED") return error;
  const failing = unitOfWork.call(context, async () => {
    throw error;
  });
  return failing.catch((thrown: unknown) => thrown);
}
