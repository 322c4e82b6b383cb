import { describe, expect, it } from "@jest/globals";
import { Code, ConnectError } from "@connectrpc/connect";
import { FacilityService } from "#gen/medport/hospital/v1/facility_service_pb.ts";
import { aUser } from "#platform/auth/auth.builder.ts";
import { fetchJson } from "./fetch.builder.ts";
import { errorInfoOf, reasonOf, refuse } from "./refusal.ts";
import { startTestRpc, type TestRpc } from "./rpc.builder.ts";
import { Reason } from "#gen/medport/errors/v1/reason_pb.ts";

const createFacility = "/medport.hospital.v1.FacilityService/CreateFacility";
const good = JSON.stringify({
  name: "North",
  type: "HOSPITAL",
  address: "1 Main St",
  city: "Salem",
  state: "OR",
  zipCode: "97301",
  county: "Marion",
});

/** What a call left behind: who was looked up, what was audited, whether the handler ran. */
interface Effects {
  readonly reason: string | undefined;
  readonly looked: boolean;
  readonly denied: boolean;
  readonly handled: boolean;
}

async function effectsOf(rpc: TestRpc, looked: () => number, work: () => Promise<{ json: unknown }>): Promise<Effects> {
  const [lookedBefore, deniedBefore, handledBefore] = [looked(), rpc.denials.length, rpc.handled()];
  const { json } = await work();
  const [, reason] = /"reason":"([A-Z_]+)","domain":"hospital\.medport"/.exec(JSON.stringify(json)) ?? [];
  return {
    reason,
    looked: looked() > lookedBefore,
    denied: rpc.denials.length > deniedBefore,
    handled: rpc.handled() > handledBefore,
  };
}

describe("the stages of a call", () => {
  it("stand in their order: when one says no, those before it have run and those after it have not", async () => {
    await using inner = await startTestRpc();
    const authenticator = await inner.keys.authenticator("hospital");
    let looked = 0;
    await using rpc = await startTestRpc({
      keys: inner.keys,
      authenticator: {
        authenticate: (headers) => {
          looked += 1;
          return authenticator.authenticate(headers);
        },
      },
    });
    const admin = { authorization: `Bearer ${await inner.keys.userToken(aUser({ roles: ["orgAdmin"] }))}` };
    const viewer = { authorization: `Bearer ${await inner.keys.userToken(aUser({ roles: ["viewer"] }))}` };
    const url = rpc.server.url;
    const stages: readonly [name: string, work: () => Promise<{ json: unknown }>, effects: Effects][] = [
      [
        "routing",
        () => fetchJson(`${url}/nothing`, { "connect-timeout-ms": "0" }, "nonsense"),
        { reason: "METHOD_NOT_FOUND", looked: false, denied: false, handled: false },
      ],
      [
        "arrival",
        () => fetchJson(url + createFacility, { "connect-timeout-ms": "0" }, "nonsense"),
        { reason: "DEADLINE_EXPIRED_ON_ARRIVAL", looked: false, denied: false, handled: false },
      ],
      [
        "authentication",
        () => fetchJson(url + createFacility, { authorization: "Bearer abc" }, "nonsense"),
        { reason: "TOKEN_INVALID", looked: true, denied: true, handled: false },
      ],
      [
        "authorization",
        () => fetchJson(url + createFacility, viewer, "nonsense"),
        { reason: "METHOD_NOT_ALLOWED", looked: true, denied: true, handled: false },
      ],
      [
        "decoding",
        () => fetchJson(url + createFacility, admin, "nonsense"),
        { reason: "MALFORMED_MESSAGE", looked: true, denied: false, handled: false },
      ],
      [
        "validation",
        () => fetchJson(url + createFacility, admin, "{}"),
        { reason: "VALIDATION_FAILED", looked: true, denied: false, handled: false },
      ],
      [
        "handler",
        () => fetchJson(url + createFacility, admin, good),
        { reason: undefined, looked: true, denied: false, handled: true },
      ],
    ];
    for (const [name, work, effects] of stages) {
      expect([name, await effectsOf(rpc, () => looked, work)]).toEqual([name, effects]);
    }
    const logged = rpc.log.entries.filter(({ event }) => event === "rpc.call").map(({ reason }) => reason);
    expect(logged).toEqual(stages.map(([, , { reason }]) => reason));
  });
});

