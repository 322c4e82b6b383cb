import type { MigrationObject } from "@mikro-orm/postgresql";
import { Initial } from "./2026-11-23-initial.ts";

/** The silo's migrations, in the order in which they are applied. */
export const migrations: readonly MigrationObject[] = [{ name: "2026-11-23-initial", class: Initial }];
