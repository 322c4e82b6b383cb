import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { projectRoot } from "../project-root.ts";

/** A project with one proto and nothing generated, on our settings and our installed packages. */
export interface ProtoProject extends AsyncDisposable {
  readonly root: string;
  /** Replaces what the proto says below its package. */
  writeProto(messages: string): Promise<void>;
}

const protoPath = "proto/animals/v1/cat.proto";

/** @param messages what the proto says below its package. */
export async function aProtoProject(messages: string): Promise<ProtoProject> {
  const root = await mkdtemp(join(tmpdir(), "medport-protos-"));
  const writeProto = (text: string): Promise<void> =>
    writeFile(join(root, protoPath), `syntax = "proto3";\npackage animals.v1;\n${text}\n`);
  for (const name of ["buf.yaml", "buf.gen.yaml"]) await cp(join(projectRoot, name), join(root, name));
  await symlink(join(projectRoot, "node_modules"), join(root, "node_modules"));
  await mkdir(dirname(join(root, protoPath)), { recursive: true });
  await writeProto(messages);
  return { root, writeProto, [Symbol.asyncDispose]: () => rm(root, { recursive: true, force: true }) };
}
