import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { SessionSchema } from "#gen/medport/center/v1/auth_service_pb.ts";
import type { UserTokenIssuer } from "#platform/auth/user-token.ts";
import type { Tx } from "#platform/database/database.ts";
import { organizationOf, type User } from "../users/user.ts";
import { insertRefreshToken } from "./session.store.ts";
import { refreshExpireTime, type Session } from "./session.ts";

/** What makes tokens. */
export interface TokenMaker {
  readonly issuer: UserTokenIssuer;
  /** Makes an opaque token that nobody can guess. */
  readonly newRefreshToken: () => string;
}

/**
 * Makes the next pair of tokens of a session, for the person as the account says now. The account must be locked at least
 * against changes: a token made beside one would outlive it.
 */
export async function issuePair(
  tx: Tx,
  { issuer, newRefreshToken }: TokenMaker,
  { session, user, now }: { readonly session: Session; readonly user: User; readonly now: Date },
): Promise<MessageInitShape<typeof SessionSchema>> {
  const organizationId = organizationOf(user.membership);
  const identity = {
    userId: user.id,
    userType: user.membership.userType,
    ...(organizationId !== undefined && { organizationId }),
    roles: user.roles,
    sessionId: session.id,
  };
  // An account that was changed this very second believes tokens from the next one on.
  const bounds = { ...(user.tokensValidFrom && { from: user.tokensValidFrom }), until: session.expireTime };
  const { token, expireTime } = await issuer.sign(identity, bounds);
  const refreshToken = newRefreshToken();
  await insertRefreshToken(tx, refreshToken, session, now);
  return {
    accessToken: token,
    accessExpireTime: timestampFromDate(expireTime),
    refreshToken,
    refreshExpireTime: timestampFromDate(refreshExpireTime(session, now)),
  };
}
