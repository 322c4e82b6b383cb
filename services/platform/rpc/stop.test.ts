import { once } from "node:events";
import { connect as connectHttp2 } from "node:http2";
import { describe, expect, it } from "@jest/globals";
import { Health, HealthCheckResponse_ServingStatus as Status } from "#gen/grpc/health/v1/health_pb.ts";
import { FacilityService } from "#gen/medport/hospital/v1/facility_service_pb.ts";
import { fetchJson } from "./fetch.builder.ts";
import { reasonOf } from "./refusal.ts";
import { startTestRpc, type TestRpc, type TestRpcOptions } from "./rpc.builder.ts";

/** A server whose GetFacility takes as long as the test says. */
async function startSlow(over: TestRpcOptions = {}): Promise<{
  rpc: TestRpc;
  begun: Promise<void>;
  answerNow: () => void;
}> {
  const begun = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<void>();
  const rpc = await startTestRpc({
    facilities: {
      getFacility: async ({ facilityId }) => {
        begun.resolve();
        await answer.promise;
        return { facility: { id: facilityId } };
      },
    },
    ...over,
  });
  return { rpc, begun: begun.promise, answerNow: () => answer.resolve() };
}

describe("a server that stops", () => {
  it("lets a call under way finish", async () => {
    const { rpc, begun, answerNow } = await startSlow();
    const call = rpc.client(FacilityService).getFacility({ facilityId: "f1" }, { headers: await rpc.headers() });
    await begun;
    const closed = rpc.server.close();
    setTimeout(answerNow, 100);
    expect((await call).facility?.id).toBe("f1");
    await closed;
  });

  it("lets a call over HTTP/1.1 finish, and asks its caller to come back on another connection", async () => {
    const { rpc, begun, answerNow } = await startSlow();
    const path = "/medport.hospital.v1.FacilityService/GetFacility";
    const call = fetchJson(rpc.server.url + path, await rpc.headers(), '{"facilityId":"f1"}');
    await begun;
    const closed = rpc.server.close();
    answerNow();
    const { status, headers } = await call;
    expect([status, headers.get("connection")]).toEqual([200, "close"]);
    await closed;
  });

  it("gives up on a call that does not finish in time, and tells its caller", async () => {
    const { rpc, begun } = await startSlow({ drainMs: 200 });
    const call = rpc
      .client(FacilityService)
      .getFacility({ facilityId: "f1" }, { headers: await rpc.headers() })
      .catch((cause: unknown) => cause);
    await begun;
    const started = performance.now();
    await rpc.server.close();
    expect(performance.now() - started).toBeLessThan(1_000);
    expect(reasonOf(await call)).toBe("DRAINING");
    expect(rpc.log.entries.map(({ event }) => event)).toContain("rpc.drain_expired");
  });

  it("says NOT_SERVING to those who watch, ends their streams, and does not wait for them", async () => {
    await using rpc = await startTestRpc({ drainMs: 5_000 });
    const seen: Status[] = [];
    const watching = (async () => {
      for await (const { status } of rpc.client(Health).watch({})) {
        seen.push(status);
        if (seen.length === 1) void rpc.server.close();
      }
    })().catch((cause: unknown) => cause);
    const started = performance.now();
    expect(reasonOf(await watching)).toBe("DRAINING");
    await rpc.server.close();
    expect(seen).toEqual([Status.SERVING, Status.NOT_SERVING]);
    expect(performance.now() - started).toBeLessThan(2_000);
  });

  it("sends GOAWAY on open connections, whose calls go on", async () => {
    const { rpc, begun, answerNow } = await startSlow();
    const session = connectHttp2(rpc.server.url);
    const headers = { ":method": "POST", "content-type": "application/json", ...(await rpc.headers()) };
    const path = "/medport.hospital.v1.FacilityService/GetFacility";
    const slow = session.request({ ...headers, ":path": path });
    slow.end('{"facilityId":"f1"}');
    await begun;
    const goaway = once(session, "goaway");
    const closed = rpc.server.close();
    await goaway;
    const [refused] = (await once(session.request({ ...headers, ":path": path }), "error")) as [Error];
    expect(refused.message).toContain("GOAWAY");
    answerNow();
    const [head] = (await once(slow, "response")) as [{ ":status": number }];
    expect(head[":status"]).toBe(200);
    slow.resume();
    await closed;
  });

  it("may be stopped twice, and leaves nothing behind", async () => {
    const rpc = await startTestRpc();
    await rpc.client(Health).check({});
    await Promise.all([rpc.server.close(), rpc.server.close()]);
    await rpc.server.close();
    await expect(fetchJson(rpc.server.url, {}, "{}")).rejects.toThrow("fetch failed");
  });
});
