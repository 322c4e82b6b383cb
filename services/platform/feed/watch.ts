import { timestampFromMs, type Timestamp } from "@bufbuild/protobuf/wkt";
import { Reason } from "#gen/medport/errors/v1/reason_pb.ts";
import type { AuditedEntity } from "#platform/audit/audit-entry.ts";
import { refuse } from "#platform/rpc/refusal.ts";
import { beginning, type Change, type Place } from "./change.ts";
import type { Cursors } from "./cursor.ts";
import type { Feed } from "./feed.ts";
import type { StreamTrail } from "./stream-audit.ts";

/** What a caller may see, and asks to see. */
export interface BoardView {
  /** The same text as long as the same items are visible: with another one, a watcher begins anew. */
  readonly key: string;
}

/** What a watcher is told of a change: an item that is on the board, or one that has left it. */
export type Told<On, Off> =
  | { readonly case: "trip"; readonly value: On }
  | { readonly case: "gone"; readonly value: Off };

/** What a board shows of a feed, and to whom. */
export interface Board<Item, View extends BoardView, On, Off> {
  readonly feed: Feed<Item>;
  /** What the audit log calls an item, such as trip. */
  readonly entityType: string;
  readonly idOf: (item: Item) => string;
  /**
   * An item of a snapshot as the viewer sees it; undefined if it is not on the viewer's board.
   * @param now the item as it is when it is sent: a slow viewer may have lost it since the snapshot was taken.
   */
  readonly show: (item: Item, view: View, now: Item) => On | undefined;
  /**
   * What the viewer is told of a change; undefined if it is none of the viewer's business.
   * @param now the item as it is when it is sent, which may be long after the change.
   */
  readonly tell: (change: Change<Item>, view: View, now: Item) => Told<On, Off> | undefined;
}

/** One message of a live board. */
export interface BoardMessage<On, Off> {
  /** Empty within a snapshot. */
  readonly cursor: string;
  readonly item:
    | { readonly case: "snapshotStarted"; readonly value: { readonly gap: boolean } }
    | { readonly case: "snapshotCompleted"; readonly value: { readonly size: number } }
    | { readonly case: "heartbeat"; readonly value: { readonly time: Timestamp } }
    | Told<On, Off>;
}

/** One watcher. */
export interface WatchOptions<View extends BoardView> {
  readonly cursors: Cursors;
  /** From an earlier message; begins with a snapshot if empty. */
  readonly cursor: string;
  /** Looks again who the caller is and what it may see. @throws Refusal if it may not watch any more. */
  readonly look: () => Promise<View>;
  /** When the caller must show up with a new token. */
  readonly expireTime: Date;
  readonly trail: StreamTrail;
  /** Ends the stream with its reason. */
  readonly signal: AbortSignal;
  readonly clock: () => Date;
  /** Milliseconds of silence after which a sign of life is sent. 15 000 if absent. */
  readonly heartbeatMs?: number;
  /** Milliseconds for which the log may be out of reach before the watcher is told so. 15 000 if absent. */
  readonly patienceMs?: number;
}

const usualHeartbeatMs = 15_000;
const usualPatienceMs = 15_000;
/** What a look is good for. */
const lookEveryMs = 1_000;

/**
 * The messages of one watcher: a snapshot, or what came after the cursor, then every change as it happens, each once and
 * in order. A watcher has a place in the log and no queue: while it is not asked for more, it costs nothing.
 * @throws Refusal PAGE_TOKEN_MISMATCH for a cursor of another caller or filter, whatever `look` throws, and the signal's
 *   reason when that ends the stream.
 */
export async function* watch<Item, View extends BoardView, On, Off>(
  board: Board<Item, View, On, Off>,
  options: WatchOptions<View>,
): AsyncGenerator<BoardMessage<On, Off>, never> {
  try {
    await board.feed.whenReady(options.signal, options.patienceMs ?? usualPatienceMs);
    const watcher = new Watcher(board, options, await options.look());
    await watcher.begin(options.cursor);
    for (;;) yield await watcher.next();
  } finally {
    await options.trail.close();
  }
}

/** A snapshot on its way to a watcher. */
interface Snapshot<Item> {
  readonly place: Place;
  readonly gap: boolean;
  /** Those that were on the board when it was taken. */
  readonly items: ArrayIterator<Item>;
  isBegun: boolean;
  /** How many items were sent. */
  size: number;
}

/** How a watcher goes on: where it is, or with a snapshot, which may have to make up for what was missed. */
type Course = "on" | "anew" | "anew after a gap";

/** One watcher's way through the log. A class because it remembers its place. */
class Watcher<Item, View extends BoardView, On, Off> {
  readonly #board: Board<Item, View, On, Off>;
  readonly #options: WatchOptions<View>;
  readonly #heartbeatMs: number;
  readonly #patienceMs: number;
  #view: View;
  #lookedAtMs = performance.now();
  #spokeAtMs = performance.now();
  #generation: number;
  #course: Course = "on";
  #snapshot: Snapshot<Item> | undefined;
  #place: Place = beginning;
  /** The changes after the place that were read already. */
  #changes: ArrayIterator<Change<Item>> = noChanges();
  #isOpen = false;

  constructor(board: Board<Item, View, On, Off>, options: WatchOptions<View>, view: View) {
    this.#board = board;
    this.#options = options;
    this.#heartbeatMs = options.heartbeatMs ?? usualHeartbeatMs;
    this.#patienceMs = options.patienceMs ?? usualPatienceMs;
    this.#view = view;
    this.#generation = board.feed.generation;
  }

