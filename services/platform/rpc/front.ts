import { Code, createContextValues } from "@connectrpc/connect";
import type { UniversalHandler, UniversalServerRequest, UniversalServerResponse } from "@connectrpc/connect/protocol";
import type { Logger } from "#platform/telemetry/log.ts";
import { Reason } from "#gen/medport/errors/v1/reason_pb.ts";
import { assertSingleTokenHeaders, type Authenticator } from "#platform/auth/authenticator.ts";
import { type Caller, callerKey } from "#platform/auth/caller.ts";
import { serviceTokenHeader } from "#platform/auth/service-token.ts";
import type { IdSource } from "#platform/id.ts";
import { abortable, raceAbort } from "#platform/rpc/abort.ts";
import { assertAuthorized } from "#platform/rpc/authorization.ts";
import { callKey, type Outcome } from "#platform/rpc/call.ts";
import { allowReading, type CorsOptions, isPreflight, preflightAnswer } from "#platform/rpc/cors.ts";
import { completeAnswer } from "#platform/rpc/error-completion.ts";
import type { ErrorMask } from "#platform/rpc/error-masking.ts";
import { LiveCall, type Stopping } from "#platform/rpc/live-call.ts";
import { fullNameOf, isPublic } from "#platform/rpc/policy.ts";
import { errorAnswer, timeoutMsFromHeader, type WireProtocol, wireProtocolOf } from "#platform/rpc/protocol.ts";
import { Refusal, reasonName, refuse } from "#platform/rpc/refusal.ts";
import type { TurnAway } from "#platform/rpc/turn-away.ts";
import { binaryRequest, isWebText, textAnswer } from "#platform/rpc/web-text.ts";

/** A request whose headers have arrived. */
export interface Incoming {
  readonly request: UniversalServerRequest;
  /** Names and values in turn, as they came, doubles included. */
  readonly rawHeaders: readonly string[];
}

/** One request and its answer. */
export interface Exchange {
  /** Never rejected for what a caller did; its body may still fail. */
  readonly answer: Promise<UniversalServerResponse>;
  /** To be called if the caller goes before the answer was sent to its end. */
  leave(): void;
  /** To be called once, when nothing more will be sent. */
  finish(): void;
}

/** What the front needs. */
export interface FrontOptions {
  readonly handlers: readonly UniversalHandler[];
  readonly authenticator: Authenticator;
  readonly mask: ErrorMask;
  readonly turnAway: TurnAway;
  readonly stopping: Stopping;
  readonly cors: CorsOptions;
  readonly newId: IdSource;
  readonly log: Logger;
}

/** Headers that a caller chose for itself are taken over only if they cannot garble a log or a table. */
const requestIdPattern = /^[A-Za-z0-9._-]{1,64}$/;
const traceparentPattern = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;

/**
 * Everything that is decided about a request from its headers alone, before a byte of its body is decoded: whether the
 * service still takes calls, whether there is such a method, who calls and whether it may, how long it may take. So a
 * stranger can make the service do nothing but look at headers. Writes the access log, where calls that never reached a
 * handler stand beside the others. A class because it knows the calls in flight.
 */
export class Front {
  readonly #options: FrontOptions;
  readonly #handlers: ReadonlyMap<string, UniversalHandler>;
  readonly #inFlight = new Set<Exchange>();
  readonly #idle: (() => void)[] = [];

  constructor(options: FrontOptions) {
    this.#options = options;
    this.#handlers = new Map(options.handlers.map((handler) => [handler.requestPath, handler]));
  }

