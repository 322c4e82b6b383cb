import { describe, expect, it } from "@jest/globals";
import { compareWithBaseline, writeBaseline } from "./proto-baseline.ts";
import { aProtoProject } from "./proto-project.builder.ts";

describe("the protos' compatibility", () => {
  const before = "message Cat {\n  string name = 1;\n}";

  it("holds while fields are only added", async () => {
    await using project = await aProtoProject(before);
    await writeBaseline(project.root);
    await project.writeProto("message Cat {\n  string name = 1;\n  string colour = 2;\n}");
    expect(await compareWithBaseline(project.root)).toEqual({ ok: true, output: "" });
  });

  it("breaks when a field changes its type, until that is accepted", async () => {
    await using project = await aProtoProject(before);
    await writeBaseline(project.root);
    await project.writeProto("message Cat {\n  int32 name = 1;\n}");
    const { ok, output } = await compareWithBaseline(project.root);
    expect(ok).toBe(false);
    expect(output).toContain('Field "1" with name "name"');
    await writeBaseline(project.root);
    expect(await compareWithBaseline(project.root)).toEqual({ ok: true, output: "" });
  });
});
