import { readFile } from "node:fs/promises";
import { z } from "zod";

const manifest = z.object({ version: z.string().min(1) });

/** The release of MedPort that runs, such as 0.1.0. */
export async function ownRelease(): Promise<string> {
  const text = await readFile(new URL("../../../package.json", import.meta.url), "utf8");
  return manifest.parse(JSON.parse(text)).version;
}