  /** Takes a request in. */
  accept({ request: received, rawHeaders }: Incoming): Exchange {
    const isText = isWebText(received.header);
    const request = isText ? binaryRequest(received) : received;
    const { header } = request;
    const requestId = requestIdFrom(header) ?? this.#options.newId();
    const visit = new Visit(request, requestId, rawHeaders);
    const exchange: Exchange = {
      answer: this.#answer(visit)
        .then((answer) => this.#dress(answer, visit))
        .then((answer) => (isText ? textAnswer(answer) : answer)),
      leave: () => {
        visit.isLeft = true;
        visit.call?.leave();
      },
      finish: () => {
        this.#inFlight.delete(exchange);
        visit.call?.finish();
        this.#logAccess(visit);
        if (this.#inFlight.size === 0) for (const listener of this.#idle.splice(0)) listener();
      },
    };
    this.#inFlight.add(exchange);
    return exchange;
  }

  /** Resolves as soon as no call is in flight. */
  async whenIdle(): Promise<void> {
    if (this.#inFlight.size === 0) return;
    const idle = Promise.withResolvers<void>();
    this.#idle.push(idle.resolve);
    await idle.promise;
  }

  async #answer(visit: Visit): Promise<UniversalServerResponse> {
    const { request, protocol } = visit;
    if (isPreflight(request.method, request.header)) {
      visit.outcome = { code: 0 };
      return preflightAnswer(request.header, this.#options.cors);
    }
    const handler = this.#handlers.get(visit.path);
    if (!handler) {
      return this.#turnDown(visit, refuse(Reason.METHOD_NOT_FOUND, `there is no ${visit.path}`), 404, protocol);
    }
    const unfit = unfitness(handler, request);
    if (unfit || !protocol) return this.#refuseForm(visit, handler, unfit ?? 415);
    const call = this.#begin(visit, handler, protocol);
    try {
      const caller = await this.#admit(visit, call, protocol);
      const contextValues = createContextValues().set(callKey, call).set(callerKey, caller);
      const answer = await handler({ ...request, body: bodyOf(request, call), signal: call.signal, contextValues });
      return await completeAnswer(protocol, answer, (error) => {
        if (error) return this.#options.mask.complete(error, call);
        call.end({ code: 0 });
        return undefined;
      });
    } catch (error) {
      const refusal = this.#options.mask.mask(error, call);
      return errorAnswer(protocol, refusal, request.header.get("content-type"));
    }
  }

  #begin(visit: Visit, handler: UniversalHandler, protocol: WireProtocol): LiveCall {
    const { header } = visit.request;
    const timeoutMs = timeoutMsFromHeader(protocol, header);
    const traceparent = header.get("traceparent") ?? "";
    const call = new LiveCall({
      method: handler.method,
      requestId: visit.requestId,
      stopping: this.#options.stopping,
      ...(timeoutMs !== undefined && { timeoutMs }),
      ...(traceparentPattern.test(traceparent) && { traceparent }),
    });
    visit.call = call;
    return call;
  }

  /** @throws Refusal if the call may not go on. */
  async #admit(visit: Visit, call: LiveCall, protocol: WireProtocol): Promise<Caller> {
    const { stopping, authenticator, turnAway } = this.#options;
    if (stopping.soft.aborted && !isHealth(call)) throw stopping.soft.reason;
    if ((timeoutMsFromHeader(protocol, visit.request.header) ?? 1) <= 0) {
      throw refuse(Reason.DEADLINE_EXPIRED_ON_ARRIVAL, "the deadline had passed when the call arrived");
    }
    let caller: Caller = {};
    try {
      assertTokensFromServices(visit.request.header, visit.rawHeaders);
      if (isPublic(call.method)) return caller;
      caller = await raceAbort(authenticator.authenticate(visit.request.header, call.method), call.hardSignal);
      visit.caller = caller;
      assertAuthorized(call.method, caller);
      return caller;
    } catch (error) {
      if (Refusal.is(error) && isAboutTheCaller(error)) await turnAway(error, caller, call);
      throw error;
    }
  }

  /** A request for a method that exists, in a form that it does not take. */
  #refuseForm(visit: Visit, handler: UniversalHandler, status: number): UniversalServerResponse {
    const refusal = refuse(Reason.ENCODING_NOT_SUPPORTED, `${handler.requestPath} does not take requests of this form`);
    // Only an HTTP status can say this: in the request's own protocol nothing is understood.
    const answer = this.#turnDown(visit, refusal, status, undefined);
    if (status === 405) answer.header?.set("allow", handler.allowedMethods.join(", "));
    if (status === 505) answer.header?.set("connection", "close");
    return answer;
  }

