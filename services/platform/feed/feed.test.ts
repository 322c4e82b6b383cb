import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { Reason } from "#gen/medport/errors/v1/reason_pb.ts";
import { eventually } from "#platform/testing/eventually.ts";
import { startTestCluster } from "#platform/testing/test-cluster.ts";
import { testPostgresOn } from "#platform/testing/test-postgres.ts";
import { beginning, type Place } from "./change.ts";
import { aNoteSource, type Note, type NoteBoard, openNoteBoard } from "./feed.builder.ts";
import { Feed, type FeedOptions } from "./feed.ts";

const never = new AbortController().signal;

describe("a feed", () => {
  let board: NoteBoard;
  let parts: AsyncDisposableStack;

  beforeEach(async () => {
    parts = new AsyncDisposableStack();
    board = parts.use(await openNoteBoard());
  });
  afterEach(async () => {
    await parts.disposeAsync();
  });

  const start = async (over: Partial<FeedOptions<Note>> = {}): Promise<Feed<Note>> => {
    const { database } = board.silo;
    const options = { name: "notes", source: aNoteSource(), database, log: database.log, pollMs: 20, ...over };
    const feed = parts.use(new Feed<Note>(options));
    await feed.whenReady(never, 25_000);
    return feed;
  };
  const openIds = (feed: Feed<Note>): readonly string[] =>
    feed
      .snapshot()
      .items.map(({ id }) => id)
      .toSorted();
  const writeMany = async (count: number): Promise<void> => {
    for (let index = 1; index <= count; index++) await board.write({ id: `note-${index}` });
  };
  /** Everything after a place, page by page. */
  const rest = async (feed: Feed<Note>, from: Place): Promise<readonly string[]> => {
    const ids: string[] = [];
    for (let place = from; ; ) {
      const changes = await feed.after(place);
      ids.push(...changes.map(({ after }) => after.id));
      const last = changes.at(-1);
      if (!last) return ids;
      place = last;
    }
  };

  it.each([100, 2])("knows of every change how its item is now, with %i changes at hand", async (keep) => {
    await board.write({ id: "a", room: "a" });
    await board.write({ id: "b" });
    await board.write({ id: "a", version: 2, room: "b", isOpen: false });
    await writeMany(8);
    const feed = await start({ keep });
    await board.write({ id: "b", version: 2, room: "c" });
    await eventually(() => expect(feed.snapshot().items.find(({ id }) => id === "b")?.version).toBe(2));
    const changes = await feed.after(beginning);
    const now = changes.filter(({ after }) => after.version === 1).map((change) => feed.now(change));
    expect(now.slice(0, 2)).toEqual([
      { id: "a", version: 2, room: "b", isOpen: false },
      { id: "b", version: 2, room: "c", isOpen: true },
    ]);
  });

  it("knows what is open, follows what changes, and lets go of what is closed", async () => {
    await board.write({ id: "a" });
    await board.write({ id: "b" });
    const feed = await start();
    expect(openIds(feed)).toEqual(["a", "b"]);
    await board.write({ id: "c" });
    await board.write({ id: "a", version: 2, isOpen: false });
    await eventually(() => expect(openIds(feed)).toEqual(["b", "c"]));
  });

  it("finds at once what it was told of, and soon what another instance wrote", async () => {
    const feed = await start({ pollMs: 60_000 });
    await board.write({ id: "a" });
    feed.wake();
    await eventually(() => expect(openIds(feed)).toEqual(["a"]));
    const polling = await start({ pollMs: 20 });
    await board.write({ id: "b" });
    await eventually(() => expect(openIds(polling)).toEqual(["a", "b"]));
  });

  it("knows what was committed before somebody asked it to catch up", async () => {
    const feed = await start({ pollMs: 60_000 });
    for (let index = 1; index <= 12; index++) await board.write({ id: `note-${index}` });
    await Promise.all(Array.from({ length: 50 }, () => feed.catchUp(never, 5_000)));
    expect(openIds(feed)).toHaveLength(12);
    await board.write({ id: "last" });
    await feed.catchUp(never, 5_000);
    expect(openIds(feed)).toHaveLength(13);
  });

  it("announces a change after which it can be read", async () => {
    const feed = await start();
    const { place } = feed.snapshot();
    const seen = feed.changed.count;
    await board.write({ id: "a" });
    await feed.changed.wait(seen, 5_000, never);
    expect(await rest(feed, place)).toEqual(["a"]);
  });

  it("reads what came long before from the database, in pages, and leaves nothing out", async () => {
    await writeMany(25);
    const feed = await start({ keep: 4, pageSize: 3 });
    expect(await rest(feed, beginning)).toEqual(Array.from({ length: 25 }, (_, index) => `note-${index + 1}`));
  });

  it("serves those who were gone for a moment without a look at the database", async () => {
    await writeMany(10);
    const [at] = await aNoteSource().read(board.em(), { after: 4n, limit: 1 });
    const source = aNoteSource();
    const feed = await start({ source, pollMs: 60_000 });
    const before = source.reads();
    expect(await feed.continues(at ?? beginning)).toBe(true);
    expect(await rest(feed, at ?? beginning)).toEqual(["note-6", "note-7", "note-8", "note-9", "note-10"]);
    expect(source.reads()).toBe(before);
  });

  it("reads a page once for a crowd that stands at the same place", async () => {
    await writeMany(10);
    const source = aNoteSource();
    const feed = await start({ source, keep: 2, pollMs: 60_000 });
    const before = source.reads();
    await Promise.all(Array.from({ length: 50 }, () => feed.after(beginning)));
    expect(source.reads()).toBe(before + 1);
  });

  it("starts before those have ended who write already, and then tells what they wrote", async () => {
    await board.write({ id: "a" });
    const slow = await board.writer();
    await slow.run("begin");
    await slow.write({ id: "slow" });
    await board.write({ id: "b" });
    const { database } = board.silo;
    const source = aNoteSource();
    const feed = parts.use(new Feed<Note>({ name: "notes", source, database, log: database.log, pollMs: 20 }));
    await slow.run("commit");
    await feed.whenReady(never, 25_000);
    expect(openIds(feed)).toEqual(["a", "b", "slow"]);
    expect(await rest(feed, beginning)).toEqual(["a", "slow", "b"]);
  });

  describe("asked whether it continues a place", () => {
    const placeOf = async (seq: number): Promise<Place> => {
      const [found] = await aNoteSource().read(board.em(), { after: BigInt(seq - 1), limit: 1 });
      return found ?? beginning;
    };

    it.each([2, 2_000])(
      "says yes for every row, and no for another one with its number, with %s kept",
      async (keep) => {
        await writeMany(10);
        const feed = await start({ keep });
        for (const seq of [1, 5, 10]) {
          const place = await placeOf(seq);
          expect([seq, await feed.continues(place)]).toEqual([seq, true]);
          expect(await feed.continues({ ...place, mark: "of another life" })).toBe(false);
        }
        expect(await feed.continues({ seq: 11n, mark: "first-note-11-1" })).toBe(false);
      },
    );

    it("says yes for the beginning as long as the log has its first row", async () => {
      const feed = await start({ keep: 2 });
      expect(await feed.continues(beginning)).toBe(true);
      await writeMany(10);
      await eventually(() => expect(openIds(feed)).toHaveLength(10));
      expect(await feed.continues(beginning)).toBe(true);
    });

    it("says no for what was removed since", async () => {
      await writeMany(10);
      const third = await placeOf(3);
      await board.silo.database.fork().execute("delete from note_change where seq <= 5");
      const feed = await start();
      expect(await feed.continues(third)).toBe(false);
      expect(await feed.continues(beginning)).toBe(false);
      expect(await feed.continues(await placeOf(6))).toBe(true);
    });

    it("says yes for a row that only another instance has read yet", async () => {
      const feed = await start({ pollMs: 60_000 });
      await board.write({ id: "a" });
      expect(await feed.continues(await placeOf(1))).toBe(true);
    });
  });
});

