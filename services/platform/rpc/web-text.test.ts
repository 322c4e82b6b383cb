import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { encodeEnvelope } from "@connectrpc/connect/protocol";
import { findTrailerError } from "@connectrpc/connect/protocol-grpc";
import { trailerParse } from "@connectrpc/connect/protocol-grpc-web";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { GetFacilityRequestSchema, GetFacilityResponseSchema } from "#gen/medport/hospital/v1/facility_service_pb.ts";
import { errorInfoOf, reasonOf } from "./refusal.ts";
import { startTestRpc, type TestRpc } from "./rpc.builder.ts";
import { binaryRequest } from "./web-text.ts";

const path = "/medport.hospital.v1.FacilityService/GetFacility";
const question = encodeEnvelope(
  0,
  toBinary(GetFacilityRequestSchema, create(GetFacilityRequestSchema, { facilityId: "f1" })),
);
const inBase64 = (data: Uint8Array): string => Buffer.from(data).toString("base64");

let rpc: TestRpc;
beforeAll(async () => {
  rpc = await startTestRpc();
});
afterAll(async () => {
  await rpc[Symbol.asyncDispose]();
});

async function post(body: string, headers: Record<string, string>, contentType = "application/grpc-web-text") {
  const response = await fetch(rpc.server.url + path, {
    method: "POST",
    headers: { "content-type": contentType, "x-grpc-web": "1", ...headers },
    body,
  });
  const text = await response.text();
  const parts = text.match(/[^=]+=*/g) ?? [];
  return { type: response.headers.get("content-type"), frames: framesOf(Buffer.concat(parts.map(fromBase64))) };
}

const fromBase64 = (part: string): Buffer => Buffer.from(part, "base64");

function framesOf(bytes: Buffer): readonly { readonly flags: number; readonly data: Buffer }[] {
  if (bytes.length === 0) return [];
  const end = 5 + bytes.readUInt32BE(1);
  return [{ flags: bytes.readUInt8(0), data: bytes.subarray(5, end) }, ...framesOf(bytes.subarray(end))];
}

describe("gRPC-Web in base64", () => {
  it.each(["application/grpc-web-text", "application/grpc-web-text+proto"])("is answered in kind: %s", async (type) => {
    const answer = await post(inBase64(question), await rpc.headers(), type);
    expect(answer.type).toMatch(/^application\/grpc-web-text/);
    expect(answer.frames.map(({ flags }) => flags)).toEqual([0, 0x80]);
    const [message, trailers] = answer.frames.map(({ data }) => data);
    expect(fromBinary(GetFacilityResponseSchema, message ?? Buffer.of()).facility?.id).toBe("f1");
    expect(trailerParse(trailers ?? Buffer.of()).get("grpc-status")).toBe("0");
  });

  it.each([
    ["without a token", "TOKEN_MISSING", inBase64(question), {}],
    ["that is no base64", "MALFORMED_MESSAGE", "%%%%", { withToken: true }],
  ])(
    "%s is refused in kind, with the reason %s",
    async (_what, reason, body, { withToken = false }: { withToken?: boolean }) => {
      const answer = await post(body, withToken ? await rpc.headers() : {});
      const error = findTrailerError(trailerParse(answer.frames.at(-1)?.data ?? Buffer.of()));
      expect([reasonOf(error), errorInfoOf(error)?.domain]).toEqual([reason, "hospital.medport"]);
    },
  );

  it("is read however it is cut, and in several parts with padding of their own", async () => {
    const text = inBase64(question.subarray(0, 4)) + inBase64(question.subarray(4));
    const letters = Array.from(text, (letter) => Buffer.from(letter));
    async function* body(): AsyncGenerator<Uint8Array> {
      yield* letters;
    }
    const read = binaryRequest({
      httpVersion: "1.1",
      method: "POST",
      url: rpc.server.url + path,
      header: new Headers({ "content-type": "application/grpc-web-text" }),
      body: body(),
      signal: new AbortController().signal,
    });
    expect(read.header.get("content-type")).toBe("application/grpc-web");
    expect(Buffer.concat(await Array.fromAsync(read.body as AsyncIterable<Uint8Array>))).toEqual(Buffer.from(question));
  });
});
