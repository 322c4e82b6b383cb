import { setTimeout as sleep } from "node:timers/promises";
import { ConnectError, Code } from "@connectrpc/connect";
import { describe, expect, it } from "@jest/globals";
import { Reason } from "#gen/medport/errors/v1/reason_pb.ts";
import { reasonOf, refuse } from "#platform/rpc/refusal.ts";
import { type BoardItem, type BoardMessage, watchBoard, type WatchControl } from "./board-stream.ts";

type Message = BoardMessage<string, string>;

const started = (gap = false): Message => ({ cursor: "", item: { case: "snapshotStarted", value: { gap } } });
const held = (value: string): Message => ({ cursor: "", item: { case: "trip", value } });
const completed = (cursor: string): Message => ({ cursor, item: { case: "snapshotCompleted", value: {} } });
const trip = (value: string, cursor: string): Message => ({ cursor, item: { case: "trip", value } });
const gone = (value: string, cursor: string): Message => ({ cursor, item: { case: "gone", value } });
const heartbeat = (cursor: string): Message => ({ cursor, item: { case: "heartbeat", value: {} } });
const broken = new ConnectError("the connection broke", Code.Aborted);
const draining = refuse(Reason.DRAINING, "the service is stopping");

/** What a stream does: says something, or ends with an error. */
type Script = readonly (Message | Error)[];

/** A service whose streams do one after the other what is written; the last one goes on for ever. */
function aService(...scripts: readonly Script[]): {
  readonly watch: (control?: WatchControl) => AsyncGenerator<BoardItem<string, string>, void>;
  readonly cursors: readonly string[];
} {
  const cursors: string[] = [];
  const open = async function* (cursor: string, signal: AbortSignal): AsyncGenerator<Message> {
    cursors.push(cursor);
    for (const step of scripts[cursors.length - 1] ?? []) {
      if (step instanceof Error) throw step;
      yield step;
    }
    await sleep(60_000, undefined, { signal }).catch(() => undefined);
    throw new ConnectError("given up", Code.Canceled);
  };
  return { watch: (control) => watchBoard(open, { random: () => 0, ...control }), cursors };
}

async function take(items: AsyncGenerator<BoardItem<string, string>, void>, count: number): Promise<readonly string[]> {
  const seen: string[] = [];
  for await (const item of items) {
    seen.push(shortly(item));
    if (seen.length === count) break;
  }
  return seen;
}

function shortly(item: BoardItem<string, string>): string {
  switch (item.kind) {
    case "snapshot":
      return `snapshot ${item.trips.join()}${item.gap ? " after a gap" : ""} ${item.cursor}`;
    case "trip":
      return `${item.trip} ${item.cursor}`;
    case "gone":
      return `gone ${item.gone} ${item.cursor}`;
  }
}

describe("watching a board as a client", () => {
  it("gives a snapshot as a whole, and then each change", async () => {
    const { watch, cursors } = aService([
      started(),
      held("a"),
      held("b"),
      completed("1"),
      heartbeat("2"),
      trip("c", "3"),
    ]);
    expect(await take(watch(), 2)).toEqual(["snapshot a,b 1", "c 3"]);
    expect(cursors).toEqual([""]);
  });

  it.each([
    ["the connection breaks", broken],
    ["the service stops", draining],
    ["the token's time is over", refuse(Reason.TOKEN_EXPIRED, "the token has expired")],
  ])("goes on right behind the last message when %s", async (_what, error) => {
    const { watch, cursors } = aService(
      [started(), held("a"), completed("1"), trip("b", "2"), heartbeat("3"), error],
      [error],
      [gone("a", "4")],
    );
    expect(await take(watch(), 3)).toEqual(["snapshot a 1", "b 2", "gone a 4"]);
    expect(cursors).toEqual(["", "3", "3"]);
  });

  it("goes on where an earlier process was", async () => {
    const { watch, cursors } = aService([trip("b", "8")]);
    expect(await take(watch({ cursor: "7" }), 1)).toEqual(["b 8"]);
    expect(cursors).toEqual(["7"]);
  });

  it("asks again for a snapshot that was cut off, and gives it once", async () => {
    const { watch, cursors } = aService([started(true), held("a"), broken], [started(), held("b"), completed("1")]);
    expect(await take(watch(), 1)).toEqual(["snapshot b 1"]);
    expect(cursors).toEqual(["", ""]);
  });

  it("gives a snapshot that makes up for a gap, also when it had to be begun anew", async () => {
    const { watch } = aService([started(true), held("a"), started(), held("b"), completed("1")]);
    expect(await take(watch({ cursor: "7" }), 1)).toEqual(["snapshot b after a gap 1"]);
  });

  it("takes a connection on which nothing is heard for dead", async () => {
    const { watch, cursors } = aService([started(), completed("1")], [trip("a", "2")]);
    expect(await take(watch({ silenceMs: 20 }), 2)).toEqual(["snapshot  1", "a 2"]);
    expect(cursors).toEqual(["", "1"]);
  });

  it("does not take a reader who needs time for a dead connection", async () => {
    const { watch, cursors } = aService([started(), completed("1"), trip("a", "2")]);
    const items = watch({ silenceMs: 20 });
    await items.next();
    await sleep(60);
    expect((await items.next()).value).toMatchObject({ kind: "trip", trip: "a" });
    await items.return();
    expect(cursors).toEqual([""]);
  });

  it("throws what cannot become better", async () => {
    const { watch } = aService([refuse(Reason.PAGE_TOKEN_MISMATCH, "the cursor belongs to another filter")]);
    const error = await watch()
      .next()
      .catch((cause: unknown) => cause);
    expect(reasonOf(error)).toBe("PAGE_TOKEN_MISMATCH");
  });

  it("ends quietly when the caller has seen enough", async () => {
    const stop = new AbortController();
    const { watch } = aService([started(), completed("1")]);
    const items = watch({ signal: stop.signal });
    await items.next();
    const next = items.next();
    stop.abort();
    expect(await next).toEqual({ done: true, value: undefined });
  });
});
