import { Code, ConnectError } from "@connectrpc/connect";
import type { Logger } from "#platform/telemetry/log.ts";
import { Reason } from "#gen/medport/errors/v1/reason_pb.ts";
import type { IdSource } from "#platform/id.ts";
import type { LiveCall } from "#platform/rpc/live-call.ts";
import { fullNameOf } from "#platform/rpc/policy.ts";
import { errorInfoOf, Refusal, reasonFromName, reasonName, refuse } from "#platform/rpc/refusal.ts";
import type { ServiceName } from "#platform/service-name.ts";

/** What it takes to turn any error into one that may leave the service. */
export interface MaskingOptions {
  readonly service: ServiceName;
  readonly log: Logger;
  readonly newId: IdSource;
  /** Knows the errors of the service's own dependencies, such as a database that is out of reach. */
  readonly refusalFrom?: (error: unknown) => Refusal | undefined;
}

/**
 * Decides which error leaves the service in place of any error: always a refusal in the service's name. What nobody
 * foresaw becomes INTERNAL; its text stays in the log, under an id that the caller is told.
 */
export class ErrorMask {
  readonly #options: MaskingOptions;
  readonly #domain: string;

  constructor(options: MaskingOptions) {
    this.#options = options;
    this.#domain = `${options.service}.medport`;
  }

  /** The refusal that answers an error of an interceptor or a handler. */
  mask(error: unknown, call: LiveCall): Refusal {
    const refusal = this.#expected(error, call) ?? this.#internal(error, call);
    call.end({ code: refusal.code, reason: reasonName(refusal.reason), ...errorIdOf(refusal) });
    return refusal.inDomain(this.#domain);
  }

  /** The refusal that answers a request which could not be decoded. */
  undecodable(error: unknown, call: LiveCall): Refusal {
    return Refusal.is(error) ? error : (abortReason(error, call) ?? decodingRefusal(error, call));
  }

  /**
   * The error that leaves in place of one that the protocol library is about to send. Those that passed `mask` are
   * fit already; what the library found wrong on its own, before or after them, is not.
   */
  complete(error: ConnectError, call: LiveCall): ConnectError {
    const info = errorInfoOf(error);
    if (info && info.domain !== "") return error;
    const reason = info && reasonFromName(info.reason);
    if (info && reason !== undefined) {
      return this.mask(refuse(reason, error.rawMessage, { metadata: info.metadata, cause: error }), call);
    }
    return this.mask(call.isDecoded ? error : this.undecodable(error, call), call);
  }

  /** A refusal in the service's name for what has no call: no such method, no such protocol. */
  stamp(refusal: Refusal): Refusal {
    return refusal.inDomain(this.#domain);
  }

  #expected(error: unknown, call: LiveCall): Refusal | undefined {
    if (Refusal.is(error)) return error.reason === Reason.INTERNAL ? undefined : error;
    return abortReason(error, call) ?? this.#options.refusalFrom?.(error) ?? libraryRefusal(error, call);
  }

  #internal(error: unknown, call: LiveCall): Refusal {
    const errorId = this.#options.newId();
    const { requestId, method } = call;
    this.#options.log.error({
      event: "rpc.internal_error",
      errorId,
      requestId,
      method: fullNameOf(method),
      err: error instanceof Error ? error : new Error(`a value was thrown that is no error: ${String(error)}`),
    });
    return refuse(Reason.INTERNAL, "internal error", { metadata: { error_id: errorId }, cause: error });
  }
}

function errorIdOf(refusal: Refusal): { errorId?: string } {
  const errorId = refusal.reason === Reason.INTERNAL ? errorInfoOf(refusal)?.metadata["error_id"] : undefined;
  return errorId === undefined ? {} : { errorId };
}

/** Why the call was given up, if that is what the error says in its own words. */
function abortReason(error: unknown, call: LiveCall): Refusal | undefined {
  const reason: unknown = call.signal.reason ?? call.hardSignal.reason;
  return Refusal.is(reason) && isAbort(error, reason) ? reason : undefined;
}

function isAbort(error: unknown, reason: Refusal): boolean {
  if (error === reason) return true;
  if (error instanceof ConnectError)
    return error.code === Code.Canceled || error.code === Code.DeadlineExceeded || error.code === Code.Aborted;
  if (!(error instanceof Error)) return false;
  return error.name === "AbortError" || error.name === "TimeoutError" || isAbort(error.cause, reason);
}

/** What the protocol library says while interceptors and handlers run, in its own words. */
function libraryRefusal(error: unknown, call: LiveCall): Refusal | undefined {
  if (!(error instanceof ConnectError) || error.isWireError) return undefined;
  if (error.rawMessage.startsWith("protocol error: ")) return decodingRefusal(error, call);
  if (error.code === Code.Unimplemented && error.rawMessage.endsWith(" is not implemented")) {
    return refuse(Reason.METHOD_NOT_FOUND, "the method is not implemented", { cause: error });
  }
  return undefined;
}

/** The library's words for a request that it cannot read, in ours. Its own may quote the body, so they stay here. */
function decodingRefusal(error: unknown, { method }: LiveCall): Refusal {
  const input = method.input.typeName;
  if (!(error instanceof ConnectError)) {
    return refuse(Reason.CANCELLED_BY_CALLER, "the body was not sent to its end", { cause: error });
  }
  switch (error.code) {
    case Code.ResourceExhausted:
      return refuse(Reason.MESSAGE_TOO_LARGE, `the ${input} is larger than the service reads`, { cause: error });
    case Code.Unimplemented:
      return error.rawMessage.startsWith("unknown compression")
        ? refuse(Reason.ENCODING_NOT_SUPPORTED, "the compression is not one that the service reads", { cause: error })
        : refuse(Reason.MALFORMED_MESSAGE, `exactly one ${input} is expected`, { cause: error });
    case Code.Canceled:
    case Code.Aborted:
      return refuse(Reason.CANCELLED_BY_CALLER, "the body was not sent to its end", { cause: error });
    default:
      return error.rawMessage.includes("timeout")
        ? refuse(Reason.MALFORMED_MESSAGE, "the deadline header cannot be read", { cause: error })
        : refuse(Reason.MALFORMED_MESSAGE, `the body cannot be read as ${input}`, { cause: error });
  }
}
