import { once } from "node:events";
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { findTrailerError } from "@connectrpc/connect/protocol-grpc";
import { trailerParse } from "@connectrpc/connect/protocol-grpc-web";
import { encodeEnvelope } from "@connectrpc/connect/protocol";
import { endStreamFromJson } from "@connectrpc/connect/protocol-connect";
import { Code } from "@connectrpc/connect";
import { FacilityService } from "#gen/medport/hospital/v1/facility_service_pb.ts";
import { TripClaimService } from "#gen/medport/hospital/v1/trip_claim_service_pb.ts";
import { aCenterUser, aUser } from "#platform/auth/auth.builder.ts";
import { serviceTokenHeader } from "#platform/auth/service-token.ts";
import { fetchJson } from "./fetch.builder.ts";
import { h2Post } from "./h2.builder.ts";
import { errorInfoOf, reasonOf } from "./refusal.ts";
import { startTestRpc, type TestRpc } from "./rpc.builder.ts";

const getFacility = "/medport.hospital.v1.FacilityService/GetFacility";
const page = "https://desk.example.org";

let rpc: TestRpc;
beforeAll(async () => {
  rpc = await startTestRpc({ cors: { allowedOrigins: [page] } });
});
afterAll(async () => {
  await rpc[Symbol.asyncDispose]();
});

const call = async (path: string, headers: Record<string, string> = {}, body = '{"facilityId":"f1"}') =>
  fetchJson(rpc.server.url + path, { ...(await rpc.headers()), ...headers }, body);
const lastDenial = () => rpc.denials.at(-1);

describe("a method that does not exist", () => {
  it.each(["/medport.hospital.v1.FacilityService/Nothing", "/nothing.v1.Nowhere/Nothing", "/", "/favicon.ico"])(
    "is not found in JSON: %s",
    async (path) => {
      const { status, json } = await call(path);
      expect(status).toBe(404);
      expect(json).toMatchObject({
        code: "unimplemented",
        details: [{ type: "google.rpc.ErrorInfo", debug: { reason: "METHOD_NOT_FOUND", domain: "hospital.medport" } }],
      });
    },
  );

  it("is unimplemented in gRPC, gRPC-Web and Connect's streams", async () => {
    const post = async (contentType: string) =>
      h2Post(rpc.server.url, "/nothing.v1.Nowhere/Nothing", new Uint8Array(), { "content-type": contentType });
    const grpc = await post("application/grpc");
    const web = await post("application/grpc-web+proto");
    const stream = await post("application/connect+proto");
    const errors = [
      findTrailerError(grpc.trailer),
      findTrailerError(trailerParse(web.body.subarray(5))),
      endStreamFromJson(stream.body.subarray(5)).error,
    ];
    expect(errors.map((error) => [error?.code, reasonOf(error), errorInfoOf(error)?.domain])).toEqual(
      Array(3).fill([Code.Unimplemented, "METHOD_NOT_FOUND", "hospital.medport"]),
    );
    expect([grpc.status, web.status, stream.status]).toEqual([200, 200, 200]);
  });

  it("that is declared but not built looks the same", async () => {
    const error = await rpc
      .client(FacilityService)
      .listFacilities({}, { headers: await rpc.headers() })
      .catch((cause: unknown) => cause);
    expect(reasonOf(error)).toBe("METHOD_NOT_FOUND");
  });
});

describe("a request in a form that the method does not take", () => {
  it("is refused by an HTTP status, with the reason in JSON", async () => {
    const { status, json } = await call(getFacility, { "content-type": "application/xml" });
    expect(status).toBe(415);
    expect(JSON.stringify(json)).toContain("ENCODING_NOT_SUPPORTED");
  });

  it("learns which verbs the method takes", async () => {
    const response = await fetch(rpc.server.url + getFacility, { headers: await rpc.headers() });
    await response.text();
    expect([response.status, response.headers.get("allow")]).toEqual([405, "POST"]);
  });

  it("is refused if it wants to talk both ways over HTTP/1.1", async () => {
    const response = await fetch(`${rpc.server.url}/grpc.reflection.v1.ServerReflection/ServerReflectionInfo`, {
      method: "POST",
      headers: { "content-type": "application/connect+json" },
      body: "",
    });
    await response.text();
    expect(response.status).toBe(505);
  });
});

