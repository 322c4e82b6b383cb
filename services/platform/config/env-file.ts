import { readFile } from "node:fs/promises";
import { parseEnv } from "node:util";
import type { Environment } from "./read-config.ts";

/** The environment with what an `.env` file adds to it; what the environment already says stands. */
export async function withEnvFile(environment: Environment, path: string): Promise<Environment> {
  return { ...parseEnv(await readIfThere(path)), ...environment };
}

async function readIfThere(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    // Most people have none.
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return "";
    throw error;
  }
}
