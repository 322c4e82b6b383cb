import { appendFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "@jest/globals";
import { findStaleFiles, refreshGeneratedCode } from "./generated-code.ts";
import { aProtoProject } from "./proto-project.builder.ts";

describe("generated code", () => {
  it("is stale when somebody edited it, removed some of it, or left some behind, until it is refreshed", async () => {
    await using project = await aProtoProject("message Cat {}");
    await refreshGeneratedCode(project.root);
    await appendFile(join(project.root, "gen/animals/v1/cat_pb.ts"), "// edited\n");
    await rm(join(project.root, "gen/grpc/health/v1/health_pb.ts"));
    await writeFile(join(project.root, "gen/animals/v1/dog_pb.ts"), "");
    const refreshed = await refreshGeneratedCode(project.root);
    expect(refreshed.map(({ path, problem }) => `${path} is ${problem}`)).toEqual([
      "gen/animals/v1/cat_pb.ts is changed",
      "gen/animals/v1/dog_pb.ts is left over",
      "gen/grpc/health/v1/health_pb.ts is missing",
    ]);
    expect(await findStaleFiles(project.root)).toEqual([]);
  });

  it("is stale when a proto changed", async () => {
    await using project = await aProtoProject("message Cat {}");
    await refreshGeneratedCode(project.root);
    await project.writeProto("message Cat {}\nmessage Kitten {}");
    expect((await findStaleFiles(project.root)).map(({ path }) => path)).toEqual(["gen/animals/v1/cat_pb.ts"]);
  });

  it("cannot be made from a proto that does not compile, and says where it does not", async () => {
    await using project = await aProtoProject("message Cat { Tail tail = 1; }");
    await expect(findStaleFiles(project.root)).rejects.toThrow("cat.proto:3");
  });
});
