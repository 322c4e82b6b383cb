import type { DescMethod } from "@bufbuild/protobuf";
import { createContextValues, createHandlerContext, type HandlerContext } from "@connectrpc/connect";
import { type Caller, callerKey, type UserIdentity } from "#platform/auth/caller.ts";
import { callKey } from "#platform/rpc/call.ts";

/** A person fit for tests, as a handler meets one; name only what the test is about. */
export function aCallingUser(over: Partial<UserIdentity> = {}): UserIdentity {
  return {
    userId: "user-1",
    userType: "HOSPITAL",
    organizationId: "hospital-1",
    roles: ["orgAdmin"],
    sessionId: "session-1",
    token: "not-a-token",
    ...over,
  };
}

export interface HandlerContextOptions {
  readonly caller?: Caller;
  readonly requestId?: string;
  readonly signal?: AbortSignal;
}

/** What a handler is given when it runs in the server, for calling one without a server. */
export function aHandlerContext(method: DescMethod, options: HandlerContextOptions = {}): HandlerContext {
  const { caller = { user: aCallingUser() }, requestId = "request-1", signal = new AbortController().signal } = options;
  const contextValues = createContextValues();
  contextValues.set(callerKey, caller);
  contextValues.set(callKey, {
    requestId,
    traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    method,
    remainingMs: () => undefined,
    signal,
    hardSignal: signal,
    end: () => undefined,
  });
  const origin = { protocolName: "connect", requestMethod: "POST", url: `https://localhost/${method.name}` };
  return createHandlerContext({ service: method.parent, method, contextValues, ...origin });
}
