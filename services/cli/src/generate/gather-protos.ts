import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { file_buf_validate_validate } from "@bufbuild/protovalidate/gen/buf/validate/validate_pb.js";
import { printProto } from "./print-proto.ts";

/** Where the protos of others are gathered, below the project. Inside node_modules, because they follow its versions. */
const gatheredProtos = "node_modules/.cache/medport/proto";

/** Protos that installed packages ship, by the name under which the world imports them. */
const shippedProtos = {
  "grpc/health/v1/health.proto": "node_modules/grpc-health-check/proto/health/v1/health.proto",
  "grpc/reflection/v1/reflection.proto":
    "node_modules/@grpc/reflection/build/proto/grpc/reflection/v1/reflection.proto",
  "grpc/reflection/v1alpha/reflection.proto":
    "node_modules/@grpc/reflection/build/proto/grpc/reflection/v1alpha/reflection.proto",
};

/**
 * Gathers the protos of others in one folder, so that buf finds them without a network. No installed package ships
 * `buf/validate/validate.proto`; it is printed from the descriptor that the validator itself uses. May be repeated.
 */
export async function gatherProtos(root: string): Promise<void> {
  const folder = join(root, gatheredProtos);
  for (const [name, source] of Object.entries(shippedProtos)) {
    await writeIfDifferent(join(folder, name), await readFile(join(root, source), "utf8"));
  }
  await writeIfDifferent(join(folder, "buf/validate/validate.proto"), printProto(file_buf_validate_validate));
}

/** Another buf may be reading: what is right stays as it is. */
async function writeIfDifferent(path: string, text: string): Promise<void> {
  const present = await readFile(path, "utf8").catch(() => undefined);
  if (present === text) return;
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
}
