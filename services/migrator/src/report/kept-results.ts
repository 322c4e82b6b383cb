import type { ClientBase } from "pg";
import { z } from "zod";

/** What a command came to, kept for the report. Each is replaced when the command is called again. */
export type ResultName = "run" | "balance" | "verify" | "hashes" | "cutover" | "rollback";

const keptResult = z.object({ name: z.string(), at: z.date(), content: z.unknown() });

/** A result as it was kept. */
export interface KeptResult {
  readonly at: Date;
  readonly content: unknown;
}

/** Keeps what a command came to, in Center's database, as JSON has it. */
export async function keepResult(center: ClientBase, name: ResultName, content: object): Promise<void> {
  await center.query("create schema if not exists migration");
  await center.query(
    `create table if not exists migration.result
     (name text primary key, at timestamptz(3) not null, content jsonb not null)`,
  );
  await center.query(
    `insert into migration.result (name, at, content) values ($1, now(), $2)
     on conflict (name) do update set at = excluded.at, content = excluded.content`,
    [name, JSON.stringify(content)],
  );
}

/** Reads what a command came to; undefined if it was not called yet. */
export async function readResult(center: ClientBase, name: ResultName): Promise<KeptResult | undefined> {
  const there = await center.query<{ there: boolean }>("select to_regclass('migration.result') is not null as there");
  if (!there.rows[0]?.there) return undefined;
  const { rows } = await center.query("select name, at, content from migration.result where name = $1", [name]);
  const found = keptResult.safeParse(rows[0]);
  return found.success ? { at: found.data.at, content: found.data.content } : undefined;
}

/** Forgets what a command came to: it is so no more. */
export async function forgetResult(center: ClientBase, name: ResultName): Promise<void> {
  if (await readResult(center, name)) await center.query("delete from migration.result where name = $1", [name]);
}

const keptDifferences = z.object({ found: z.array(z.object({ table: z.string(), pk: z.string() })) });

/** The rows that the last verification found to differ, as far as it told them. */
export async function readFoundDifferences(
  center: ClientBase,
): Promise<readonly { readonly table: string; readonly pk: string }[]> {
  return keptDifferences.safeParse((await readResult(center, "verify"))?.content).data?.found ?? [];
}
