import { ConnectError, createContextValues, type HandlerContext } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { Reason } from "#gen/medport/errors/v1/reason_pb.ts";
import { FacilityService } from "#gen/medport/hospital/v1/facility_service_pb.ts";
import { TripClaimService } from "#gen/medport/hospital/v1/trip_claim_service_pb.ts";
import { aUser, createTestKeys, type TestKeys } from "#platform/auth/auth.builder.ts";
import { callerKey, callerOf } from "#platform/auth/caller.ts";
import { createServiceTokens } from "#platform/auth/service-token.ts";
import { systemClock } from "#platform/clock.ts";
import type { ServiceName } from "#platform/service-name.ts";
import { eventually } from "#platform/testing/eventually.ts";
import { callKey, requestIdOf } from "./call.ts";
import { LiveCall } from "./live-call.ts";
import { connectPeer, createPeerClient, forward, type Peer, system } from "./peer.ts";
import { errorInfoOf, Refusal, reasonOf, refuse } from "./refusal.ts";
import { aTestLog, startTestProxy, startTestRpc, type TestRpc, type TestRpcOptions } from "./rpc.builder.ts";

let keys: TestKeys;
let userToken: string;
beforeAll(async () => {
  keys = await createTestKeys();
  userToken = await keys.userToken(aUser());
});

/** A peer as EMS sees it. */
function aPeer(address: string, over: { service?: ServiceName; target?: ServiceName } = {}): Peer {
  const { service = "ems", target = "hospital" } = over;
  const serviceTokens = createServiceTokens({ service, privateJwk: keys.serviceKeys[service], clock: systemClock });
  return connectPeer({ address, target, serviceTokens, log: aTestLog().log, random: () => 0.5 });
}

const addressOf = (rpc: TestRpc): string => `${rpc.server.address.host}:${rpc.server.address.port}`;
const start = (over: TestRpcOptions = {}): Promise<TestRpc> => startTestRpc({ keys, ...over });

/** The context of a handler that serves a user, as the server would hand it in. */
function aContext(over: { timeoutMs?: number; service?: ServiceName; traceparent?: string } = {}): HandlerContext {
  const never = new AbortController().signal;
  const call = new LiveCall({
    method: FacilityService.method.getFacility,
    requestId: "request-7",
    stopping: { soft: never, hard: never },
    ...(over.timeoutMs !== undefined && { timeoutMs: over.timeoutMs }),
    ...(over.traceparent !== undefined && { traceparent: over.traceparent }),
  });
  calls.push(call);
  const caller = { user: { ...aUser(), token: userToken }, ...(over.service && { service: over.service }) };
  const values = createContextValues().set(callKey, call).set(callerKey, caller);
  return { values, signal: call.signal, timeoutMs: () => over.timeoutMs } as HandlerContext;
}
const calls: LiveCall[] = [];
afterAll(() => {
  for (const call of calls) call.finish();
});

const failureOf = async (call: Promise<unknown>): Promise<unknown> => call.catch((error: unknown) => error);
const facility = { facilityId: "f1" };

