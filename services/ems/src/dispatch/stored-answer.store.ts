import { type DescMessage, fromBinary, type MessageShape } from "@bufbuild/protobuf";
import { Reason } from "#gen/medport/errors/v1/reason_pb.ts";
import type { Tx } from "#platform/database/database.ts";
import type { IdempotencyKey } from "#platform/database/idempotency.ts";
import { platformTables } from "#platform/database/platform-tables.ts";
import { refuse } from "#platform/rpc/refusal.ts";

/**
 * The answer that was given under a request_id, for calls that take more than one transaction: they look before they
 * begin, and the last transaction stores the answer.
 * @throws Refusal REQUEST_ID_REUSED if the id was used with another body.
 */
export async function findStoredAnswer<O extends DescMessage>(
  tx: Tx,
  key: IdempotencyKey | undefined,
  output: O,
): Promise<MessageShape<O> | undefined> {
  if (!key) return undefined;
  const row = await platformTables(tx)
    .selectFrom("idempotency_key")
    .select(["request_hash", "response"])
    .where("caller", "=", key.caller)
    .where("method", "=", key.method)
    .where("request_id", "=", key.requestId)
    .executeTakeFirst();
  if (!row?.response) return undefined;
  assertSameRequest(row.request_hash, key);
  return fromBinary(output, row.response);
}

/** @throws Refusal REQUEST_ID_REUSED if the hash is of another request than the key's. */
export function assertSameRequest(hash: Uint8Array, { requestHash, requestId }: IdempotencyKey): void {
  if (Buffer.from(hash).equals(requestHash)) return;
  throw refuse(Reason.REQUEST_ID_REUSED, `request_id ${requestId} was used before with another request`);
}
