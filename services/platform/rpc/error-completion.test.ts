import { gunzipSync, gzipSync } from "node:zlib";
import { create, toBinary } from "@bufbuild/protobuf";
import { ConnectError } from "@connectrpc/connect";
import { encodeEnvelope } from "@connectrpc/connect/protocol";
import { endStreamFromJson, errorFromJsonBytes } from "@connectrpc/connect/protocol-connect";
import { findTrailerError } from "@connectrpc/connect/protocol-grpc";
import { trailerParse } from "@connectrpc/connect/protocol-grpc-web";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { HealthCheckRequestSchema } from "#gen/grpc/health/v1/health_pb.ts";
import { GetFacilityRequestSchema } from "#gen/medport/hospital/v1/facility_service_pb.ts";
import { aUser } from "#platform/auth/auth.builder.ts";
import { h2Post } from "./h2.builder.ts";
import { errorInfoOf } from "./refusal.ts";
import { startTestRpc, type TestRpc } from "./rpc.builder.ts";

const getFacility = "/medport.hospital.v1.FacilityService/GetFacility";
const watch = "/grpc.health.v1.Health/Watch";
const maxMessageBytes = 4_096;

let rpc: TestRpc;
let headers: Record<string, string>;
beforeAll(async () => {
  rpc = await startTestRpc({
    limits: { maxMessageBytes },
    compressMinBytes: 1_024,
    facilities: {
      // A number that the message cannot hold: the answer fails when it is encoded, after every interceptor.
      getFacility: ({ facilityId }) => ({
        facility: { id: facilityId, createTime: { seconds: 0n, nanos: 2 ** 40 } },
      }),
    },
  });
  headers = await rpc.headers();
});
afterAll(async () => {
  await rpc[Symbol.asyncDispose]();
});

type Post = (fault: {
  readonly path: string;
  readonly body: Uint8Array;
  readonly headers?: Record<string, string>;
}) => Promise<ConnectError | undefined>;

const envelope = (data: Uint8Array, flags = 0): Uint8Array => encodeEnvelope(flags, data);

const overGrpc: Post = async ({ path, body, headers: more }) => {
  const { header, trailer } = await h2Post(rpc.server.url, path, body, {
    "content-type": "application/grpc+proto",
    ...headers,
    ...more,
  });
  return findTrailerError(trailer.has("grpc-status") ? trailer : header);
};

const overGrpcWeb: Post = async ({ path, body, headers: more }) => {
  const answer = await h2Post(rpc.server.url, path, body, {
    "content-type": "application/grpc-web+proto",
    ...headers,
    ...more,
  });
  const last = lastEnvelope(answer.body, 0x80);
  return findTrailerError(trailerParse(last));
};

const overConnectStream: Post = async ({ path, body, headers: more }) => {
  const answer = await h2Post(rpc.server.url, path, body, {
    "content-type": "application/connect+proto",
    ...headers,
    ...more,
  });
  return endStreamFromJson(lastEnvelope(answer.body, 0x02)).error;
};

const overConnect: Post = async ({ path, body, headers: more }) => {
  const answer = await h2Post(rpc.server.url, path, body, { "content-type": "application/proto", ...headers, ...more });
  if (answer.status === 200) return undefined;
  return errorFromJsonBytes(answer.body, undefined, new ConnectError("no error"));
};

function lastEnvelope(body: Buffer, flag: number): Uint8Array {
  let at = 0;
  while (at < body.length) {
    const length = body.readUInt32BE(at + 1);
    if (((body[at] ?? 0) & flag) === flag) return body.subarray(at + 5, at + 5 + length);
    at += 5 + length;
  }
  throw new Error("the answer has no end");
}

const request = (facilityId: string) =>
  toBinary(GetFacilityRequestSchema, create(GetFacilityRequestSchema, { facilityId }));
const truncated = Uint8Array.from([0x0a, 0x7f, 0x61]);
const expected = { MALFORMED_MESSAGE: 3, MESSAGE_TOO_LARGE: 8, ENCODING_NOT_SUPPORTED: 12, INTERNAL: 13 };