describe("a call that is passed on", () => {
  it("speaks for the user, through the service, under the same request id and trace", async () => {
    const seen: unknown[] = [];
    await using rpc = await start({
      facilities: {
        getFacility: (_request, context) => {
          const { user, service } = callerOf(context);
          seen.push(user?.userId, service, requestIdOf(context), context.values.get(callKey)?.traceparent);
          return {};
        },
      },
    });
    using peer = aPeer(addressOf(rpc));
    const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    await peer.client(FacilityService).getFacility(facility, forward(aContext({ traceparent })));
    expect(seen).toEqual(["user-1", "ems", "request-7", traceparent]);
  });

  it("has no more time than what is left, less a reserve", async () => {
    const left: number[] = [];
    await using rpc = await start({
      facilities: {
        getFacility: (_request, { timeoutMs }) => {
          left.push(timeoutMs() ?? Infinity);
          return {};
        },
      },
    });
    using peer = aPeer(addressOf(rpc));
    const client = peer.client(FacilityService);
    await client.getFacility(facility, forward(aContext({ timeoutMs: 1_000 })));
    await client.getFacility(facility, system({ timeoutMs: 60_000 })).catch(() => undefined);
    await client.getFacility(facility, forward(aContext({ timeoutMs: 60_000 })));
    expect(left[0]).toBeGreaterThan(500);
    expect(left[0]).toBeLessThanOrEqual(900);
    // The policy's five seconds.
    expect(left[1]).toBeLessThanOrEqual(5_000);
  });

  it("fails at once if no time is left", () => {
    expect(() => forward(aContext({ timeoutMs: 50 }))).toThrow("no time is left");
  });

  it("is given up when the caller leaves", async () => {
    const heard = Promise.withResolvers<void>();
    await using rpc = await start({
      facilities: {
        getFacility: (_request, { signal }) => {
          signal.addEventListener("abort", () => heard.resolve());
          return new Promise<never>(() => undefined);
        },
      },
    });
    using peer = aPeer(addressOf(rpc));
    const context = aContext();
    const call = failureOf(peer.client(FacilityService).getFacility(facility, forward(context)));
    setTimeout(() => calls.at(-1)?.leave(), 100);
    expect(reasonOf(await call)).toBe("CANCELLED_BY_CALLER");
    await heard.promise;
  });
});

describe("a call that a service makes on its own", () => {
  it("carries its own token and nobody's name", async () => {
    const seen: unknown[] = [];
    await using rpc = await start({
      claims: {
        resolveClaim: (_request, context) => {
          seen.push(callerOf(context));
          return {};
        },
      },
    });
    using client = createPeerClient(TripClaimService, {
      address: addressOf(rpc),
      target: "hospital",
      serviceTokens: createServiceTokens({ service: "ems", privateJwk: keys.serviceKeys.ems, clock: systemClock }),
      log: aTestLog().log,
    });
    await client.resolveClaim(aResolveClaim, system({ requestId: "sweep-1" }));
    expect(seen).toEqual([{ service: "ems" }]);
  });
});

const aResolveClaim = { tripId: "t1", attemptId: "0192f0c1-2b3c-7d4e-8f5a-6b7c8d9e0f1a" };

describe("an error of the peer", () => {
  const answerOf = async (error: Error): Promise<unknown> => {
    await using rpc = await start({
      facilities: {
        getFacility: () => {
          throw error;
        },
      },
    });
    using peer = aPeer(addressOf(rpc));
    return await failureOf(peer.client(FacilityService).getFacility(facility, forward(aContext())));
  };

  it.each([
    Reason.RESOURCE_NOT_FOUND,
    Reason.UNIT_NOT_AVAILABLE,
    Reason.TRIP_ALREADY_ASSIGNED,
    Reason.ACTION_NOT_ALLOWED,
    Reason.VALIDATION_FAILED,
    Reason.RESOURCE_EXISTS,
    Reason.RATE_LIMITED,
    Reason.TOKEN_EXPIRED,
  ])("about what the user wants is ours, with the same reason: %i", async (reason) => {
    const failure = await answerOf(refuse(reason, "no", { metadata: { trip: "t1" } }));
    expect(Refusal.is(failure) && failure.reason).toBe(reason);
    // In no service's name yet: that is the server's to add when it leaves.
    expect(errorInfoOf(failure)).toMatchObject({ domain: "", metadata: { trip: "t1" } });
  });

  it.each([
    ["is overloaded", refuse(Reason.OVERLOADED, "busy")],
    ["misses something itself", refuse(Reason.DEPENDENCY_DOWN, "no database")],
    ["takes too long", refuse(Reason.HANDLER_TIMEOUT, "slow")],
  ])("that %s is a dependency that is down", async (_why, error) => {
    const failure = await answerOf(error);
    expect([reasonOf(failure), errorInfoOf(failure)?.metadata]).toEqual([
      "DEPENDENCY_DOWN",
      { dependency: "hospital" },
    ]);
  });

  it("that has a bug is no refusal: it ends as a bug of ours, and the log has the peer's error id", async () => {
    const failure = await answerOf(new TypeError("bug"));
    expect(Refusal.is(failure)).toBe(false);
    expect(failure).toBeInstanceOf(Error);
    expect((failure as Error).message).toMatch(/^hospital answered .*GetFacility with INTERNAL/);
    expect(errorInfoOf((failure as Error).cause)?.metadata["error_id"]).toBeDefined();
  });

  it("that does not know our service's token is a fault between the services", async () => {
    await using rpc = await start();
    using peer = aPeer(addressOf(rpc), { target: "center" });
    const failure = await failureOf(peer.client(FacilityService).getFacility(facility, forward(aContext())));
    expect(Refusal.is(failure)).toBe(false);
    expect((failure as Error).message).toContain("WRONG_AUDIENCE");
  });

  it("that does not answer in time is a dependency that is down, soon after the deadline", async () => {
    await using rpc = await start({ facilities: { getFacility: () => new Promise<never>(() => undefined) } });
    using peer = aPeer(addressOf(rpc));
    const started = performance.now();
    const failure = await failureOf(
      peer.client(FacilityService).getFacility(facility, forward(aContext({ timeoutMs: 400 }))),
    );
    expect(reasonOf(failure)).toBe("DEPENDENCY_DOWN");
    expect(performance.now() - started).toBeLessThan(1_500);
  });
});

