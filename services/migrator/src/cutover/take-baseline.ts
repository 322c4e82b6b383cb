import { inTransaction } from "../capture/in-transaction.ts";
import type { ServiceName } from "#platform/service-name.ts";
import { serviceNames } from "#platform/service-name.ts";
import type { SiloClients } from "./close-silos.ts";
import { passwordDigest } from "./silo-aggregates.ts";

/** What of the silos has no history of its own. Trips have one, and bids that can still change are as they were. */
const tables: Readonly<Record<ServiceName, readonly string[]>> = {
  hospital: ["facility", "agency_preference"],
  ems: ["agency", "unit", "unit_availability", "route"],
  center: ["user_account"],
};

/**
 * Keeps, in each silo, how the rows of people and organizations are at the cut-over: what does not change afterwards goes
 * back as the old database had it. Instead of a password, its digest. May be repeated until the silos are opened.
 */
export async function takeBaseline(silos: SiloClients): Promise<void> {
  for (const service of serviceNames) {
    const silo = silos[service];
    await inTransaction(silo, async () => {
      await silo.query("set local timezone = 'UTC'");
      await silo.query(schemaSql);
      for (const table of tables[service]) {
        const row = table === "user_account" ? withoutPassword : "to_jsonb(t)";
        await silo.query(
          `insert into migration.at_cut_over (table_name, id, row)
           select $1, t.id, ${row} from public.${table} t where t.imported_at is not null`,
          [table],
        );
      }
    });
  }
}

const withoutPassword = `(to_jsonb(t) - 'password_hash') || jsonb_build_object('password_digest', ${passwordDigest})`;

const schemaSql = `
  create schema if not exists migration;
  create table if not exists migration.at_cut_over (
    table_name text not null,
    id text not null,
    row jsonb not null,
    primary key (table_name, id)
  );
  truncate migration.at_cut_over`;
