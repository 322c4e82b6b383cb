import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { beginning } from "./change.ts";
import { aNoteSource, type Note, type NoteBoard, openNoteBoard } from "./feed.builder.ts";
import { LogReader } from "./log-reader.ts";

describe("a reader of a log", () => {
  let board: NoteBoard;
  let reader: LogReader<Note>;

  beforeEach(async () => {
    board = await openNoteBoard();
    reader = new LogReader(aNoteSource(), beginning, 100);
  });
  afterEach(async () => {
    await board[Symbol.asyncDispose]();
  });

  /** What a few rounds tell, one after the other. */
  const told = async (rounds = 3): Promise<readonly string[]> => {
    const ids: string[] = [];
    for (let round = 0; round < rounds; round++) {
      ids.push(...(await reader.next(board.em())).map(({ after }) => after.id));
    }
    return ids;
  };

  it("tells each row once, in order", async () => {
    await board.write({ id: "one" });
    await board.write({ id: "two" });
    expect(await told()).toEqual(["one", "two"]);
    await board.write({ id: "three" });
    expect(await told()).toEqual(["three"]);
    expect(await told()).toEqual([]);
  });

  it("waits for a row whose transaction is slower than the next one's", async () => {
    const slow = await board.writer();
    await slow.run("begin");
    await slow.write({ id: "slow" });
    await board.write({ id: "fast" });
    expect(await told()).toEqual([]);
    expect(reader.isWaiting).toBe(true);
    await slow.run("commit");
    expect(await told()).toEqual(["slow", "fast"]);
    expect(reader.isWaiting).toBe(false);
  });

  it("passes over a row that was rolled back, and not before it was", async () => {
    const doomed = await board.writer();
    await doomed.run("begin");
    await doomed.write({ id: "doomed" });
    await board.write({ id: "next" });
    expect(await told()).toEqual([]);
    await doomed.run("rollback");
    expect(await told()).toEqual(["next"]);
  });

  it("is not misled by a writer whose transaction began after that of the row behind the hole", async () => {
    // The transaction ids are in another order than the rows: the horizon of a snapshot taken now ends below `slow`.
    const [early, slow] = [await board.writer(), await board.writer()];
    await early.run("begin; select pg_current_xact_id()");
    await slow.run("begin; select pg_current_xact_id()");
    await slow.write({ id: "slow" });
    await early.write({ id: "early" });
    await early.run("commit");
    expect(await told(10)).toEqual([]);
    await slow.run("commit");
    expect(await told()).toEqual(["slow", "early"]);
  });

  it("waits for nobody who writes elsewhere", async () => {
    const elsewhere = await board.writer();
    await elsewhere.run("begin; insert into note values ('other', 1, 'a', true)");
    const doomed = await board.writer();
    await doomed.run("begin");
    await doomed.write({ id: "doomed" });
    await board.write({ id: "next" });
    await doomed.run("rollback");
    expect(await told()).toEqual(["next"]);
  });

  it("waits for nobody who began to write after the hole was seen", async () => {
    const doomed = await board.writer();
    await doomed.run("begin");
    await doomed.write({ id: "doomed" });
    await board.write({ id: "next" });
    expect(await told()).toEqual([]);
    const later = await board.writer();
    await later.run("begin");
    await later.write({ id: "later" });
    await doomed.run("rollback");
    expect(await told()).toEqual(["next"]);
    await later.run("commit");
    expect(await told()).toEqual(["later"]);
  });

  it("goes on behind numbers that were never anybody's, as a crash leaves them", async () => {
    await board.write({ id: "one" });
    await board.silo.database.fork().execute("select nextval('note_change_seq_seq') from generate_series(1, 31)");
    await board.write({ id: "two" });
    expect(await told()).toEqual(["one", "two"]);
  });

  it("passes over a part of a transaction that was rolled back, and not over the rest", async () => {
    const writer = await board.writer();
    await writer.run("begin; savepoint here");
    await writer.write({ id: "taken back" });
    await writer.run("rollback to here");
    await writer.write({ id: "kept" });
    await board.write({ id: "next" });
    expect(await told()).toEqual([]);
    await writer.run("commit");
    expect(await told()).toEqual(["kept", "next"]);
  });

  it("misses and repeats nothing while many write at once, and some take it back", async () => {
    const committed = new Set<string>();
    let writing = 6;
    const write = async (name: string): Promise<void> => {
      const writer = await board.writer();
      for (let count = 0; count < 60; count++) {
        const id = `${name}-${count}`;
        await writer.run("begin");
        await writer.write({ id });
        // Some rest a while before they end, in no order; each third one takes it back.
        if (count % 4 === 0) await writer.run(`select pg_sleep(${Math.random() * 0.01})`);
        const keeps = count % 3 !== 0;
        await writer.run(keeps ? "commit" : "rollback");
        if (keeps) committed.add(id);
      }
      writing -= 1;
    };
    const writers = ["a", "b", "c", "d", "e", "f"].map(write);
    const heard: { seq: bigint; id: string }[] = [];
    const listen = async (): Promise<void> => {
      const changes = await reader.next(board.em());
      heard.push(...changes.map(({ seq, after }) => ({ seq, id: after.id })));
    };
    while (writing > 0) await listen();
    await Promise.all(writers);
    for (let round = 0; round < 5; round++) await listen();
    expect(heard.map(({ seq }) => seq)).toEqual(heard.map(({ seq }) => seq).toSorted((a, b) => Number(a - b)));
    expect(heard.map(({ id }) => id).toSorted()).toEqual([...committed].toSorted());
  });
});
