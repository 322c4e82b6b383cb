import { ConnectError } from "@connectrpc/connect";
import { reasonOf } from "#platform/rpc/refusal.ts";

/** The reason with which a call is refused. @throws if it is not, or with no reason of ours. */
export async function refusalOf(call: Promise<unknown>): Promise<string> {
  const error = await call.then(
    () => undefined,
    (cause: unknown) => cause,
  );
  if (!(error instanceof ConnectError)) throw new Error("the call was not refused", { cause: error });
  return reasonOf(error) ?? `no reason: ${error.message}`;
}