describe("a peer that is out of reach", () => {
  it("is a dependency that is down", async () => {
    using peer = aPeer("127.0.0.1:1");
    const failure = await failureOf(peer.client(FacilityService).getFacility(facility, forward(aContext())));
    expect(reasonOf(failure)).toBe("DEPENDENCY_DOWN");
  });

  it("that was closed while it was asked is asked again at its next start, on the same client", async () => {
    const first = await start();
    const { port } = first.server.address;
    using peer = aPeer(addressOf(first));
    const client = peer.client(FacilityService);
    await client.getFacility(facility, forward(aContext()));
    await first[Symbol.asyncDispose]();
    expect(reasonOf(await failureOf(client.getFacility(facility, forward(aContext()))))).toBe("DEPENDENCY_DOWN");
    await using second = await start({ port });
    expect(second.server.address.port).toBe(port);
    await client.getFacility(facility, forward(aContext()));
  });

  it("never takes the process with it, however often and whenever it dies", async () => {
    const uncaught: unknown[] = [];
    const note = (error: unknown): void => void uncaught.push(error);
    process.on("uncaughtException", note);
    process.on("unhandledRejection", note);
    await using rpc = await start({
      facilities: { getFacility: () => new Promise((resolve) => setTimeout(resolve, 5, {})) },
    });
    await using proxy = await startTestProxy(rpc.server.address.port);
    using peer = aPeer(proxy.address);
    const client = peer.client(FacilityService);
    const reasons = new Map<string, number>();
    for (let round = 0; round < 60; round += 1) {
      const asked = Array.from({ length: 20 }, () => failureOf(client.getFacility(facility, forward(aContext()))));
      await new Promise((resolve) => setTimeout(resolve, round % 12));
      proxy.cut();
      for (const answer of await Promise.all(asked)) {
        const outcome = answer instanceof Error ? (reasonOf(answer) ?? answer.message) : "answered";
        reasons.set(outcome, (reasons.get(outcome) ?? 0) + 1);
      }
    }
    await client.getFacility(facility, forward(aContext()));
    process.off("uncaughtException", note);
    process.off("unhandledRejection", note);
    expect(uncaught).toEqual([]);
    expect([...reasons.keys()].filter((outcome) => !["answered", "DEPENDENCY_DOWN"].includes(outcome))).toEqual([]);
  });

  it("whose cable was pulled is reached again over a new connection", async () => {
    await using rpc = await start();
    await using proxy = await startTestProxy(rpc.server.address.port);
    using peer = aPeer(proxy.address);
    const client = peer.client(FacilityService);
    await client.getFacility(facility, forward(aContext()));
    proxy.freeze();
    for (let i = 0; i < 2; i += 1) {
      const failure = await failureOf(client.getFacility(facility, forward(aContext({ timeoutMs: 300 }))));
      expect(reasonOf(failure)).toBe("DEPENDENCY_DOWN");
    }
    await client.getFacility(facility, forward(aContext()));
  });
});

