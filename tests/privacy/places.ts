import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { connect } from "nats";
import { Client } from "pg";
import { inboxPrefix, streamName } from "#platform/events/topology.ts";
import { type ServiceName, serviceNames } from "#platform/service-name.ts";
import type { TestMesh } from "../mesh/mesh.builder.ts";
import type { ToldError } from "./witness.ts";

/** Where something was found that was looked for. */
export type Place =
  | { readonly kind: "database"; readonly silo: ServiceName; readonly table: string; readonly column: string }
  | { readonly kind: "stream"; readonly silo: ServiceName; readonly part: "payload" | "headers" }
  | { readonly kind: "log"; readonly line: string }
  | { readonly kind: "PostgreSQL's log"; readonly line: string }
  | { readonly kind: "refusal"; readonly method: string };

/** Something that was found. */
export interface Find {
  readonly found: string;
  readonly place: Place;
}

/** Looks for a pattern in every column of every table of the three databases, whatever its type. */
export async function searchDatabases(mesh: TestMesh, pattern: string): Promise<readonly Find[]> {
  const finds = await Promise.all(serviceNames.map((silo) => searchDatabase(mesh, silo, pattern)));
  return finds.flat();
}

async function searchDatabase({ databases }: TestMesh, silo: ServiceName, pattern: string): Promise<readonly Find[]> {
  const client = new Client({ connectionString: databases[silo].adminUrl });
  await client.connect();
  try {
    const { rows: columns } = await client.query<{ table: string; column: string; type: string }>(
      `select quote_ident(table_schema) || '.' || quote_ident(table_name) as table, quote_ident(column_name) as column,
              data_type as type
         from information_schema.columns join information_schema.tables using (table_schema, table_name)
        where table_type = 'BASE TABLE' and table_schema not in ('pg_catalog', 'information_schema')`,
    );
    const finds: Find[] = [];
    for (const { table, column, type } of columns) {
      const text = type === "bytea" ? `encode(${column}, 'escape')` : `${column}::text`;
      const { rows } = await client.query<{ found: string }>(
        `select distinct m[1] as found from ${table}, regexp_matches(${text}, '(' || $1 || ')', 'gi') m`,
        [pattern],
      );
      const place = { kind: "database", silo, table: table.replace("public.", ""), column } as const;
      finds.push(...rows.map(({ found }) => ({ found, place })));
    }
    return finds;
  } finally {
    await client.end();
  }
}

/** Looks for a pattern in every message of every stream of the broker. */
export async function searchStreams({ broker }: TestMesh, pattern: string): Promise<readonly Find[]> {
  const finds: Find[] = [];
  for (const silo of serviceNames) {
    const { url, user, password } = broker.users[silo];
    const connection = await connect({ servers: url, user, pass: password, inboxPrefix: inboxPrefix(silo) });
    try {
      const manager = await connection.jetstreamManager({ checkAPI: false });
      const { state } = await manager.streams.info(streamName(silo));
      for (let seq = state.first_seq; seq <= state.last_seq; seq++) {
        const { data, header } = await manager.streams.getMessage(streamName(silo), { seq });
        const parts = { payload: Buffer.from(data).toString("latin1"), headers: JSON.stringify([...header]) } as const;
        for (const part of ["payload", "headers"] as const) {
          finds.push(
            ...matches(parts[part], pattern).map((found) => ({
              found,
              place: { kind: "stream", silo, part } as const,
            })),
          );
        }
      }
    } finally {
      await connection.close();
    }
  }
  return finds;
}

/** Looks for a pattern in what the services have logged. */
export function searchLog({ logged }: TestMesh, pattern: string): readonly Find[] {
  return logged.flatMap((line) =>
    matches(line, pattern).map((found) => ({ found, place: { kind: "log", line } as const })),
  );
}

/** Looks for a pattern in what the databases' server has logged, which quotes rows and statements if it is let. */
export async function searchServerLog({ databases }: TestMesh, pattern: string): Promise<readonly Find[]> {
  const client = new Client({ connectionString: databases.hospital.adminUrl });
  await client.connect();
  try {
    const { rows } = await client.query<{ folder: string }>("select current_setting('data_directory') as folder");
    const text = await readFile(join(rows[0]?.folder ?? "", "../../postgres.log"), "utf8");
    return text
      .split("\n")
      .flatMap((line) =>
        matches(line, pattern).map((found) => ({ found, place: { kind: "PostgreSQL's log", line } as const })),
      );
  } finally {
    await client.end();
  }
}

/** Looks for a pattern in what callers were told that did not get what they asked for. */
export function searchErrors(errors: readonly ToldError[], pattern: string): readonly Find[] {
  return errors.flatMap(({ method, text }) =>
    matches(text, pattern).map((found) => ({ found, place: { kind: "refusal", method } as const })),
  );
}

/** Every match of a pattern in a text. */
function matches(text: string, pattern: string): readonly string[] {
  return text.match(new RegExp(pattern, "gi")) ?? [];
}
