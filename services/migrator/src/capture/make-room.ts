import type { SiloClients } from "../cutover/close-silos.ts";
import type { TargetRow } from "../target/target-tables.ts";
import type { ServiceName } from "#platform/service-name.ts";

/** Columns of which no two rows may have the same values, and what a row has there until it is written or removed. */
interface UniqueColumns {
  readonly table: TargetRow["table"];
  readonly silo: ServiceName;
  readonly name: string;
  readonly columns: readonly string[];
  readonly meanwhile: string;
}

const unique: readonly UniqueColumns[] = [
  {
    ...{ table: "center.user_account", silo: "center", name: "user_account", columns: ["email"] },
    meanwhile: "email = md5(t.id) || '@moving.invalid'",
  },
  {
    ...{ table: "center.service_registry", silo: "center", name: "service_registry", columns: ["service_name"] },
    meanwhile: "service_name = 'moving ' || t.id",
  },
  {
    ...{ table: "ems.unit", silo: "ems", name: "unit", columns: ["agency_id", "unit_number"] },
    meanwhile: "unit_number = 'moving ' || t.id",
  },
  {
    ...{ table: "hospital.agency_preference", silo: "hospital", name: "agency_preference" },
    columns: ["hospital_id", "agency_id"],
    meanwhile: "agency_id = 'moving ' || t.id",
  },
];

/**
 * Takes from rows what others are to have, such as an e-mail address that goes over to somebody else: they are about to be
 * written, too, or to be removed. In the callers' transactions.
 */
export async function makeRoom(silos: SiloClients, rows: readonly TargetRow[]): Promise<void> {
  for (const { table, silo, name, columns, meanwhile } of unique) {
    const wanted = rows
      .filter((row) => row.table === table)
      .map(({ row }) => new Map<string, unknown>(Object.entries(row)));
    if (wanted.length === 0) continue;
    const lists = ["id", ...columns].map((column) => wanted.map((row) => row.get(column)));
    const parameters = lists.map((_, index) => `$${index + 1}::text[]`).join(", ");
    const names = columns.map((_, index) => `v${index}`);
    const isSame = columns.map((column, index) => `t.${column} = wanted.v${index}`).join(" and ");
    await silos[silo].query(
      `update public.${name} t set ${meanwhile} from unnest(${parameters}) as wanted (id, ${names.join(", ")})
        where t.id <> wanted.id and ${isSame} and t.imported_at is not null`,
      lists,
    );
  }
}
