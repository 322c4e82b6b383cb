import { ConnectError } from "@connectrpc/connect";
import { reasonOf } from "#platform/rpc/refusal.ts";

/** The error that a call ends with. @throws Error if it ends well, and whatever is not an answer of a service. */
export async function errorOf(call: Promise<unknown>): Promise<ConnectError> {
  try {
    await call;
  } catch (error) {
    if (error instanceof ConnectError) return error;
    throw error;
  }
  throw new Error("the call was not refused");
}

/** The reason for which a call is refused. @throws as `errorOf`, and the call's own error if it has no reason. */
export async function refusalOf(call: Promise<unknown>): Promise<string> {
  const error = await errorOf(call);
  const reason = reasonOf(error);
  if (reason === undefined) throw error;
  return reason;
}
