import { Code, ConnectError } from "@connectrpc/connect";
import type { ErrorInfo } from "#gen/google/rpc/error_details_pb.ts";
import { Reason } from "#gen/medport/errors/v1/reason_pb.ts";
import { errorInfoOf, Refusal, reasonFromName, refuse, retryInfo } from "#platform/rpc/refusal.ts";
import type { ServiceName } from "#platform/service-name.ts";

/** A call to another service, as far as its errors are concerned. */
export interface PeerCall {
  readonly target: ServiceName;
  /** The method's full name. */
  readonly method: string;
  /** Whether a person's token was passed on. */
  readonly hasUser: boolean;
  readonly signal: AbortSignal | undefined;
}

const dependencyRetryMs = 1_000;
const errorInfoType = "google.rpc.ErrorInfo";

/** Codes of refusals that are about the request that was passed on, and therefore about the one it was made for. */
const aboutTheRequest: ReadonlySet<Code> = new Set([
  Code.InvalidArgument,
  Code.FailedPrecondition,
  Code.Aborted,
  Code.NotFound,
  Code.AlreadyExists,
  Code.PermissionDenied,
]);

/**
 * The error to go on with after a peer's error. A peer's "no" to what the user wants is our "no", with the same reason;
 * a peer that cannot answer is a dependency that is down; everything else is a fault between the two services, which
 * the caller can do nothing about, so it is a plain error and ends as INTERNAL, with the peer's words in the log.
 */
export function errorFromPeer(error: unknown, call: PeerCall): Error {
  const abortReason: unknown = call.signal?.aborted ? call.signal.reason : undefined;
  if (Refusal.is(abortReason)) return abortReason;
  const info = errorInfoOf(error);
  if (!(error instanceof ConnectError) || !info) return peerDown(call, error);
  const reason = reasonFromName(info.reason);
  if (reason !== undefined && isForTheCaller(reason, error.code, call)) return sameRefusal(reason, error, info);
  if (error.code === Code.Unavailable || error.code === Code.DeadlineExceeded || error.code === Code.Canceled) {
    return peerDown(call, error);
  }
  return new Error(`${call.target} answered ${call.method} with ${info.reason}: ${error.rawMessage}`, { cause: error });
}

/** The refusal for a peer that cannot be reached or does not answer in time. */
export function peerDown({ target }: Pick<PeerCall, "target">, cause?: unknown): Refusal {
  return refuse(Reason.DEPENDENCY_DOWN, `the service ${target} is out of reach`, {
    metadata: { dependency: target },
    details: [retryInfo(dependencyRetryMs)],
    cause,
  });
}

function isForTheCaller(reason: Reason, code: Code, { hasUser }: PeerCall): boolean {
  if (aboutTheRequest.has(code)) return true;
  if (reason === Reason.RATE_LIMITED) return true;
  // Our own token is fresh for every call, so the one whose time ran out on the way is the user's.
  return hasUser && (reason === Reason.TOKEN_EXPIRED || reason === Reason.SESSION_ENDED);
}

function sameRefusal(reason: Reason, error: ConnectError, info: ErrorInfo): Refusal {
  const details = error.details.filter(
    (detail) => ("desc" in detail ? detail.desc.typeName : detail.type) !== errorInfoType,
  );
  return refuse(reason, error.rawMessage, { metadata: info.metadata, details, cause: error });
}

/**
 * True if the call never reached a handler, whatever method it is: nobody listened, or the peer was closing the
 * connection when the stream came (RFC 9113, 8.7). Sending it again changes nothing twice.
 */
export function isNeverProcessed(error: unknown): boolean {
  if (!(error instanceof ConnectError)) return false;
  const info = errorInfoOf(error);
  if (info) return info.reason === "DRAINING";
  return isRefusedStream(error) || causes(error).some((cause) => unreached.has(String(codeOf(cause))));
}

/** True if the peer refused the stream because its connection is closing; on a new connection it will be taken. */
export function isRefusedStream(error: unknown): boolean {
  return error instanceof ConnectError && !errorInfoOf(error) && /\bREFUSED_STREAM\b/.test(error.rawMessage);
}

/** True if the same call may succeed a moment later. */
export function isTransient(error: unknown): boolean {
  if (!(error instanceof ConnectError)) return false;
  if (error.code === Code.Unavailable) return true;
  // A connection that broke; an answer of the peer has an ErrorInfo.
  return (
    !errorInfoOf(error) && (error.code === Code.Aborted || error.code === Code.Internal || error.code === Code.Canceled)
  );
}

const unreached: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
]);

function causes(error: unknown): readonly unknown[] {
  const chain: unknown[] = [];
  for (let at = error; at instanceof Error && !chain.includes(at); at = at.cause) chain.push(at);
  return chain;
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}
