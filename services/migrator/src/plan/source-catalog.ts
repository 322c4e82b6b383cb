import type { ClientBase } from "pg";

/** A column as the catalog of a live database has it. */
export interface SourceColumn {
  readonly name: string;
  /** The type's name in the catalog, such as int4. */
  readonly type: string;
  readonly nullable: boolean;
}

/** A table as the catalog of a live database has it. */
export interface SourceTable {
  readonly name: string;
  readonly columns: readonly SourceColumn[];
  /** The columns of its primary key and of each unique index without conditions, by which any row can be found. */
  readonly keys: readonly (readonly string[])[];
}

const catalogQuery = `
  select c.relname as name,
    (select coalesce(jsonb_agg(jsonb_build_object('name', a.attname, 'type', t.typname, 'nullable', not a.attnotnull)
                               order by a.attnum), '[]')
       from pg_attribute a join pg_type t on t.oid = a.atttypid
      where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) as columns,
    (select coalesce(jsonb_agg((select jsonb_agg(a.attname order by k.place)
                                  from unnest(i.indkey::int2[]) with ordinality k(number, place)
                                  join pg_attribute a on a.attrelid = c.oid and a.attnum = k.number
                                 where k.place <= i.indnkeyatts)), '[]')
       from pg_index i
      where i.indrelid = c.oid and i.indisunique and i.indisvalid and i.indpred is null
        and i.indexprs is null) as keys
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where n.nspname = 'public' and c.relkind in ('r', 'p', 'f') and not c.relispartition
    and c.relname <> '_prisma_migrations'
    and not exists (select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid
                                              and d.deptype = 'e')
  order by c.relname collate "C"`;

/** Reads the tables of the schema `public`, except Prisma's own and those of extensions. */
export async function readCatalog(client: ClientBase): Promise<readonly SourceTable[]> {
  const { rows } = await client.query<SourceTable>(catalogQuery);
  return rows.map(({ name, columns, keys }) => ({ name, columns, keys }));
}

/** Reads the labels of the schema's enum types. */
export async function readEnums(client: ClientBase): Promise<ReadonlyMap<string, readonly string[]>> {
  const { rows } = await client.query<{ name: string; labels: readonly string[] }>(
    `select t.typname as name, jsonb_agg(e.enumlabel order by e.enumsortorder) as labels
     from pg_enum e join pg_type t on t.oid = e.enumtypid join pg_namespace n on n.oid = t.typnamespace
     where n.nspname = 'public' group by t.typname`,
  );
  return new Map(rows.map(({ name, labels }) => [name, labels]));
}