  /** Goes back to where a cursor says that the watcher was. */
  async begin(cursor: string): Promise<void> {
    this.#course = await this.#courseAfter(cursor);
    if (this.#course === "on") await this.#opened([]);
  }

  /** The next message; waits for it. */
  async next(): Promise<BoardMessage<On, Off>> {
    for (;;) {
      if (this.#mustLook() && (await this.#seesOtherThings()) && this.#course === "on") this.#course = "anew";
      if (this.#course !== "on") await this.#takeSnapshot();
      const item = this.#nextOfSnapshot() ?? this.#nextChange() ?? this.#heartbeatWhenDue();
      if (item) return this.#message(item);
      await this.#readOn();
    }
  }

  async #courseAfter(cursor: string): Promise<Course> {
    if (cursor === "") return "anew";
    const { place, isSameView } = this.#options.cursors.read(cursor, this.#view.key);
    if (!isSameView || !(await this.#board.feed.continues(place))) return "anew after a gap";
    this.#place = place;
    return "on";
  }

  /** Takes what is open now; what was not sent yet of something older is void. */
  async #takeSnapshot(): Promise<void> {
    const { feed, entityType, idOf, show } = this.#board;
    // So that nobody misses what was changed before the board was opened, by oneself or through another instance.
    await feed.catchUp(this.#options.signal, this.#patienceMs);
    const { place, items } = feed.snapshot();
    const shown = items.filter((item) => show(item, this.#view, item) !== undefined);
    // One that made up for a gap may itself be made anew.
    const gap = this.#course === "anew after a gap" || this.#snapshot?.gap === true;
    this.#snapshot = { place, gap, items: shown.values(), isBegun: false, size: 0 };
    this.#changes = noChanges();
    this.#generation = feed.generation;
    this.#course = "on";
    await this.#opened(shown.map((item) => ({ type: entityType, id: idOf(item) })));
  }

  #nextOfSnapshot(): BoardMessage<On, Off>["item"] | undefined {
    if (!this.#snapshot) return undefined;
    const { items, gap, place, isBegun } = this.#snapshot;
    this.#snapshot.isBegun = true;
    if (!isBegun) return { case: "snapshotStarted", value: { gap } };
    const { feed, show } = this.#board;
    for (const item of items) {
      const value = show(item, this.#view, feed.nowOf(item) ?? item);
      if (value === undefined) continue;
      this.#snapshot.size += 1;
      return { case: "trip", value };
    }
    const { size } = this.#snapshot;
    this.#snapshot = undefined;
    this.#place = place;
    return { case: "snapshotCompleted", value: { size } };
  }

  #nextChange(): Told<On, Off> | undefined {
    const { feed, tell, entityType, idOf } = this.#board;
    // An array's iterator is not closed when a loop is left: the next call goes on where this one ends.
    for (const change of this.#changes) {
      this.#place = change;
      const told = tell(change, this.#view, feed.now(change));
      if (!told) continue;
      this.#options.trail.sent({ type: entityType, id: idOf(change.after) });
      return told;
    }
    return undefined;
  }

  #heartbeatWhenDue(): BoardMessage<On, Off>["item"] | undefined {
    if (performance.now() - this.#spokeAtMs < this.#heartbeatMs) return undefined;
    if (this.#board.feed.silentForMs > this.#patienceMs) {
      throw refuse(Reason.DEPENDENCY_DOWN, "the database cannot be reached, so that nobody knows what happens");
    }
    return { case: "heartbeat", value: { time: timestampFromMs(this.#options.clock().getTime()) } };
  }

  /** Reads what comes next, or waits until there may be something. */
  async #readOn(): Promise<void> {
    const { feed } = this.#board;
    const seen = feed.changed.count;
    if (feed.generation !== this.#generation) {
      this.#course = "anew after a gap";
      return;
    }
    const changes = await feed.after(this.#place);
    this.#changes = changes.values();
    if (changes.length === 0) await this.#rest(seen);
  }

  async #rest(seen: number): Promise<void> {
    const { clock, expireTime, signal } = this.#options;
    const silenceMs = this.#heartbeatMs - (performance.now() - this.#spokeAtMs);
    const tokenMs = expireTime.getTime() - clock().getTime();
    await this.#board.feed.changed.wait(seen, Math.min(silenceMs, tokenMs), signal);
  }

  /** Whether it is time to look again at what the caller may see. @throws what ends the stream. */
  #mustLook(): boolean {
    const { signal, clock, expireTime } = this.#options;
    signal.throwIfAborted();
    if (clock() >= expireTime) throw refuse(Reason.TOKEN_EXPIRED, "the token has expired");
    return performance.now() - this.#lookedAtMs >= lookEveryMs;
  }

  async #seesOtherThings(): Promise<boolean> {
    const { key } = this.#view;
    this.#view = await this.#options.look();
    this.#lookedAtMs = performance.now();
    return this.#view.key !== key;
  }

  #message(item: BoardMessage<On, Off>["item"]): BoardMessage<On, Off> {
    this.#spokeAtMs = performance.now();
    const cursor = this.#snapshot ? "" : this.#options.cursors.spell(this.#place, this.#view.key);
    return { cursor, item };
  }

  /** The first entry stands in the audit log before anything is shown; later ones may follow it. */
  async #opened(shown: readonly AuditedEntity[]): Promise<void> {
    const { trail } = this.#options;
    if (this.#isOpen) for (const entity of shown) trail.sent(entity);
    else await trail.open(shown);
    this.#isOpen = true;
  }
}

function noChanges(): ArrayIterator<never> {
  return [].values();
}