describe("a feed whose database goes away", () => {
  it("keeps nobody waiting for ever, and is ready when it is back", async () => {
    await using cluster = await startTestCluster();
    await using board = await openNoteBoard(testPostgresOn(cluster));
    const { database } = board.silo;
    await cluster.kill();
    await using feed = new Feed<Note>({ name: "notes", source: aNoteSource(), database, log: database.log });
    await expect(feed.whenReady(never, 50)).rejects.toMatchObject({ reason: Reason.DEPENDENCY_DOWN });
    await cluster.restart();
    await feed.whenReady(never, 25_000);
  });

  it("goes on where it was when it is back", async () => {
    await using cluster = await startTestCluster();
    await using board = await openNoteBoard(testPostgresOn(cluster));
    const { database } = board.silo;
    await board.write({ id: "a" });
    await using feed = new Feed<Note>({
      name: "notes",
      source: aNoteSource(),
      database,
      log: database.log,
      pollMs: 20,
    });
    await feed.whenReady(never, 25_000);
    const { place } = feed.snapshot();
    const { generation } = feed;
    await cluster.kill();
    await eventually(() => expect(board.silo.logged.join()).toContain("feed.failed"));
    await expect(feed.catchUp(never, 50)).rejects.toMatchObject({ reason: Reason.DEPENDENCY_DOWN });
    await cluster.restart();
    const writer = await eventually(() => board.writer());
    await writer.write({ id: "b" });
    await eventually(async () => expect((await feed.after(place)).map(({ after }) => after.id)).toEqual(["b"]), {
      withinMs: 10_000,
    });
    expect(feed.generation).toBe(generation);
  });

  it("begins anew when another database is back in its place", async () => {
    await using cluster = await startTestCluster();
    await using board = await openNoteBoard(testPostgresOn(cluster));
    const { database } = board.silo;
    for (const id of ["a", "b", "c"]) await board.write({ id });
    await using feed = new Feed<Note>({
      name: "notes",
      source: aNoteSource(),
      database,
      log: database.log,
      pollMs: 20,
    });
    await feed.whenReady(never, 25_000);
    const { generation } = feed;
    // The service stays outside until the other database is there.
    const { appRole } = board.silo.silo;
    await (await board.writer("admin")).run(`alter role "${appRole}" nologin`);
    await cluster.kill();
    await cluster.restart();
    const owner = await eventually(() => board.writer("owner"));
    // As if restored from an older copy, and written to since: the same numbers, other rows.
    await owner.run("begin; truncate note, note_change restart identity");
    for (const id of ["a", "x", "y", "z"]) await owner.write({ id });
    await owner.run("update note_change set life = 'second'; commit");
    await (await board.writer("admin")).run(`alter role "${appRole}" login`);
    await eventually(() => expect(feed.generation).toBe(generation + 1), { withinMs: 25_000 });
    expect(feed.snapshot().items.map(({ id }) => id)).toEqual(["a", "x", "y", "z"]);
  });
});