describe("a call that may be repeated", () => {
  const failFirst = (times: number, reason: Reason) => {
    let asked = 0;
    const fail = () => {
      asked += 1;
      if (asked <= times) throw refuse(reason, "not now");
      return {};
    };
    return { asked: () => asked, fail };
  };

  it("is repeated while the peer says that it cannot answer", async () => {
    const { asked, fail } = failFirst(2, Reason.OVERLOADED);
    await using rpc = await start({ facilities: { getFacility: fail } });
    using peer = aPeer(addressOf(rpc));
    await peer.client(FacilityService).getFacility(facility, forward(aContext()));
    expect(asked()).toBe(3);
  });

  it("is not repeated if it changes something and has no request id", async () => {
    const { asked, fail } = failFirst(1, Reason.OVERLOADED);
    await using rpc = await start({ facilities: { createFacility: fail } });
    using peer = aPeer(addressOf(rpc));
    const client = peer.client(FacilityService);
    const options = async () => ({
      headers: { authorization: `Bearer ${await keys.userToken(aUser({ roles: ["orgAdmin"] }))}` },
    });
    const created = {
      name: "North",
      type: "HOSPITAL",
      address: "1 Main St",
      city: "Salem",
      state: "OR",
      zipCode: "97301",
      county: "Marion",
    };
    expect(reasonOf(await failureOf(client.createFacility(created, await options())))).toBe("DEPENDENCY_DOWN");
    expect(asked()).toBe(1);
    await client.createFacility({ ...created, requestId: "r1" }, await options());
  });

  it("is not repeated for another service, which repeats it itself", async () => {
    const { asked, fail } = failFirst(1, Reason.OVERLOADED);
    await using rpc = await start({ facilities: { getFacility: fail } });
    using peer = aPeer(addressOf(rpc));
    const options = forward(aContext({ service: "center" }));
    expect(reasonOf(await failureOf(peer.client(FacilityService).getFacility(facility, options)))).toBe(
      "DEPENDENCY_DOWN",
    );
    expect(asked()).toBe(1);
  });

  it("is not repeated beyond its deadline", async () => {
    const { fail } = failFirst(1_000, Reason.OVERLOADED);
    await using rpc = await start({ facilities: { getFacility: fail } });
    using peer = aPeer(addressOf(rpc));
    const started = performance.now();
    const options = forward(aContext({ timeoutMs: 250 }));
    await failureOf(peer.client(FacilityService).getFacility(facility, options));
    expect(performance.now() - started).toBeLessThan(400);
  });
});

describe("a peer that is replaced under load", () => {
  it("costs no call: those under way finish, and refused streams are sent again to its successor", async () => {
    const first = await start();
    await using second = await start();
    await using proxy = await startTestProxy(first.server.address.port);
    using peer = aPeer(proxy.address);
    const client = peer.client(FacilityService);
    const failures: unknown[] = [];
    let stopped = false;
    const load = Array.from({ length: 16 }, async () => {
      while (!stopped) {
        const failure = await client.getFacility(facility, forward(aContext())).then(
          () => undefined,
          (error: unknown) => error,
        );
        if (failure) failures.push(failure);
      }
    });
    await eventually(() => expect(first.handled()).toBeGreaterThan(20), { withinMs: 10_000 });
    proxy.pointTo(second.server.address.port);
    await first[Symbol.asyncDispose]();
    await eventually(() => expect(second.handled()).toBeGreaterThan(20), { withinMs: 10_000 });
    stopped = true;
    await Promise.all(load);
    expect(failures.map((failure) => [reasonOf(failure), String(ConnectError.from(failure).cause)])).toEqual([]);
  });
});
