import { create, type MessageShape } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import { type RefreshSessionRequest, RefreshSessionResponseSchema } from "#gen/medport/center/v1/auth_service_pb.ts";
import { Reason } from "#gen/medport/errors/v1/reason_pb.ts";
import type { UnitOfWork, Work } from "#platform/database/unit-of-work.ts";
import { type Refusal, refuse } from "#platform/rpc/refusal.ts";
import { endSession } from "./session.end.ts";
import { issuePair, type TokenMaker } from "./session.pair.ts";
import { lockSessionOfToken, markRefreshTokenUsed } from "./session.store.ts";
import { decideRefresh, type SessionId } from "./session.ts";

/** What refreshing needs. */
export interface RefreshDeps extends TokenMaker {
  readonly unitOfWork: UnitOfWork;
}

type Answer = MessageShape<typeof RefreshSessionResponseSchema>;

/** A token that was not taken: what the caller is told, and the session it belonged to, if any. */
interface Rejection {
  readonly refusal: Refusal;
  readonly sessionId?: SessionId;
}

/** Exchanges a refresh token for a new pair. Whoever brings one a second time ends the session for both. */
export function refreshSession(
  deps: RefreshDeps,
  { refreshToken }: RefreshSessionRequest,
  context: HandlerContext,
): Promise<Answer> {
  const { unitOfWork } = deps;
  return unitOfWork.call(context, async () => {
    // That a session ends must stay although the call is refused, so that refusing comes after the transaction.
    const result = await unitOfWork.transaction(context, (work) => exchange(deps, work, refreshToken));
    return "refusal" in result ? reject(unitOfWork, context, result) : result;
  });
}

async function exchange(deps: RefreshDeps, work: Work, refreshToken: string): Promise<Answer | Rejection> {
  const { tx, now } = work;
  const found = await lockSessionOfToken(tx, refreshToken);
  if (!found) return { refusal: refuse(Reason.TOKEN_INVALID, "the refresh token is not one of ours") };
  const { token, session, user } = found;
  const decision = decideRefresh(token, session, { userActive: user.active, now });
  if (decision.outcome === "END") {
    await endSession(work, { sessionId: session.id, userId: user.id }, decision.because);
  }
  if (decision.outcome === "EXPIRED") {
    return { refusal: refuse(Reason.TOKEN_EXPIRED, "the session has run out"), sessionId: session.id };
  }
  if (decision.outcome !== "ROTATE") {
    return { refusal: refuse(Reason.SESSION_ENDED, "the session was ended"), sessionId: session.id };
  }
  await markRefreshTokenUsed(tx, refreshToken, now);
  work.touched("session", session.id);
  return create(RefreshSessionResponseSchema, { session: await issuePair(tx, deps, { session, user, now }) });
}

/** Refuses, and leaves an audit entry that names the session. */
function reject(unitOfWork: UnitOfWork, context: HandlerContext, { refusal, sessionId }: Rejection): Promise<never> {
  return unitOfWork.transaction(context, async (work) => {
    if (sessionId) work.touched("session", sessionId);
    throw refusal;
  });
}
