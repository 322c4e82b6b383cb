import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Logger } from "#platform/telemetry/log.ts";

/** Whom to make Center's first account, in which database. */
export interface FirstAdminOptions {
  readonly databaseUrl: string;
  readonly email: string;
  readonly name: string;
  readonly password: string;
  readonly log: Logger;
}

/**
 * Makes Center's first account, by Center's own function.
 * @returns false when Center has an account already.
 */
export async function createFirstAdmin(root: string, options: FirstAdminOptions): Promise<boolean> {
  const path = join(root, "services", "center", "src", "users", "first-admin.setup.ts");
  // Found by place, as the migrations are: the command depends on no service's code.
  const module: unknown = await import(pathToFileURL(path).href);
  if (typeof module !== "object" || module === null || !("createFirstAdmin" in module)) {
    throw new Error(`${path} exports no function "createFirstAdmin"`);
  }
  const create = module.createFirstAdmin as (options: FirstAdminOptions) => Promise<boolean>;
  return create(options);
}
