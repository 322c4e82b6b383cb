import type { ServiceName } from "#platform/service-name.ts";
import { serviceNames } from "#platform/service-name.ts";
import type { SiloClients } from "./findings.ts";
import type { TableHash } from "./report.ts";

/** The tables whose rows say by `imported_at` that they came from the old database. */
const importedTables: Readonly<Record<ServiceName, readonly string[]>> = {
  hospital: ["agency_preference", "facility", "trip"],
  ems: ["agency", "assignment", "bid", "route", "unit", "unit_availability"],
  center: ["hospital", "service_registry", "user_account"],
};

/**
 * A digest of each table's imported rows, by which two reports of the same state are told to be of the same. It is the sum of
 * 64 bits of each row's MD5, so that the order does not matter; in 16 hexadecimal digits. Not against forgers: for those the
 * report is signed.
 */
export async function readHashes(silos: SiloClients): Promise<readonly TableHash[]> {
  const hashes: TableHash[] = [];
  for (const silo of serviceNames) {
    // Times look as the session wants them to.
    await silos[silo].query("set timezone = 'UTC'");
    for (const table of importedTables[silo]) hashes.push({ silo, table, hash: await hashOf(silos, silo, table) });
  }
  return hashes;
}

async function hashOf(silos: SiloClients, silo: ServiceName, table: string): Promise<string> {
  const { rows } = await silos[silo].query<{ sum: string }>(
    `select coalesce(sum(('x' || left(md5(t::text), 16))::bit(64)::bigint), 0)::text as sum
     from public.${table} t where imported_at is not null`,
  );
  return BigInt.asUintN(64, BigInt(rows[0]?.sum ?? "0"))
    .toString(16)
    .padStart(16, "0");
}
