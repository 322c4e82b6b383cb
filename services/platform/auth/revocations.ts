import { Reason } from "#gen/medport/errors/v1/reason_pb.ts";
import { refuse } from "#platform/rpc/refusal.ts";
import type { UserIdentity } from "./caller.ts";
import { userTokenTimes, type UserTokenTimes } from "./user-token.ts";

/** What a token says that may have ended since it was issued. */
export interface TokenOrigin extends Pick<UserTokenTimes, "issuedAtMs"> {
  readonly userId: string;
  readonly sessionId: string;
}

/**
 * Why a good token is no longer worth anything: its session has ended, or its account was shut; or only the token has,
 * because the account has changed and the session's next token says how.
 */
export type Revocation = "ENDED" | "SUPERSEDED";

/** Knows which tokens must no longer be believed although their signatures are good and their time is not over. */
export interface Revocations {
  /**
   * Why a token must not be believed; undefined if nothing is known against it.
   * @throws Refusal DEPENDENCY_DOWN if nothing has ever been known, which must not pass for a clean slate.
   */
  find(token: TokenOrigin): Promise<Revocation | undefined>;
}

/**
 * Makes sure that nothing has been revoked that a token rests on.
 * @throws Refusal SESSION_ENDED, or TOKEN_EXPIRED if the session still runs and refreshing it gives a good token.
 */
export async function assertNotRevoked(revocations: Revocations, token: TokenOrigin): Promise<void> {
  switch (await revocations.find(token)) {
    case undefined:
      return;
    case "ENDED":
      throw refuse(Reason.SESSION_ENDED, "the session was ended");
    case "SUPERSEDED":
      throw refuse(Reason.TOKEN_EXPIRED, "the account has changed since the token was issued");
  }
}

/**
 * For a call that goes on for long: makes sure that its user could still begin it. Cheap enough to be asked before each
 * message of a stream: mostly no more than a look into memory.
 * @throws Refusal TOKEN_EXPIRED when the token's time is over, and as `assertNotRevoked` does.
 */
export async function assertStillValid(revocations: Revocations, user: UserIdentity, now: Date): Promise<void> {
  const { issuedAtMs, expiresAtMs } = userTokenTimes(user);
  if (expiresAtMs <= now.getTime()) throw refuse(Reason.TOKEN_EXPIRED, "the token has expired");
  await assertNotRevoked(revocations, { userId: user.userId, sessionId: user.sessionId, issuedAtMs });
}
