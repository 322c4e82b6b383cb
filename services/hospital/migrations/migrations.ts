import type { MigrationObject } from "@mikro-orm/postgresql";
import { Initial } from "./2026-11-23-initial.ts";
import { Trips } from "./2026-11-24-trips.ts";
import { Reading } from "./2026-11-24-reading.ts";
import { Sessions } from "./2026-11-24-sessions.ts";

/** The silo's migrations, in the order in which they are applied. */
export const migrations: readonly MigrationObject[] = [
  { name: "2026-11-23-initial", class: Initial },
  { name: "2026-11-24-trips", class: Trips },
  { name: "2026-11-24-reading", class: Reading },
  { name: "2026-11-24-sessions", class: Sessions },
];
