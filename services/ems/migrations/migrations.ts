import type { MigrationObject } from "@mikro-orm/postgresql";
import { Initial } from "./2026-11-23-initial.ts";
import { Bidding } from "./2026-11-24-bidding.ts";
import { Units } from "./2026-11-24-units.ts";
import { AvailableTripChanges } from "./2026-11-24-available-trip-changes.ts";
import { Sessions } from "./2026-11-24-sessions.ts";
import { Imported } from "./2026-11-25-imported.ts";

/** The silo's migrations, in the order in which they are applied. */
export const migrations: readonly MigrationObject[] = [
  { name: "2026-11-23-initial", class: Initial },
  { name: "2026-11-24-bidding", class: Bidding },
  { name: "2026-11-24-units", class: Units },
  { name: "2026-11-24-available-trip-changes", class: AvailableTripChanges },
  { name: "2026-11-24-sessions", class: Sessions },
  { name: "2026-11-25-imported", class: Imported },
];