describe("an error of a handler", () => {
  const failWith = async (error: unknown, refusalFrom = () => undefined as ReturnType<typeof refuse> | undefined) => {
    await using rpc = await startTestRpc({
      refusalFrom,
      facilities: {
        getFacility: () => {
          throw error;
        },
      },
    });
    const failure = await rpc
      .client(FacilityService)
      .getFacility({ facilityId: "f1" }, { headers: await rpc.headers() })
      .catch((cause: unknown) => cause);
    return { failure, log: rpc.log };
  };

  it("that is a refusal leaves in the service's name", async () => {
    const { failure } = await failWith(refuse(Reason.UNIT_NOT_ASSIGNED, "no unit yet"));
    expect(errorInfoOf(failure)).toMatchObject({ reason: "UNIT_NOT_ASSIGNED", domain: "hospital.medport" });
    expect(failure).toMatchObject({ code: Code.FailedPrecondition, rawMessage: "no unit yet" });
  });

  it.each([
    ["an ordinary error", new TypeError("secret text")],
    ["no error at all", "secret text"],
    [
      "a peer's error, passed on by mistake",
      Object.assign(new ConnectError("secret text", Code.NotFound), { isWireError: true }),
    ],
    ["an error without a reason", new ConnectError("secret text", Code.NotFound)],
    ["a refusal that admits a bug", refuse(Reason.INTERNAL, "secret text")],
  ])("that is %s is INTERNAL outside and told in full inside", async (_kind, error) => {
    const { failure, log } = await failWith(error);
    expect([reasonOf(failure), (failure as ConnectError).rawMessage]).toEqual(["INTERNAL", "internal error"]);
    const errorId = errorInfoOf(failure)?.metadata["error_id"];
    expect(log.entries.find(({ event }) => event === "rpc.internal_error")).toMatchObject({ errorId });
    expect(log.text()).toContain("secret text");
    expect(log.entries.find(({ event }) => event === "rpc.call")).toMatchObject({ reason: "INTERNAL", errorId });
  });

  it("that the service knows how to read is what the service says", async () => {
    const { failure } = await failWith(new Error("connection refused"), () =>
      refuse(Reason.DEPENDENCY_DOWN, "no database"),
    );
    expect(reasonOf(failure)).toBe("DEPENDENCY_DOWN");
  });
});

describe("a handler that takes too long", () => {
  const endless = (heard: AbortSignal[]) => ({
    getFacility: (_request: unknown, { signal }: { signal: AbortSignal }) => {
      heard.push(signal);
      return new Promise<never>(() => undefined);
    },
  });

  it("is left behind at the caller's deadline, and hears of it", async () => {
    const heard: AbortSignal[] = [];
    await using rpc = await startTestRpc({ facilities: endless(heard) });
    const started = performance.now();
    const { json } = await fetchJson(
      `${rpc.server.url}/medport.hospital.v1.FacilityService/GetFacility`,
      { ...(await rpc.headers()), "connect-timeout-ms": "150" },
      '{"facilityId":"f1"}',
    );
    expect(JSON.stringify(json)).toContain("HANDLER_TIMEOUT");
    expect(performance.now() - started).toBeLessThan(1_500);
    expect(reasonOf(heard[0]?.reason)).toBe("HANDLER_TIMEOUT");
  });

  it("is left behind at the policy's time even if the caller would wait for an hour", async () => {
    await using rpc = await startTestRpc({ facilities: endless([]) });
    const started = performance.now();
    const { json } = await fetchJson(
      `${rpc.server.url}/medport.hospital.v1.FacilityService/GetFacility`,
      { ...(await rpc.headers()), "connect-timeout-ms": "3600000" },
      '{"facilityId":"f1"}',
    );
    expect(JSON.stringify(json)).toContain("HANDLER_TIMEOUT");
    expect(Math.round((performance.now() - started) / 1_000)).toBe(5);
  });

  it("hears it when the caller leaves", async () => {
    const heard: AbortSignal[] = [];
    await using rpc = await startTestRpc({ facilities: endless(heard) });
    const leaving = new AbortController();
    const call = rpc
      .client(FacilityService)
      .getFacility({ facilityId: "f1" }, { headers: await rpc.headers(), signal: leaving.signal })
      .catch((cause: unknown) => cause);
    while (heard.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    leaving.abort();
    await call;
    while (!heard[0]?.aborted) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(reasonOf(heard[0]?.reason)).toBe("CANCELLED_BY_CALLER");
    expect(rpc.log.entries.at(-1)).toMatchObject({ event: "rpc.call", reason: "CANCELLED_BY_CALLER" });
  });
});
