import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createFileRegistry, fromBinary, type DescField, type DescMessage } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { file_buf_validate_validate } from "@bufbuild/protovalidate/gen/buf/validate/validate_pb.js";
import { describe, expect, it } from "@jest/globals";
import { projectRoot } from "../project-root.ts";
import { mustRunTool } from "../run-tool.ts";
import { gatherProtos } from "./gather-protos.ts";
import { printProto } from "./print-proto.ts";

describe("a printed proto", () => {
  it("compiles to what it was printed from", async () => {
    const compiled = await compileValidate();
    const original = file_buf_validate_validate;
    expect(compiled.messages.map(messageShape)).toEqual(original.messages.map(messageShape));
    expect(compiled.extensions.map(fieldShape)).toEqual(original.extensions.map(fieldShape));
    expect(compiled.enums.map(({ values }) => values.map(({ name, number }) => [name, number]))).toEqual(
      original.enums.map(({ values }) => values.map(({ name, number }) => [name, number])),
    );
    // And once printed again it is the same text.
    expect(printProto(compiled)).toBe(printProto(original));
  });
});

async function compileValidate() {
  await gatherProtos(projectRoot);
  const folder = await mkdtemp(join(tmpdir(), "medport-proto-"));
  try {
    const image = join(folder, "image.binpb");
    await mustRunTool(projectRoot, "buf", ["build", "--as-file-descriptor-set", "--output", image]);
    const files = createFileRegistry(fromBinary(FileDescriptorSetSchema, await readFile(image)));
    const file = files.getFile("buf/validate/validate.proto");
    if (!file) throw new Error("buf did not compile buf/validate/validate.proto");
    return file;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function messageShape(message: DescMessage): object {
  return {
    name: message.typeName,
    fields: message.fields.map(fieldShape),
    ranges: message.proto.extensionRange.map(({ start, end }) => [start, end]),
  };
}

function fieldShape({ proto, oneof }: Pick<DescField, "proto" | "oneof">): object {
  const { name, number, type, label, typeName, extendee } = proto;
  return { name, number, type, label, typeName, extendee, oneof: oneof?.name };
}
