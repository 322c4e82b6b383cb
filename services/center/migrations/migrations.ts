import type { MigrationObject } from "@mikro-orm/postgresql";
import { Initial } from "./2026-11-23-initial.ts";

/** Center's migrations, in the order in which they are applied. One that was released never changes. */
export const migrations: readonly MigrationObject[] = [{ name: "2026-11-23-initial", class: Initial }];
