import { createServer, type Http2Server, type ServerHttp2Session } from "node:http2";
import type { AddressInfo } from "node:net";
import { Code, ConnectError, type ConnectRouter, createClient } from "@connectrpc/connect";
import { connectNodeAdapter, createGrpcTransport } from "@connectrpc/connect-node";
import { afterEach, describe, expect, it } from "@jest/globals";
import { Reason } from "#gen/medport/errors/v1/reason_pb.ts";
import { TripService } from "#gen/medport/hospital/v1/trip_service_pb.ts";
import { newId } from "#platform/id.ts";
import { refuse } from "#platform/rpc/refusal.ts";
import { type RetryOptions, retryingTransport, type Tokens } from "./retrying-transport.ts";

const noToken: Tokens = { current: () => Promise.resolve(undefined), renew: () => Promise.resolve() };
const quick: RetryOptions = {
  retryForMs: 5_000,
  attemptTimeoutMs: 2_000,
  newId,
  random: () => 0.1,
  nowMs: () => performance.now(),
};

let server: Http2Server | undefined;
const sessions = new Set<ServerHttp2Session>();

afterEach(async () => {
  for (const session of sessions) session.destroy();
  const closing = server;
  server = undefined;
  if (closing) await new Promise((closed) => closing.close(closed));
});

describe("the retrying transport", () => {
  it("fills in one request_id and keeps it over all attempts", async () => {
    const seen: string[] = [];
    const trips = await tripsAnswering((requestId) => {
      seen.push(requestId);
      if (seen.length < 3) throw new ConnectError("the connection broke", Code.Unavailable);
    });
    await trips.cancelTrip({ tripId: "t1", reason: "r" });
    expect(seen).toHaveLength(3);
    expect(new Set(seen).size).toBe(1);
    expect(seen[0]).not.toBe("");
  });

  it("keeps the request_id that the caller chose", async () => {
    const seen: string[] = [];
    const trips = await tripsAnswering((requestId) => void seen.push(requestId));
    await trips.cancelTrip({ tripId: "t1", reason: "r", requestId: "mine" });
    expect(seen).toEqual(["mine"]);
  });

  it("sends a call again when the connection broke before the answer", async () => {
    let calls = 0;
    const trips = await tripsAnswering(() => {
      calls += 1;
      if (calls === 1) for (const session of sessions) session.destroy();
    });
    await trips.cancelTrip({ tripId: "t1", reason: "r" });
    expect(calls).toBe(2);
  });

  it("does not repeat a refusal that would be the same again", async () => {
    let calls = 0;
    const trips = await tripsAnswering(() => {
      calls += 1;
      throw refuse(Reason.INVALID_STATE_TRANSITION, "the trip is over");
    });
    await expect(trips.cancelTrip({ tripId: "t1", reason: "r" })).rejects.toMatchObject({
      code: Code.FailedPrecondition,
    });
    expect(calls).toBe(1);
  });

  it("gives up after its time with the last error", async () => {
    const trips = await tripsAnswering(
      () => {
        throw new ConnectError("still away", Code.Unavailable);
      },
      { ...quick, retryForMs: 200 },
    );
    await expect(trips.cancelTrip({ tripId: "t1", reason: "r" })).rejects.toMatchObject({ code: Code.Unavailable });
  });

  it("renews an expired token once and sends the call again with the new one", async () => {
    const seen: (string | null)[] = [];
    let token = "old";
    const tokens: Tokens = {
      current: () => Promise.resolve(token),
      renew: () => {
        token = "new";
        return Promise.resolve();
      },
    };
    const trips = await tripsAnswering(
      (_, headers) => {
        seen.push(headers.get("authorization"));
        if (token === "old") throw expired();
      },
      quick,
      tokens,
    );
    await trips.cancelTrip({ tripId: "t1", reason: "r" });
    expect(seen).toEqual(["Bearer old", "Bearer new"]);
  });

  it("has renewed the token by the time that a stream says that it expired", async () => {
    const renewed: (string | undefined)[] = [];
    const tokens: Tokens = {
      current: () => Promise.resolve(`token ${renewed.length}`),
      renew: (stale) => Promise.resolve(void renewed.push(stale)),
    };
    const trips = await tripsAnswering(
      () => {
        throw expired();
      },
      quick,
      tokens,
    );
    await expect(Array.fromAsync(trips.watchTrips({}))).rejects.toMatchObject({ code: Code.Unauthenticated });
    expect(renewed).toEqual(["token 0"]);
  });
});

/** An error as a service of the mesh sends it, with its reason. */
function expired(): ConnectError {
  return refuse(Reason.TOKEN_EXPIRED, "the token's time is over");
}

type OnCall = (requestId: string, headers: Headers) => void;

async function tripsAnswering(onCall: OnCall, options: RetryOptions = quick, tokens: Tokens = noToken) {
  const routes = (router: ConnectRouter): void => {
    router.service(TripService, {
      cancelTrip(request, context) {
        onCall(request.requestId, context.requestHeader);
        return {};
      },
      async *watchTrips(_request, context) {
        yield { item: { case: "heartbeat", value: {} } };
        onCall("", context.requestHeader);
      },
    });
  };
  const listening = createServer(connectNodeAdapter({ routes }));
  server = listening;
  listening.on("session", (session) => {
    sessions.add(session);
    session.on("close", () => sessions.delete(session));
  });
  await new Promise<void>((resolve) => listening.listen(0, "127.0.0.1", resolve));
  const { port } = listening.address() as AddressInfo;
  const inner = createGrpcTransport({ baseUrl: `http://127.0.0.1:${port}` });
  return createClient(TripService, retryingTransport(inner, tokens, options));
}
