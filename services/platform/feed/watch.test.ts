import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { Reason } from "#gen/medport/errors/v1/reason_pb.ts";
import { aUser } from "#platform/auth/auth.builder.ts";
import { refuse } from "#platform/rpc/refusal.ts";
import { eventually } from "#platform/testing/eventually.ts";
import { Cursors } from "./cursor.ts";
import { aNoteSource, type Note, type NoteBoard, openNoteBoard } from "./feed.builder.ts";
import { Feed, type FeedOptions } from "./feed.ts";
import { type Board, type BoardMessage, type BoardView, watch, type WatchOptions } from "./watch.ts";

interface RoomView extends BoardView {
  readonly room: string;
}
type Message = BoardMessage<string, string>;

/** The notes of one room. */
function roomBoard(feed: Feed<Note>): Board<Note, RoomView, string, string> {
  const isOn = (note: Note | undefined, { room }: RoomView): boolean => note?.isOpen === true && note.room === room;
  return {
    feed,
    entityType: "note",
    idOf: ({ id }) => id,
    show: (note, view) => (isOn(note, view) ? note.id : undefined),
    tell: ({ before, after }, view) => {
      if (isOn(after, view)) return { case: "trip", value: `${after.id} ${after.version}` };
      return isOn(before, view) ? { case: "gone", value: after.id } : undefined;
    },
  };
}

const viewOf = (room: string): RoomView => ({ key: `room ${room}`, room });
const user = { ...aUser(), token: "t" };

