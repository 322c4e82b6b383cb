import { createHash } from "node:crypto";
import { type DescMessage, type DescMethod, type Message, toBinary } from "@bufbuild/protobuf";
import type { SqlEntityManager } from "@mikro-orm/postgresql";
import { sql } from "kysely";
import { Reason } from "#gen/medport/errors/v1/reason_pb.ts";
import type { Caller } from "#platform/auth/caller.ts";
import { fullNameOf } from "#platform/rpc/policy.ts";
import { refuse } from "#platform/rpc/refusal.ts";
import type { Tx } from "./database.ts";
import { platformTables } from "./platform-tables.ts";

/** One intent of one caller: sent again under the same id, it must not be carried out again. */
export interface IdempotencyKey {
  readonly caller: string;
  readonly method: string;
  readonly requestId: string;
  /** SHA-256 over the binary request: the same id with another body is a mistake. */
  readonly requestHash: Uint8Array;
}

/** A request as a write may have it: with an id of the caller's choice, or without. */
export type IdentifiedRequest = Message & { readonly requestId?: string };

/** The intent behind a call; undefined if it carries no id, or nobody to whom the id could belong. */
export function idempotencyKeyOf(
  caller: Caller,
  method: DescMethod,
  request: IdentifiedRequest,
): IdempotencyKey | undefined {
  const scope = scopeOf(caller);
  if (!request.requestId || scope === undefined) return undefined;
  const requestHash = createHash("sha256").update(toBinary<DescMessage>(method.input, request)).digest();
  return { caller: scope, method: fullNameOf(method), requestId: request.requestId, requestHash };
}

/** A person keeps the scope whichever way the call comes: directly, or through a service. */
function scopeOf({ user, service }: Caller): string | undefined {
  if (user) return `user:${user.userId}`;
  return service && `service:${service}`;
}

/**
 * Takes the key for this transaction, or finds the answer that was given under it. Waits for another transaction that
 * has the key: if that one commits, its answer is found; if it rolls back, the key is ours.
 * @returns the stored answer; undefined if this transaction is the one to carry out the intent.
 * @throws Refusal REQUEST_ID_REUSED if the id was used with another body.
 */
export async function claimKey(tx: Tx, key: IdempotencyKey, now: Date): Promise<Uint8Array | undefined> {
  const { caller, method, requestId, requestHash } = key;
  const claimed = await platformTables(tx)
    .insertInto("idempotency_key")
    .values({ caller, method, request_id: requestId, request_hash: requestHash, created_at: now })
    .onConflict((conflict) => conflict.doNothing())
    .returning("request_id")
    .executeTakeFirst();
  if (claimed) return undefined;
  const first = await findAnswer(tx, key);
  // Pruned between the two statements; the caller's next try starts anew.
  if (!first) throw refuse(Reason.CONCURRENT_CHANGE, "the answer to this request_id is being removed");
  return first;
}

/**
 * The answer that was given under a key; undefined if none was yet.
 * @throws Refusal REQUEST_ID_REUSED if the id was used with another body.
 */
export async function findAnswer(em: SqlEntityManager, key: IdempotencyKey): Promise<Uint8Array | undefined> {
  const { caller, method, requestId, requestHash } = key;
  const first = await platformTables(em)
    .selectFrom("idempotency_key")
    .select(["request_hash", "response"])
    .where("caller", "=", caller)
    .where("method", "=", method)
    .where("request_id", "=", requestId)
    .executeTakeFirst();
  if (!first?.response) return undefined;
  if (!Buffer.from(first.request_hash).equals(requestHash)) {
    throw refuse(Reason.REQUEST_ID_REUSED, `request_id ${requestId} was used before with another request`);
  }
  return first.response;
}

/** Keeps the answer under the key that this transaction has claimed. */
export async function storeAnswer(
  tx: Tx,
  { caller, method, requestId }: IdempotencyKey,
  answer: Uint8Array,
): Promise<void> {
  await platformTables(tx)
    .updateTable("idempotency_key")
    .set({ response: answer })
    .where("caller", "=", caller)
    .where("method", "=", method)
    .where("request_id", "=", requestId)
    .execute();
}

/**
 * Forgets answers given before a time. Whoever repeats a request after that carries it out again, so the time should lie
 * well behind any retry: a day or more.
 * @returns how many were forgotten.
 */
export async function pruneAnswers(tx: Tx, before: Date): Promise<number> {
  const { numDeletedRows } = await platformTables(tx)
    .deleteFrom("idempotency_key")
    .where(sql<boolean>`created_at < ${before}`)
    .executeTakeFirst();
  return Number(numDeletedRows);
}
