import { fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import * as grpc from "@grpc/grpc-js";
import * as protoLoader from "@grpc/proto-loader";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { startTestRpc, type TestRpc } from "./rpc.builder.ts";

interface Response {
  readonly message_response: string;
  readonly list_services_response?: { service: { name: string }[] };
  readonly file_descriptor_response?: { file_descriptor_proto: Buffer[] };
  readonly all_extension_numbers_response?: { base_type_name: string; extension_number: number[] };
  readonly error_response?: { error_code: number; error_message: string };
}

let rpc: TestRpc;
beforeAll(async () => {
  rpc = await startTestRpc();
});
afterAll(async () => {
  await rpc[Symbol.asyncDispose]();
});

/** Asks several questions on one stream and waits for each answer, the way grpcurl does. */
async function ask(version: "v1" | "v1alpha", questions: readonly object[]): Promise<readonly Response[]> {
  const loaded = grpc.loadPackageDefinition(
    protoLoader.loadSync(`grpc/reflection/${version}/reflection.proto`, {
      includeDirs: ["node_modules/.cache/medport/proto"],
      keepCase: true,
      oneofs: true,
    }),
  ) as unknown as { grpc: { reflection: Record<string, { ServerReflection: grpc.ServiceClientConstructor }> } };
  const Service = loaded.grpc.reflection[version]?.ServerReflection;
  if (!Service) throw new Error("no reflection service");
  const client = new Service(
    `${rpc.server.address.host}:${rpc.server.address.port}`,
    grpc.credentials.createInsecure(),
  );
  // grpcurl sends the headers of the call to reflection as well, however stale they are.
  const metadata = new grpc.Metadata();
  metadata.set("authorization", "Bearer not-a-token");
  const call = client["ServerReflectionInfo"]?.(metadata) as grpc.ClientDuplexStream<object, Response>;
  const answers: Response[] = [];
  const iterator = (call as AsyncIterable<Response>)[Symbol.asyncIterator]();
  for (const question of questions) {
    call.write(question);
    const answer: IteratorResult<Response, undefined> = await iterator.next();
    if (!answer.done) answers.push(answer.value);
  }
  call.end();
  client.close();
  return answers;
}

function fileNames(response: Response | undefined): readonly string[] {
  const files = response?.file_descriptor_response?.file_descriptor_proto ?? [];
  return files.map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes).name);
}

describe.each(["v1", "v1alpha"] as const)("reflection %s", (version) => {
  it("answers what grpcurl asks, one question after the other on one stream", async () => {
    const [services, method, message, file, extensions, extension] = await ask(version, [
      { list_services: "*" },
      { file_containing_symbol: "medport.hospital.v1.FacilityService.GetFacility" },
      { file_containing_symbol: "medport.hospital.v1.GetFacilityRequest" },
      { file_by_filename: "google/rpc/error_details.proto" },
      { all_extension_numbers_of_type: "google.protobuf.MethodOptions" },
      { file_containing_extension: { containing_type: "google.protobuf.MethodOptions", extension_number: 50101 } },
    ]);
    expect(services?.list_services_response?.service.map(({ name }) => name)).toContain(
      "medport.hospital.v1.FacilityService",
    );
    expect(fileNames(method)[0]).toBe("medport/hospital/v1/facility_service.proto");
    expect(fileNames(method)).toEqual(
      expect.arrayContaining([
        "buf/validate/validate.proto",
        "google/protobuf/descriptor.proto",
        "google/protobuf/timestamp.proto",
        "medport/policy/v1/policy.proto",
      ]),
    );
    expect(fileNames(message)[0]).toBe("medport/hospital/v1/facility_service.proto");
    expect(fileNames(file)).toEqual(["google/rpc/error_details.proto", "google/protobuf/duration.proto"]);
    expect(extensions?.all_extension_numbers_response?.extension_number).toContain(50101);
    expect(fileNames(extension)[0]).toBe("medport/policy/v1/policy.proto");
  });

  it("says in the stream what it does not know, and goes on", async () => {
    const answers = await ask(version, [
      { file_containing_symbol: "medport.hospital.v1.Nothing" },
      { file_by_filename: "nothing.proto" },
      { all_extension_numbers_of_type: "medport.Nothing" },
      { file_containing_extension: { containing_type: "google.protobuf.MethodOptions", extension_number: 1 } },
      {},
      { list_services: "" },
    ]);
    expect(answers.map((each) => each.error_response?.error_code)).toEqual([5, 5, 5, 5, 3, undefined]);
  });

  it("finds every file that any served file imports", async () => {
    const [services] = await ask(version, [{ list_services: "" }]);
    const names = services?.list_services_response?.service.map(({ name }) => name) ?? [];
    const files = await ask(
      version,
      names.map((name) => ({ file_containing_symbol: name })),
    );
    for (const response of files) {
      const protos = (response.file_descriptor_response?.file_descriptor_proto ?? []).map((bytes) =>
        fromBinary(FileDescriptorProtoSchema, bytes),
      );
      const found = new Set(protos.map(({ name }) => name));
      expect(protos.flatMap(({ dependency }) => dependency).filter((name) => !found.has(name))).toEqual([]);
    }
  });
});
