import type { ClientBase } from "pg";
import { z } from "zod";
import { newId } from "#platform/id.ts";
import { serviceNames } from "#platform/service-name.ts";
import type { SiloClients } from "../cutover/close-silos.ts";
import type { MoveOptions } from "../directory/directory.ts";
import type { Overrides } from "../directory/overrides.ts";

/** How an operator wants a run to move rows. */
export type RunOptions = Pick<MoveOptions, "rolePolicy" | "strict" | "overrides">;

/** Where a move stands, as its own tables tell. */
export interface Run {
  readonly batchId: string;
  /** COPYING, COPIED; SWITCHING, CUT_OVER and ROLLED_BACK say who may write. */
  readonly phase: string;
  readonly startedAt: Date;
  readonly finishedAt: Date | null;
  readonly options: MoveOptions;
}

const storedOverrides = z.object({
  users: z.array(z.tuple([z.string(), z.any()])),
  facilities: z.array(z.tuple([z.string(), z.any()])),
});
const storedRun = z.object({
  batch_id: z.string(),
  phase: z.string(),
  started_at: z.date(),
  finished_at: z.date().nullable(),
  options: z.object({ rolePolicy: z.enum(["evidence", "guide"]), strict: z.boolean() }),
  overrides: storedOverrides,
});

/** The newest run; undefined if nothing was moved yet. */
export async function findRun(center: ClientBase): Promise<Run | undefined> {
  const there = await center.query<{ there: boolean }>("select to_regclass('migration.run') is not null as there");
  if (!there.rows[0]?.there) return undefined;
  const { rows } = await center.query("select * from migration.run order by started_at desc limit 1");
  if (rows.length === 0) return undefined;
  const { batch_id: batchId, phase, started_at, finished_at, options, overrides } = storedRun.parse(rows[0]);
  return {
    batchId,
    phase,
    startedAt: started_at,
    finishedAt: finished_at,
    options: { ...options, overrides: overridesFrom(overrides), importedAt: started_at },
  };
}

/**
 * The run that goes on, or a new one. Once everything is copied, it goes on by what is wished now.
 * @throws Error if the copy that would go on was begun with other wishes: its rows would contradict each other.
 */
export async function openRun(center: ClientBase, wish: RunOptions, now: Date): Promise<Run> {
  const run = await findRun(center);
  if (run && isSameWish(run.options, wish)) return run;
  if (run && run.finishedAt === null) {
    throw new Error(
      "the copy was begun with another --role-policy, --strict or --overrides: go on with the same to its end; then other ones are followed",
    );
  }
  const options = { rolePolicy: wish.rolePolicy, strict: wish.strict };
  const overrides = JSON.stringify(storedFrom(wish.overrides));
  if (run) {
    await center.query("update migration.run set options = $2, overrides = $3 where batch_id = $1", [
      run.batchId,
      options,
      overrides,
    ]);
  } else {
    await center.query(
      "insert into migration.run (batch_id, phase, started_at, options, overrides) values ($1, 'COPYING', $2, $3, $4)",
      [newId(), now, options, overrides],
    );
  }
  const opened = await findRun(center);
  if (!opened) throw new Error("the run that was begun is not there");
  return opened;
}

/** Whether rows are moved in the same way. */
export function isSameWish(one: RunOptions, other: RunOptions): boolean {
  return textOf(one) === textOf(other);
}

/** The same run by what an operator knows by now, for rows that wait in quarantine. */
export async function changeOverrides(center: ClientBase, overrides: Overrides): Promise<void> {
  await center.query("update migration.run set overrides = $1", [JSON.stringify(storedFrom(overrides))]);
}

/** Notes that everything has been copied. What people did since stays as it is. */
export async function finishRun(center: ClientBase, now: Date): Promise<void> {
  await center.query(
    `update migration.run set phase = 'COPIED', finished_at = coalesce(finished_at, $1)
      where phase = 'COPYING'`,
    [now],
  );
}

/** How far a step of the copy has come in a silo. */
export interface Checkpoint {
  /** The last key that is there; undefined at the beginning. */
  readonly lastPk: string | undefined;
  readonly rows: number;
  readonly done: boolean;
}

export async function readCheckpoint(client: ClientBase, step: string): Promise<Checkpoint> {
  const { rows } = await client.query<{ last_pk: string | null; rows: string; done: boolean }>(
    "select last_pk, rows, done from migration.checkpoint where step = $1",
    [step],
  );
  const [row] = rows;
  return { lastPk: row?.last_pk ?? undefined, rows: Number(row?.rows ?? 0), done: row?.done ?? false };
}

/** To be called in the transaction of the rows that it is about. */
export async function saveCheckpoint(client: ClientBase, step: string, checkpoint: Checkpoint): Promise<void> {
  await client.query(
    `insert into migration.checkpoint (step, last_pk, rows, done) values ($1, $2, $3, $4)
     on conflict (step) do update set last_pk = excluded.last_pk, rows = excluded.rows, done = excluded.done`,
    [step, checkpoint.lastPk ?? null, checkpoint.rows, checkpoint.done],
  );
}

/** The steps of a run with the rows that each has copied, over all silos. */
export async function readSteps(
  silos: SiloClients,
): Promise<readonly { readonly step: string; readonly rows: number; readonly done: boolean }[]> {
  const steps = new Map<string, { step: string; rows: number; done: boolean }>();
  for (const service of serviceNames) {
    const { rows } = await silos[service].query<{ step: string; rows: string; done: boolean }>(
      "select step, rows, done from migration.checkpoint order by step",
    );
    for (const { step, rows: count, done } of rows) {
      const known = steps.get(step);
      // A step that writes to several silos is as far as the last of them.
      steps.set(step, {
        step,
        rows: Math.min(known?.rows ?? Number.POSITIVE_INFINITY, Number(count)),
        done: (known?.done ?? true) && done,
      });
    }
  }
  return [...steps.values()];
}

/** Nobody else moves into these silos meanwhile. @throws Error if somebody does. */
export async function lockMove(center: ClientBase): Promise<void> {
  const { rows } = await center.query<{ locked: boolean }>(
    "select pg_try_advisory_lock(hashtext('medport migrate')) as locked",
  );
  if (!rows[0]?.locked) throw new Error("another migrator is at work on these silos: wait for it, or stop it");
}

function storedFrom({ users, facilities }: Overrides): { readonly users: unknown; readonly facilities: unknown } {
  return { users: [...users], facilities: [...facilities] };
}

function overridesFrom({ users, facilities }: z.infer<typeof storedOverrides>): Overrides {
  return { users: new Map(users), facilities: new Map(facilities) };
}

function textOf({ rolePolicy, strict, overrides }: RunOptions): string {
  const { users, facilities } = overrides;
  const sorted = (map: ReadonlyMap<string, unknown>): unknown =>
    [...map].toSorted(([one], [other]) => (one < other ? -1 : 1));
  return JSON.stringify([rolePolicy, strict, sorted(users), sorted(facilities)]);
}