describe("watching a board", () => {
  let notes: NoteBoard;
  let parts: AsyncDisposableStack;
  let feed: Feed<Note>;
  const trail: string[] = [];

  const startFeed = (over: Partial<FeedOptions<Note>> = {}): Feed<Note> => {
    const { database } = notes.silo;
    const options = { name: "notes", source: aNoteSource(), database, log: database.log, pollMs: 20, ...over };
    return parts.use(new Feed<Note>(options));
  };
  beforeEach(async () => {
    parts = new AsyncDisposableStack();
    notes = parts.use(await openNoteBoard());
    feed = startFeed();
    trail.length = 0;
  });
  afterEach(async () => {
    await parts.disposeAsync();
  });

  interface Watching {
    /** The next so many messages, short: `trip a 1 created`; a cursor that is there shows as nothing. */
    next(count?: number): Promise<readonly string[]>;
    /** The cursor of the last message. */
    cursor(): string;
    readonly messages: AsyncGenerator<Message, never>;
    readonly stop: AbortController;
  }
  const start = (over: Partial<WatchOptions<RoomView>> = {}, on: Feed<Note> = feed): Watching => {
    const stop = new AbortController();
    const messages = watch(roomBoard(on), {
      cursors: new Cursors({ method: "x.v1.S/Watch", filter: {}, caller: { user } }),
      cursor: "",
      look: () => Promise.resolve(viewOf("a")),
      expireTime: new Date(8e15),
      trail: {
        open: (shown) => Promise.resolve(void trail.push(`open ${shown.map(({ id }) => id).join()}`)),
        sent: ({ id }) => void trail.push(`sent ${id}`),
        close: () => Promise.resolve(void trail.push("close")),
      },
      signal: stop.signal,
      clock: () => new Date(),
      ...over,
    });
    parts.defer(() => stop.abort());
    let last = "";
    const next = async (): Promise<string> => {
      const { value } = await messages.next();
      last = value.cursor || last;
      return shortly(value);
    };
    return {
      next: async (count = 1) => {
        const all: string[] = [];
        while (all.length < count) all.push(await next());
        return all;
      },
      cursor: () => last,
      messages,
      stop,
    };
  };

  it("begins with what is open, and goes on with what changes", async () => {
    await notes.write({ id: "a" });
    await notes.write({ id: "elsewhere", room: "b" });
    const watching = start();
    expect(await watching.next(3)).toEqual(["started", "a, no cursor", "completed 1"]);
    await notes.write({ id: "b" });
    await notes.write({ id: "elsewhere", version: 2, room: "b" });
    await notes.write({ id: "a", version: 2 });
    await notes.write({ id: "a", version: 3, isOpen: false });
    await notes.write({ id: "b", version: 2, room: "b" });
    await notes.write({ id: "elsewhere", version: 3, room: "a" });
    expect(await watching.next(5)).toEqual(["b 1", "a 2", "gone a", "gone b", "elsewhere 3"]);
  });

  it("goes on from a cursor in another process, without gap and without repetition", async () => {
    await notes.write({ id: "a" });
    const first = start();
    await first.next(3);
    await notes.write({ id: "b" });
    expect(await first.next()).toEqual(["b 1"]);
    await feed[Symbol.asyncDispose]();
    await notes.write({ id: "c" });
    await notes.write({ id: "a", version: 2, isOpen: false });
    const second = start({ cursor: first.cursor() }, startFeed());
    expect(await second.next(2)).toEqual(["c 1", "gone a"]);
  });

  it("goes on from a cursor however far behind it is, in the database's order", async () => {
    const first = start();
    expect(await first.next(2)).toEqual(["started", "completed 0"]);
    for (let index = 1; index <= 30; index++) await notes.write({ id: `${index}` });
    const second = start({ cursor: first.cursor() }, startFeed({ keep: 3, pageSize: 4 }));
    expect(await second.next(30)).toEqual(Array.from({ length: 30 }, (_, index) => `${index + 1} 1`));
  });

  it("costs nothing while nobody asks for more, and leaves nothing out afterwards", async () => {
    const small = startFeed({ keep: 3, pageSize: 4 });
    const slow = start({}, small);
    await slow.next(2);
    for (let index = 1; index <= 30; index++) await notes.write({ id: `${index}` });
    await eventually(() => expect(small.snapshot().items).toHaveLength(30));
    expect(await slow.next(30)).toEqual(Array.from({ length: 30 }, (_, index) => `${index + 1} 1`));
  });

  it("gives a sign of life when nothing is to be told, with the newest cursor", async () => {
    const watching = start({ heartbeatMs: 30 });
    await watching.next(2);
    const before = watching.cursor();
    await notes.write({ id: "elsewhere", room: "b" });
    await eventually(async () => {
      expect(await watching.next()).toEqual(["heartbeat"]);
      expect(watching.cursor()).not.toBe(before);
    });
    const resumed = start({ cursor: watching.cursor() });
    await notes.write({ id: "a" });
    expect(await resumed.next()).toEqual(["a 1"]);
  });

  it("does not say that nothing happened while nobody can know", async () => {
    const watching = start({ heartbeatMs: 100, patienceMs: 1_000 });
    await watching.next(2);
    await feed[Symbol.asyncDispose]();
    await expect(watching.next(1_000)).rejects.toMatchObject({ reason: Reason.DEPENDENCY_DOWN });
  });

  describe("begins with a snapshot that says that changes may have been missed", () => {
    it("when the cursor is one of another log", async () => {
      const first = start();
      await first.next(2);
      await notes.write({ id: "a" });
      await first.next();
      const second = start({ cursor: first.cursor().replace(/[^.]*$/, "other") });
      expect(await second.next(3)).toEqual(["started with a gap", "a, no cursor", "completed 1"]);
    });

    it("when the caller may now see something else", async () => {
      const first = start();
      await first.next(2);
      const second = start({ cursor: first.cursor(), look: () => Promise.resolve(viewOf("b")) });
      expect(await second.next(2)).toEqual(["started with a gap", "completed 0"]);
    });

    it("when another log takes the place of the one that was watched", async () => {
      const watching = start();
      await watching.next(2);
      Object.defineProperty(feed, "generation", { get: () => 2 });
      feed.changed.announce();
      expect(await watching.next(2)).toEqual(["started with a gap", "completed 0"]);
    });
  });

  it("begins anew when what the caller may see changes meanwhile", async () => {
    await notes.write({ id: "a" });
    await notes.write({ id: "b", room: "b" });
    let view = viewOf("a");
    const watching = start({ look: () => Promise.resolve(view), heartbeatMs: 100 });
    await watching.next(3);
    view = viewOf("b");
    const seen = await eventually(async () => {
      const [message = ""] = await watching.next();
      expect(message).toBe("started");
      return [message, ...(await watching.next(2))];
    });
    expect(seen).toEqual(["started", "b, no cursor", "completed 1"]);
  });

  it("is refused with a cursor of somebody else", async () => {
    const other = new Cursors({ method: "x.v1.S/Watch", filter: {}, caller: {} }).spell(
      { seq: 1n, mark: "" },
      "room a",
    );
    await expect(start({ cursor: other }).next()).rejects.toMatchObject({ reason: Reason.PAGE_TOKEN_MISMATCH });
    expect(trail).toEqual(["close"]);
  });

  it("ends when the token's time is over, though nothing happens", async () => {
    const watching = start({ expireTime: new Date(Date.now() + 2_000) });
    await watching.next(2);
    await expect(watching.next()).rejects.toMatchObject({ reason: Reason.TOKEN_EXPIRED });
  });

  it("ends when the caller may not watch any more", async () => {
    let isShut = false;
    const look = async (): Promise<RoomView> => {
      if (isShut) throw refuse(Reason.SESSION_ENDED, "the session was ended");
      return viewOf("a");
    };
    const watching = start({ look, heartbeatMs: 50 });
    await watching.next(2);
    isShut = true;
    await expect(watching.next(1_000)).rejects.toMatchObject({ reason: Reason.SESSION_ENDED });
  });

  it("ends with the reason for which it is given up, wherever it is", async () => {
    const watching = start();
    await watching.next(2);
    const waiting = watching.next();
    watching.stop.abort(refuse(Reason.DRAINING, "the service is stopping"));
    await expect(waiting).rejects.toMatchObject({ reason: Reason.DRAINING });
    expect(trail).toEqual(["open ", "close"]);
  });

  it("tells the audit log of a snapshot before it is shown, and of every change", async () => {
    await notes.write({ id: "a" });
    await notes.write({ id: "elsewhere", room: "b" });
    const watching = start();
    await watching.next();
    expect(trail).toEqual(["open a"]);
    await watching.next(2);
    await notes.write({ id: "b" });
    await notes.write({ id: "elsewhere", version: 2, room: "b" });
    await notes.write({ id: "a", version: 2, isOpen: false });
    await watching.next(2);
    await watching.messages.return(undefined as never);
    expect(trail).toEqual(["open a", "sent b", "sent a", "close"]);
  });

  it("by hundreds reads the log no more often than by one", async () => {
    const source = aNoteSource();
    const shared = startFeed({ source, pollMs: 60_000 });
    const crowd = Array.from({ length: 300 }, () => start({}, shared));
    await Promise.all(crowd.map((watching) => watching.next(2)));
    const before = source.reads();
    await notes.write({ id: "a" });
    shared.wake();
    const told = await Promise.all(crowd.map((watching) => watching.next()));
    expect(told.every(([message]) => message === "a 1")).toBe(true);
    expect(source.reads() - before).toBeLessThan(3);
  });
});

function shortly({ cursor, item }: Message): string {
  switch (item.case) {
    case "snapshotStarted":
      return item.value.gap ? "started with a gap" : "started";
    case "snapshotCompleted":
      return `completed ${item.value.size}`;
    case "heartbeat":
      return "heartbeat";
    case "gone":
      return `gone ${item.value}`;
    case "trip":
      return cursor === "" ? `${item.value}, no cursor` : item.value;
  }
}