describe("the request id", () => {
  it("is taken over and echoed", async () => {
    const { headers } = await call(getFacility, { "x-request-id": "desk-42" });
    expect(headers.get("x-request-id")).toBe("desk-42");
    expect(rpc.log.entries.at(-1)).toMatchObject({ event: "rpc.call", requestId: "desk-42", code: 0 });
  });

  it.each([undefined, "", "two words", "x".repeat(65), "a\tb"])("is made here if the caller's is %p", async (given) => {
    const { headers } = await call(getFacility, given === undefined ? {} : { "x-request-id": given });
    expect(headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
  });

  it("is told even when nothing else is right", async () => {
    const { headers } = await call("/nothing", { "x-request-id": "desk-43" });
    expect(headers.get("x-request-id")).toBe("desk-43");
  });
});

describe("a caller who may not", () => {
  it("is refused before the body is decoded, and audited", async () => {
    const before = rpc.handled();
    const { json } = await fetchJson(rpc.server.url + getFacility, { "x-request-id": "r-1" }, "not json");
    expect(json).toMatchObject({ code: "unauthenticated" });
    expect(rpc.handled()).toBe(before);
    expect(lastDenial()).toEqual({
      caller: {},
      action: "medport.hospital.v1.FacilityService/GetFacility",
      decision: "DENIED",
      reason: "TOKEN_MISSING",
      requestId: "r-1",
    });
  });

  it("by the role is refused, and audited with the name", async () => {
    const authorization = `Bearer ${await rpc.keys.userToken(aUser({ roles: ["viewer"] }))}`;
    const { status } = await call("/medport.hospital.v1.FacilityService/CreateFacility", { authorization });
    expect(status).toBe(403);
    expect(lastDenial()).toMatchObject({ reason: "METHOD_NOT_ALLOWED", caller: { user: { userId: "user-1" } } });
  });

  it("with a token that cannot be trusted is refused, and audited", async () => {
    const { json } = await call(getFacility, { authorization: "Bearer abc" });
    expect(JSON.stringify(json)).toContain("TOKEN_INVALID");
    expect(lastDenial()).toMatchObject({ reason: "TOKEN_INVALID", caller: {} });
  });

  it("with two authorization headers is refused over HTTP/1.1 and HTTP/2", async () => {
    const { authorization } = await rpc.headers();
    const answer = await h2Post(rpc.server.url, getFacility, Buffer.from("{}"), {
      "content-type": "application/json",
      "medport-service-token": ["a", "b"],
      authorization,
    });
    expect(answer.body.toString()).toContain("TOKEN_INVALID");
  });

  it("is refused even while the audit log cannot be written", async () => {
    await using broken = await startTestRpc({ audit: { record: () => Promise.reject(new Error("disk full")) } });
    const { json } = await fetchJson(broken.server.url + getFacility, {}, "{}");
    expect(JSON.stringify(json)).toContain("TOKEN_MISSING");
    expect(broken.log.entries.map(({ event }) => event)).toContain("rpc.denial_not_audited");
  });

  it("never finds the token in the log", async () => {
    const { authorization } = await rpc.headers();
    await call(getFacility);
    expect(rpc.log.text()).not.toContain(authorization.slice(-20));
  });
});

describe("a service", () => {
  const claim = { tripId: "t1", attemptId: "0192f0c1-2b3c-7d4e-8f5a-6b7c8d9e0f1a", agencyId: "g1" };

  it("is let in where the policy names it, and needs the user's token where it says so", async () => {
    const token = await rpc.keys.serviceToken("ems", "hospital");
    const system = await rpc
      .client(TripClaimService)
      .resolveClaim(claim, { headers: { [serviceTokenHeader]: token } })
      .catch((cause: unknown) => cause);
    expect(reasonOf(system)).not.toBe("METHOD_NOT_ALLOWED");
    const alone = await rpc
      .client(FacilityService)
      .getFacility({ facilityId: "f1" }, { headers: { [serviceTokenHeader]: token } })
      .catch((cause: unknown) => cause);
    expect(reasonOf(alone)).toBe("TOKEN_MISSING");
  });

  it("is refused where the policy names another", async () => {
    const token = await rpc.keys.serviceToken("center", "hospital");
    const error = await rpc
      .client(TripClaimService)
      .resolveClaim(claim, { headers: { [serviceTokenHeader]: token } })
      .catch((cause: unknown) => cause);
    expect(reasonOf(error)).toBe("METHOD_NOT_ALLOWED");
  });

  it("is not spoken for by a user, however powerful", async () => {
    const authorization = `Bearer ${await rpc.keys.userToken(aCenterUser())}`;
    const error = await rpc
      .client(TripClaimService)
      .resolveClaim(claim, { headers: { authorization } })
      .catch((cause: unknown) => cause);
    expect(reasonOf(error)).toBe("METHOD_NOT_ALLOWED");
  });
});

describe("a web page", () => {
  const preflight = async (origin: string) =>
    fetch(rpc.server.url + getFacility, {
      method: "OPTIONS",
      headers: {
        origin,
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization,content-type,medport-service-token",
      },
    });

  it("from an allowed origin may call and read the answer", async () => {
    const answer = await preflight(page);
    expect(answer.status).toBe(204);
    expect(answer.headers.get("access-control-allow-origin")).toBe(page);
    expect(answer.headers.get("access-control-allow-headers")?.toLowerCase()).toContain("authorization");
    const { status, headers } = await call(getFacility, { origin: page });
    expect([status, headers.get("access-control-allow-origin")]).toEqual([200, page]);
    expect(headers.get("access-control-expose-headers")?.toLowerCase()).toContain("grpc-status-details-bin");
  });

  it("from an allowed origin may read refusals as well", async () => {
    const { status, headers } = await fetchJson(rpc.server.url + getFacility, { origin: page }, "{}");
    expect([status, headers.get("access-control-allow-origin")]).toEqual([401, page]);
  });

  it("from elsewhere may not", async () => {
    const answer = await preflight("https://evil.example.org");
    expect(answer.headers.get("access-control-allow-origin")).toBeNull();
    const { headers } = await call(getFacility, { origin: "https://evil.example.org" });
    expect(headers.get("access-control-allow-origin")).toBeNull();
  });

  it("may never send the header that services use", async () => {
    const answer = await preflight(page);
    expect(answer.headers.get("access-control-allow-headers")?.toLowerCase()).not.toContain(serviceTokenHeader);
    const token = await rpc.keys.serviceToken("ems", "hospital");
    const { status, json } = await call(getFacility, { origin: page, [serviceTokenHeader]: token });
    expect(status).toBe(401);
    expect(JSON.stringify(json)).toContain("TOKEN_INVALID");
  });
});

describe("a deadline", () => {
  it("that has passed on arrival is told so", async () => {
    const { json } = await call(getFacility, { "connect-timeout-ms": "0" });
    expect(json).toMatchObject({ code: "deadline_exceeded" });
    expect(JSON.stringify(json)).toContain("DEADLINE_EXPIRED_ON_ARRIVAL");
  });

  it.each([
    ["application/grpc", "grpc-timeout", "200m"],
    ["application/grpc-web+proto", "grpc-timeout", "200m"],
    ["application/connect+proto", "connect-timeout-ms", "200"],
  ])("holds for a body that never comes: %s", async (contentType, header, timeout) => {
    const path = contentType.includes("connect") ? "/grpc.health.v1.Health/Watch" : getFacility;
    const headers = { "content-type": contentType, [header]: timeout, ...(await rpc.headers()) };
    const start = encodeEnvelope(0, new Uint8Array(10)).subarray(0, 7);
    const { body, trailer } = await h2Post(rpc.server.url, path, start, headers, { keepOpen: true });
    const error =
      findTrailerError(trailer) ??
      (contentType.includes("connect")
        ? endStreamFromJson(body.subarray(5)).error
        : findTrailerError(trailerParse(body.subarray(5))));
    expect([error?.code, errorInfoOf(error)]).toMatchObject([
      Code.DeadlineExceeded,
      { reason: "HANDLER_TIMEOUT", domain: "hospital.medport" },
    ]);
  });
});

describe("a refused call whose caller keeps on sending", () => {
  it("is closed by the server, so that the stream is not kept", async () => {
    const headers = { "content-type": "application/grpc" };
    const answer = await h2Post(rpc.server.url, getFacility, new Uint8Array(3), headers, { keepOpen: true });
    expect(reasonOf(findTrailerError(answer.trailer))).toBe("TOKEN_MISSING");
  });

  it("does not keep the next call on its HTTP/1.1 connection from being answered", async () => {
    const socket = connect(rpc.server.address.port, rpc.server.address.host);
    const post = (path: string, contentType: string, body: Uint8Array): void => {
      const head = ["host: a", `content-type: ${contentType}`, `content-length: ${body.byteLength}`];
      socket.write(`POST ${path} HTTP/1.1\r\n${head.join("\r\n")}\r\n\r\n`);
      socket.write(body);
    };
    // An answer may come in several pieces.
    const hear = async (wanted: string): Promise<void> => {
      for (let heard = ""; !heard.includes(wanted); ) heard += String(await once(socket, "data"));
    };
    const check = "/grpc.health.v1.Health/Check";
    post(check, "application/grpc-web+proto", encodeEnvelope(0, new Uint8Array(3 * 1024 * 1024)));
    await hear("grpc-status: 8");
    post(check, "application/json", new TextEncoder().encode("{}"));
    await expect(hear("SERVING")).resolves.toBeUndefined();
    socket.destroy();
  });
});
