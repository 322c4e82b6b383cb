import type { SqlEntityManager } from "@mikro-orm/postgresql";
import { type RawBuilder, sql } from "kysely";
import { Client } from "pg";
import { openSiloDatabase, type SiloDatabase } from "#platform/database/database.builder.ts";
import type { TestPostgres } from "#platform/testing/test-postgres.ts";
import type { Change, ChangeRange } from "./change.ts";
import type { FeedSource } from "./feed-source.ts";

/** A note on a board, as tests have it. */
export interface Note {
  readonly id: string;
  readonly version: number;
  readonly room: string;
  readonly isOpen: boolean;
}

/** Notes with their log. */
export const noteTables = [
  "create table note (id text primary key, version int not null, room text not null, is_open boolean not null)",
  `create table note_change (
     seq bigint generated always as identity primary key,
     life text not null default 'first',
     name text not null,
     before jsonb,
     after jsonb not null
   )`,
];

interface ChangeRow {
  readonly seq: string;
  readonly life: string;
  readonly name: string;
  readonly before: Note | null;
  readonly after: Note;
}

/** The notes' log; counts how often it is read. */
export function aNoteSource(): FeedSource<Note> & { readonly reads: () => number } {
  let reads = 0;
  return {
    table: "note_change",
    read: async (em, range) => {
      reads += 1;
      return readNotes(em, range);
    },
    readNow: async (em, ids) => {
      const { rows } = await sql<Note>`
        select id, version, room, is_open as "isOpen" from note where id in (${sql.join(ids)})`.execute(em.getKysely());
      return rows;
    },
    readOpen: async (em) => {
      const { rows } = await sql<Note>`select id, version, room, is_open as "isOpen" from note where is_open`.execute(
        em.getKysely(),
      );
      return rows;
    },
    idOf: ({ id }) => id,
    versionOf: ({ version }) => version,
    isOpen: ({ isOpen }) => isOpen,
    reads: () => reads,
  };
}

async function readNotes(em: SqlEntityManager, range: ChangeRange): Promise<readonly Change<Note>[]> {
  const { rows } = await sql<ChangeRow>`
    select n.seq::text as seq, n.life, n.name, n.before, n.after from note_change n ${whereOf(range)}`.execute(
    em.getKysely(),
  );
  return rows
    .map(({ seq, life, name, before, after }) => ({
      seq: BigInt(seq),
      mark: `${life}-${after.id}-${after.version}`,
      name,
      ...(before && { before }),
      after,
    }))
    .toSorted((one, other) => Number(one.seq - other.seq));
}

function whereOf(range: ChangeRange): RawBuilder<unknown> {
  return "after" in range
    ? sql`where n.seq > ${range.after} order by n.seq limit ${range.limit}`
    : sql`where n.seq <= ${range.until} order by n.seq desc limit ${range.limit}`;
}

/** A session of a writer, whose transactions a test ends when it likes. */
export interface Writer extends AsyncDisposable {
  run(text: string): Promise<void>;
  /** Saves a note and its change, in the transaction that is open if one is. */
  write(note: Partial<Note> & { readonly id: string }): Promise<void>;
}

/** A database with notes. */
export interface NoteBoard extends AsyncDisposable {
  readonly silo: SiloDatabase;
  em(): SqlEntityManager;
  /** Opens a session of a writer; the tables' owner may do more, and the cluster's administrator all. */
  writer(as?: "owner" | "admin"): Promise<Writer>;
  /** Saves and commits a note. */
  write(note: Partial<Note> & { readonly id: string }): Promise<void>;
}

/** Makes a database with notes. */
export async function openNoteBoard(postgres?: TestPostgres): Promise<NoteBoard> {
  await using parts = new AsyncDisposableStack();
  const options = { statements: noteTables, ...(postgres && { postgres }) };
  const silo = parts.use(await openSiloDatabase("feed", options));
  const first = writerOver(parts.adopt(await connected(silo.silo.appUrl), (it) => it.end()));
  const owned = parts.move();
  return {
    silo,
    em: () => silo.database.fork(),
    writer: async (as) => {
      const { ownerUrl, adminUrl, appUrl } = silo.silo;
      const url = as === undefined ? appUrl : { owner: ownerUrl, admin: adminUrl }[as];
      return writerOver(owned.adopt(await connected(url), (it) => it.end()));
    },
    write: (note) => first.write(note),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function connected(url: string): Promise<Client> {
  const client = new Client({ connectionString: url });
  // A test may kill the database under it.
  client.on("error", () => undefined);
  await client.connect();
  return client;
}

function writerOver(client: Client): Writer {
  return {
    run: async (text) => void (await client.query(text)),
    write: async ({ id, version = 1, room = "a", isOpen = true }) => {
      const after = JSON.stringify({ id, version, room, isOpen });
      // One statement, so that outside of a transaction both are committed together.
      await client.query(
        `with before as (select to_jsonb(n) - 'is_open' || jsonb_build_object('isOpen', n.is_open) as note
                           from note n where id = $1),
              saved as (insert into note (id, version, room, is_open) values ($1, $2, $3, $4)
                        on conflict (id) do update set version = $2, room = $3, is_open = $4)
         insert into note_change (name, before, after)
         values (case when $2 = 1 then 'created' else 'updated' end, (select note from before), $5)`,
        [id, version, room, isOpen, after],
      );
    },
    [Symbol.asyncDispose]: () => client.end(),
  };
}
