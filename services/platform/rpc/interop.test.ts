import { execFile } from "node:child_process";
import { connect } from "node:net";
import { promisify } from "node:util";
import { createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcWebTransport } from "@connectrpc/connect-web";
import * as grpc from "@grpc/grpc-js";
import * as protoLoader from "@grpc/proto-loader";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { FacilityService } from "#gen/medport/hospital/v1/facility_service_pb.ts";
import { reasonOf } from "./refusal.ts";
import { startTestRpc, type TestRpc } from "./rpc.builder.ts";

const run = promisify(execFile);

let rpc: TestRpc;
let authority: string;
beforeAll(async () => {
  rpc = await startTestRpc();
  authority = `${rpc.server.address.host}:${rpc.server.address.port}`;
});
afterAll(async () => {
  await rpc[Symbol.asyncDispose]();
});

interface UnaryClient extends grpc.Client {
  [method: string]: unknown;
}

/** A client that grpc-js makes from the proto file, as a stranger would. */
function grpcJsClient(file: string, path: readonly string[]): UnaryClient {
  const includeDirs = ["proto", "node_modules/.cache/medport/proto"];
  const loaded = grpc.loadPackageDefinition(
    protoLoader.loadSync(file, { includeDirs, keepCase: true, longs: String, enums: String }),
  );
  const Service = path.reduce<unknown>((at, name) => (at as Record<string, unknown>)[name], loaded);
  return new (Service as new (address: string, credentials: grpc.ChannelCredentials) => UnaryClient)(
    authority,
    grpc.credentials.createInsecure(),
  );
}

async function metadata(): Promise<grpc.Metadata> {
  const sent = new grpc.Metadata();
  sent.set("authorization", (await rpc.headers()).authorization);
  return sent;
}

describe("grpc-js", () => {
  it("calls a unary method", async () => {
    const client = grpcJsClient("medport/hospital/v1/facility_service.proto", [
      "medport",
      "hospital",
      "v1",
      "FacilityService",
    ]);
    const sent = await metadata();
    const answer = await new Promise((resolve, reject) => {
      (client["GetFacility"] as Function).call(
        client,
        { facility_id: "f1" },
        sent,
        (error: Error | null, value: unknown) => (error ? reject(error) : resolve(value)),
      );
    });
    client.close();
    expect(answer).toMatchObject({ facility: { id: "f1", name: "Mercy General" } });
  });

  it("reads the status and the details of a refusal", async () => {
    const client = grpcJsClient("medport/hospital/v1/facility_service.proto", [
      "medport",
      "hospital",
      "v1",
      "FacilityService",
    ]);
    const sent = await metadata();
    const error = await new Promise<grpc.ServiceError>((resolve) => {
      (client["GetFacility"] as Function).call(client, { facility_id: "no spaces" }, sent, resolve);
    });
    client.close();
    expect(error.code).toBe(grpc.status.INVALID_ARGUMENT);
    expect(error.metadata.get("grpc-status-details-bin")[0]?.toString()).toContain("VALIDATION_FAILED");
  });

  it("watches health until it cancels", async () => {
    const client = grpcJsClient("grpc/health/v1/health.proto", ["grpc", "health", "v1", "Health"]);
    const call = (client["Watch"] as Function).call(client, { service: "" }) as grpc.ClientReadableStream<{
      status: string;
    }>;
    const seen: string[] = [];
    for await (const item of call as AsyncIterable<{ status: string }>) {
      seen.push(item.status);
      if (seen.length === 1) rpc.health.set("", "NOT_SERVING");
      if (seen.length === 2) break;
    }
    client.close();
    rpc.health.set("", "SERVING");
    expect(seen).toEqual(["SERVING", "NOT_SERVING"]);
  });
});

describe("buf curl", () => {
  const bufCurl = async (...args: string[]) =>
    run("node_modules/.bin/buf", ["curl", "--http2-prior-knowledge", ...args], { encoding: "utf8" });

  it.each(["grpc", "grpcweb", "connect"])("calls over %s what it knows from reflection alone", async (protocol) => {
    const { authorization } = await rpc.headers();
    const { stdout } = await bufCurl(
      "--protocol",
      protocol,
      "-H",
      `authorization: ${authorization}`,
      "-d",
      '{"facilityId":"f1"}',
      `${rpc.server.url}/medport.hospital.v1.FacilityService/GetFacility`,
    );
    expect(JSON.parse(stdout)).toMatchObject({ facility: { id: "f1" } });
  });

  it("decodes the details of an error", async () => {
    const failed = await bufCurl("-d", "{}", `${rpc.server.url}/medport.hospital.v1.FacilityService/GetFacility`).catch(
      (error: { stderr: string }) => error.stderr,
    );
    expect(failed).toContain("TOKEN_MISSING");
  });

  it("lists the services", async () => {
    const { stdout } = await bufCurl("--list-services", rpc.server.url);
    expect(stdout.trim().split("\n")).toEqual([
      "grpc.health.v1.Health",
      "grpc.reflection.v1.ServerReflection",
      "grpc.reflection.v1alpha.ServerReflection",
      "medport.hospital.v1.FacilityService",
      "medport.hospital.v1.TripClaimService",
    ]);
  });
});

describe("a browser's client", () => {
  const transports = {
    "gRPC-Web": (baseUrl: string) => createGrpcWebTransport({ baseUrl }),
    "Connect with JSON": (baseUrl: string) => createConnectTransport({ baseUrl }),
    "Connect with binary": (baseUrl: string) => createConnectTransport({ baseUrl, useBinaryFormat: true }),
  };

  it.each(Object.entries(transports))("calls over %s", async (_name, transport) => {
    const client = createClient(FacilityService, transport(rpc.server.url));
    const answer = await client.getFacility({ facilityId: "f1" }, { headers: await rpc.headers() });
    expect(answer.facility?.name).toBe("Mercy General");
  });

  it.each(Object.entries(transports))("reads why it was refused over %s", async (_name, transport) => {
    const client = createClient(FacilityService, transport(rpc.server.url));
    const error = await client.getFacility({ facilityId: "f1" }).catch((cause: unknown) => cause);
    expect(reasonOf(error)).toBe("TOKEN_MISSING");
  });
});

describe("plain HTTP", () => {
  it("is enough to call with JSON", async () => {
    const response = await fetch(`${rpc.server.url}/medport.hospital.v1.FacilityService/GetFacility`, {
      method: "POST",
      headers: { ...(await rpc.headers()), "content-type": "application/json" },
      body: '{"facilityId":"f1"}',
    });
    expect([response.status, await response.json()]).toMatchObject([200, { facility: { id: "f1" } }]);
  });

  it("is enough down to the bytes of HTTP/1.1", async () => {
    const { authorization } = await rpc.headers();
    const socket = connect(rpc.server.address.port, rpc.server.address.host);
    socket.write(
      [
        "POST /medport.hospital.v1.FacilityService/GetFacility HTTP/1.1",
        "host: localhost",
        "connection: close",
        "content-type: application/json",
        "content-length: 19",
        `authorization: ${authorization}`,
        "",
        '{"facilityId":"f1"}',
      ].join("\r\n"),
    );
    const text = Buffer.concat(await Array.fromAsync(socket as AsyncIterable<Buffer>)).toString();
    expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(text).toContain("Mercy General");
  });
});