describe.each([
  { protocol: "gRPC", post: overGrpc, wrap: envelope, encoding: "grpc-encoding", timeout: "grpc-timeout" },
  { protocol: "gRPC-Web", post: overGrpcWeb, wrap: envelope, encoding: "grpc-encoding", timeout: "grpc-timeout" },
  {
    protocol: "Connect",
    post: overConnect,
    wrap: (data: Uint8Array) => data,
    encoding: "content-encoding",
    timeout: "connect-timeout-ms",
  },
])("over $protocol, a unary call", ({ protocol, post, wrap, encoding, timeout }) => {
  const isConnect = protocol === "Connect";
  const compressed = (data: Uint8Array) => (isConnect ? gzipSync(data) : envelope(gzipSync(data), 1));
  it.each([
    ["cannot be decoded", "MALFORMED_MESSAGE", wrap(truncated), {}],
    ["is too large", "MESSAGE_TOO_LARGE", wrap(request("f".repeat(maxMessageBytes))), {}],
    ["is a bomb", "MESSAGE_TOO_LARGE", compressed(request("f".repeat(1_000_000))), { [encoding]: "gzip" }],
    ["is compressed in an unknown way", "ENCODING_NOT_SUPPORTED", wrap(request("f1")), { [encoding]: "snappy" }],
    [
      "says that it is compressed and is not",
      "MALFORMED_MESSAGE",
      isConnect ? truncated : envelope(truncated, 1),
      { [encoding]: "gzip" },
    ],
    ["has an unreadable deadline", "MALFORMED_MESSAGE", wrap(request("f1")), { [timeout]: "soon" }],
    ["has an answer that cannot be encoded", "INTERNAL", wrap(request("f1")), {}],
  ] as const)("that %s is refused with %s", async (_fault, reason, body, more) => {
    const error = await post({ path: getFacility, body, headers: more });
    expect(errorInfoOf(error)).toMatchObject({ reason, domain: "hospital.medport" });
    expect(error?.code).toBe(expected[reason]);
    expect(rpc.log.entries.findLast(({ event }) => event === "rpc.call")).toMatchObject({ reason });
  });
});

describe.each([
  { protocol: "gRPC", post: overGrpc, encoding: "grpc-encoding" },
  { protocol: "gRPC-Web", post: overGrpcWeb, encoding: "grpc-encoding" },
  { protocol: "Connect", post: overConnectStream, encoding: "connect-content-encoding" },
])("over $protocol, a stream", ({ post, encoding }) => {
  const question = toBinary(HealthCheckRequestSchema, create(HealthCheckRequestSchema));
  it.each([
    ["cannot be decoded", "MALFORMED_MESSAGE", envelope(truncated), {}],
    ["asks nothing", "MALFORMED_MESSAGE", new Uint8Array(), {}],
    ["asks twice", "MALFORMED_MESSAGE", Buffer.concat([envelope(question), envelope(question)]), {}],
    ["breaks off", "MALFORMED_MESSAGE", envelope(question.length ? question : truncated).subarray(0, 6), {}],
    ["is too large", "MESSAGE_TOO_LARGE", Uint8Array.from([0, 0xff, 0xff, 0xff, 0xff]), {}],
    ["is compressed in an unknown way", "ENCODING_NOT_SUPPORTED", envelope(question), { [encoding]: "snappy" }],
  ] as const)("that %s is refused with %s", async (_fault, reason, body, more) => {
    const error = await post({ path: watch, body, headers: more });
    expect(errorInfoOf(error)).toMatchObject({ reason, domain: "hospital.medport" });
    expect(error?.code).toBe(expected[reason]);
  });
});

describe("an error that nobody foresaw", () => {
  it("leaves nothing but an id, under which the log has the rest", async () => {
    const error = await overGrpc({ path: getFacility, body: envelope(request("f1")) });
    const { error_id: errorId } = errorInfoOf(error)?.metadata ?? {};
    expect(error?.rawMessage).toBe("internal error");
    expect(errorId).toMatch(/^[0-9a-f-]{36}$/);
    const entry = rpc.log.entries.find(({ event, errorId: id }) => event === "rpc.internal_error" && id === errorId);
    expect(JSON.stringify(entry)).toContain("nanos");
  });
});

describe("an error that is long enough to be compressed", () => {
  const invalid = Buffer.from('{"name":"","type":"x","state":"x","zipCode":"x","phone":"' + "1".repeat(300) + '"}');
  const path = "/medport.hospital.v1.FacilityService/CreateFacility";

  it("leaves in plain sight over Connect", async () => {
    const authorization = `Bearer ${await rpc.keys.userToken(aUser({ roles: ["orgAdmin"] }))}`;
    const answer = await h2Post(rpc.server.url, path, invalid, {
      "content-type": "application/json",
      "accept-encoding": "gzip",
      authorization,
    });
    expect(answer.body.length).toBeGreaterThan(1_024);
    expect(JSON.parse(answer.body.toString())).toMatchObject({ code: "invalid_argument" });
  });

  it("leaves compressed over gRPC-Web, and the access log knows its reason", async () => {
    const authorization = `Bearer ${await rpc.keys.userToken(aUser({ roles: ["orgAdmin"] }))}`;
    const answer = await h2Post(rpc.server.url, path, encodeEnvelope(0, invalid), {
      "content-type": "application/grpc-web+json",
      "grpc-accept-encoding": "gzip",
      authorization,
    });
    const trailers = trailerParse(gunzipSync(lastEnvelope(answer.body, 0x81)));
    expect(errorInfoOf(findTrailerError(trailers))).toMatchObject({ reason: "VALIDATION_FAILED" });
    expect(rpc.log.entries.at(-1)).toMatchObject({ event: "rpc.call", reason: "VALIDATION_FAILED" });
  });
});