  #turnDown(
    visit: Visit,
    refusal: Refusal,
    status: number,
    protocol: WireProtocol | undefined,
  ): UniversalServerResponse {
    visit.outcome = { code: refusal.code, reason: reasonName(refusal.reason) };
    const contentType = visit.request.header.get("content-type");
    return errorAnswer(protocol, this.#options.mask.stamp(refusal), contentType, status);
  }

  #dress(answer: UniversalServerResponse, visit: Visit): UniversalServerResponse {
    const header = answer.header ?? new Headers();
    header.set("x-request-id", visit.requestId);
    allowReading(visit.request.header, header, this.#options.cors);
    if (this.#options.stopping.soft.aborted && visit.request.httpVersion.startsWith("1."))
      header.set("connection", "close");
    return { ...answer, header };
  }

  #logAccess(visit: Visit): void {
    const { call, caller, path, protocol, requestId } = visit;
    const entry = {
      event: "rpc.call",
      method: call ? fullNameOf(call.method) : path.slice(0, 200),
      protocol,
      requestId,
      ...outcomeOf(visit),
      durationMs: call && Math.round(call.elapsedMs() * 1_000) / 1_000,
      userId: caller?.user?.userId,
      callingService: caller?.service,
    };
    // Probes ask every few seconds; at the usual level they would drown the rest.
    if (call && isHealth(call)) this.#options.log.debug(entry);
    else this.#options.log.info(entry);
  }
}

/** What is known about a request so far. A class because it fills up while the request goes its way. */
class Visit {
  readonly request: UniversalServerRequest;
  readonly requestId: string;
  readonly rawHeaders: readonly string[];
  readonly path: string;
  readonly protocol: WireProtocol | undefined;
  call: LiveCall | undefined;
  caller: Caller | undefined;
  outcome: Outcome | undefined;
  isLeft = false;

  constructor(request: UniversalServerRequest, requestId: string, rawHeaders: readonly string[]) {
    this.request = request;
    this.requestId = requestId;
    this.rawHeaders = rawHeaders;
    this.path = new URL(request.url).pathname;
    this.protocol = wireProtocolOf(request.method, request.header);
  }
}

/** How a request ended; an answer that nobody waited for is no success. */
function outcomeOf({ call, outcome, isLeft }: Visit): Outcome {
  const ended = call?.outcome ?? outcome;
  if (ended && (ended.code !== 0 || !isLeft)) return ended;
  return { code: Code.Canceled, reason: reasonName(Reason.CANCELLED_BY_CALLER) };
}

function requestIdFrom(header: Headers): string | undefined {
  const given = header.get("x-request-id") ?? "";
  return requestIdPattern.test(given) ? given : undefined;
}

/** The HTTP status that says why a handler cannot take a request's form; undefined if it can. */
function unfitness(handler: UniversalHandler, request: UniversalServerRequest): number | undefined {
  if (!handler.allowedMethods.includes(request.method)) return 405;
  if (request.method === "POST" && !handler.supportedContentType(request.header.get("content-type"))) return 415;
  // HTTP/1.1 cannot answer while the request is still being sent; a client that tries would wait forever.
  if (handler.method.methodKind === "bidi_streaming" && request.httpVersion.startsWith("1.")) return 505;
  return undefined;
}

function bodyOf(request: UniversalServerRequest, call: LiveCall): UniversalServerRequest["body"] {
  const { body } = request;
  const isStream = typeof body === "object" && body !== null && Symbol.asyncIterator in body;
  // A body that trickles in must not outlast the call's deadline.
  return isStream ? abortable(body, call.hardSignal) : body;
}

function assertTokensFromServices(header: Headers, rawHeaders: readonly string[]): void {
  assertSingleTokenHeaders(rawHeaders);
  if (header.has("origin") && header.has(serviceTokenHeader)) {
    throw refuse(Reason.TOKEN_INVALID, "a web page does not speak for a service");
  }
}

function isAboutTheCaller(refusal: Refusal): boolean {
  return refusal.code === Code.Unauthenticated || refusal.code === Code.PermissionDenied;
}

function isHealth(call: LiveCall): boolean {
  return call.method.parent.typeName === "grpc.health.v1.Health";
}
