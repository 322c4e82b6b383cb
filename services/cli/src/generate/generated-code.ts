import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { mustRunTool } from "../run-tool.ts";
import { gatherProtos } from "./gather-protos.ts";

/** A generated file that is not what the protos say now. */
export interface StaleFile {
  /** Below the project. */
  readonly path: string;
  readonly problem: "missing" | "changed" | "left over";
  /** What it has to be; undefined if it has to go. */
  readonly text: string | undefined;
}

/**
 * Compares `gen/` with what the protos give now, without touching it.
 * @throws Error with buf's own words if the protos do not compile.
 */
export async function findStaleFiles(root: string): Promise<readonly StaleFile[]> {
  await gatherProtos(root);
  const folder = await mkdtemp(join(tmpdir(), "medport-gen-"));
  try {
    await mustRunTool(root, "buf", ["generate", "--output", folder]);
    return await compareFolders(root, folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Writes what is stale and removes what is left over; the other files are not touched, so that nothing runs without them. */
export async function refreshGeneratedCode(root: string): Promise<readonly StaleFile[]> {
  const stale = await findStaleFiles(root);
  for (const { path, text } of stale) {
    const target = join(root, path);
    if (text === undefined) await rm(target);
    else await replaceFile(target, text);
  }
  return stale;
}

async function compareFolders(root: string, fresh: string): Promise<readonly StaleFile[]> {
  const [wanted, kept] = await Promise.all([readTexts(fresh), readTexts(root)]);
  const stale: StaleFile[] = [];
  for (const [path, text] of wanted) {
    const present = kept.get(path);
    if (present !== text) stale.push({ path, problem: present === undefined ? "missing" : "changed", text });
  }
  for (const path of kept.keys()) {
    if (!wanted.has(path)) stale.push({ path, problem: "left over", text: undefined });
  }
  return stale.toSorted((one, other) => (one.path < other.path ? -1 : 1));
}

/** All files of `gen/` in the folder, by their path. */
async function readTexts(folder: string): Promise<ReadonlyMap<string, string>> {
  const gen = join(folder, "gen");
  await mkdir(gen, { recursive: true });
  const entries = await readdir(gen, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return new Map(
    await Promise.all(files.map(async (file) => [relative(folder, file), await readFile(file, "utf8")] as const)),
  );
}

/** Replaces a file at once: who reads meanwhile finds the old text or the new one, never half of it. */
async function replaceFile(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const draft = `${path}.${process.pid}.tmp`;
  await writeFile(draft, text);
  await rename(draft, path);
}
