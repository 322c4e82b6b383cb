import type { MigrationObject } from "@mikro-orm/postgresql";
import { Initial } from "./2026-11-23-initial.ts";
import { Accounts } from "./2026-11-24-accounts.ts";
import { Organizations } from "./2026-11-24-organizations.ts";
import { Analytics } from "./2026-11-24-analytics.ts";
import { Imported } from "./2026-11-25-imported.ts";

/** The silo's migrations, in the order in which they are applied. */
export const migrations: readonly MigrationObject[] = [
  { name: "2026-11-23-initial", class: Initial },
  { name: "2026-11-24-accounts", class: Accounts },
  { name: "2026-11-24-organizations", class: Organizations },
  { name: "2026-11-24-analytics", class: Analytics },
  { name: "2026-11-25-imported", class: Imported },
];
