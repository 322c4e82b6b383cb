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

const mostTold = 20;

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
 * @throws Error as `expectRoom` does.
 */
export async function makeRoom(silos: SiloClients, rows: readonly TargetRow[]): Promise<void> {
  await expectRoom(silos, rows);
  for (const { silo, name, meanwhile, wanted, isSame } of wishesOf(rows)) {
    await silos[silo].query(
      `update public.${name} t set ${meanwhile} from ${wanted.from} where ${isSame} and t.imported_at is not null`,
      wanted.lists,
    );
  }
}

/**
 * Looks whether rows that the silos had before the move are in the way.
 * @throws Error that names both, by table and key.
 */
export async function expectRoom(silos: SiloClients, rows: readonly TargetRow[]): Promise<void> {
  for (const { silo, name, columns, wanted, isSame } of wishesOf(rows)) {
    const { rows: clashes } = await silos[silo].query<{ moved: string; own: string }>(
      `select wanted.id as moved, t.id as own from public.${name} t join ${wanted.from} on ${isSame}
        where t.imported_at is null order by 1`,
      wanted.lists,
    );
    if (clashes.length === 0) continue;
    const told = clashes.slice(0, mostTold).map(({ moved, own }) => `${moved} is to be moved, ${own} is there`);
    const more = clashes.length > mostTold ? [`and ${clashes.length - mostTold} more`] : [];
    throw new Error(
      [
        `rows of ${silo}'s ${name} that were there before have the same ${columns.join(" and ")}:`,
        ...told,
        ...more,
      ].join("\n"),
    );
  }
}

/** What rows want of columns that no two rows may have the same of. */
function wishesOf(rows: readonly TargetRow[]) {
  return unique.flatMap(({ table, columns, ...rest }) => {
    const own = rows
      .filter((row) => row.table === table)
      .map(({ row }) => new Map<string, unknown>(Object.entries(row)));
    if (own.length === 0) return [];
    const lists = ["id", ...columns].map((column) => own.map((row) => row.get(column)));
    const parameters = lists.map((_, index) => `$${index + 1}::text[]`).join(", ");
    const names = columns.map((_, index) => `v${index}`).join(", ");
    const same = columns.map((column, index) => `t.${column} = wanted.v${index}`).join(" and ");
    const wanted = { lists, from: `unnest(${parameters}) as wanted (id, ${names})` };
    return [{ ...rest, columns, wanted, isSame: `t.id <> wanted.id and ${same}` }];
  });
}
