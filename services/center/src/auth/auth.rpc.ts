import { create } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { ServiceImpl } from "@connectrpc/connect";
import {
  type AuthService,
  ListSigningKeysResponseSchema,
  LogoutResponseSchema,
  VerifyTokenResponseSchema,
} from "#gen/medport/center/v1/auth_service_pb.ts";
import { Reason } from "#gen/medport/errors/v1/reason_pb.ts";
import { userOf } from "#platform/auth/caller.ts";
import type { PublicJwk } from "#platform/auth/jwk.ts";
import { userTokenTimes } from "#platform/auth/user-token.ts";
import { parseId } from "#platform/id.ts";
import { refuse } from "#platform/rpc/refusal.ts";
import { userMessage } from "../users/user.message.ts";
import { findUser } from "../users/user.store.ts";
import type { UserId } from "../users/user.ts";
import { changePassword } from "./change-password.rpc.ts";
import { login, type LoginDeps } from "./login.rpc.ts";
import { refreshSession } from "./refresh.rpc.ts";
import { endSession } from "./session.end.ts";
import { findSession } from "./session.store.ts";
import { isSessionRunning, type SessionId } from "./session.ts";

/** What the service needs. */
export interface AuthRpcDeps extends LoginDeps {
  /** The keys that tokens are, were or will be signed with. */
  readonly publicKeys: readonly PublicJwk[];
}

/** Implements `medport.center.v1.AuthService`. */
export function authRpc(deps: AuthRpcDeps): ServiceImpl<typeof AuthService> {
  const { unitOfWork, publicKeys } = deps;
  return {
    login: (request, context) => login(deps, request, context),

    refreshSession: (request, context) => refreshSession(deps, request, context),

    changePassword: (request, context) => changePassword(deps, request, context),

    logout(request, context) {
      const identity = userOf(context);
      const [sessionId, userId] = [parseId<SessionId>(identity.sessionId), parseId<UserId>(identity.userId)];
      return unitOfWork.write(context, request, LogoutResponseSchema, async (work) => {
        if (sessionId && userId) {
          work.touched("session", sessionId);
          await endSession(work, { sessionId, userId }, "LOGOUT");
        }
        return {};
      });
    },

    verifyToken(request, context) {
      const identity = userOf(context);
      return unitOfWork.read(context, request, VerifyTokenResponseSchema, async ({ tx, now }) => {
        const sessionId = parseId<SessionId>(identity.sessionId);
        const userId = parseId<UserId>(identity.userId);
        const session = sessionId && (await findSession(tx, sessionId));
        const user = userId && (await findUser(tx, userId));
        if (!user?.active || !session || !isSessionRunning(session, now)) {
          throw refuse(Reason.SESSION_ENDED, "the session was ended");
        }
        const { expiresAtMs } = userTokenTimes(identity);
        return { user: userMessage(user), expireTime: timestampFromDate(new Date(expiresAtMs)) };
      });
    },

    listSigningKeys: () =>
      create(ListSigningKeysResponseSchema, { keys: publicKeys.map(({ kid, x, y }) => ({ keyId: kid, x, y })) }),
  };
}
