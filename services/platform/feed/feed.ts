import { Reason } from "#gen/medport/errors/v1/reason_pb.ts";
import type { Database } from "#platform/database/database.ts";
import { WakeUp } from "#platform/events/wake-up.ts";
import { pause, raceAbort } from "#platform/rpc/abort.ts";
import { refuse } from "#platform/rpc/refusal.ts";
import type { Logger } from "#platform/telemetry/log.ts";
import type { Change, Place } from "./change.ts";
import { ChangeSignal } from "./change-signal.ts";
import type { FeedSource } from "./feed-source.ts";
import { type LoadedLog, loadLog } from "./loaded-log.ts";
import { SharedLook } from "./shared-look.ts";

export interface FeedOptions<Item> {
  /** What the log calls it, such as `trips`. */
  readonly name: string;
  readonly source: FeedSource<Item>;
  /** Where the log is read: a pool in which nobody waits for long. */
  readonly database: Database;
  readonly log: Logger;
  /** Milliseconds between two looks when nobody calls; other instances write, too. 250 if absent. */
  readonly pollMs?: number;
  /** How many of the newest changes are kept at hand. 2 000 if absent. */
  readonly keep?: number;
  /** How many rows are read at once. 500 if absent. */
  readonly pageSize?: number;
}

/** The open items, and the place in the log to which they belong. */
export interface FeedSnapshot<Item> {
  readonly place: Place;
  readonly items: readonly Item[];
}

/** While a hole is watched, the next look comes this soon. */
const holeMs = 10;
/** After a failure. */
const retryMs = 500;
/** How long a page that was read for somebody far behind serves others who stand at the same place. */
const pageAgeMs = 1_000;

/**
 * One reader of a log for all who watch it: it keeps the items that are open and the newest changes, wakes whoever waits,
 * and has no queue for anybody. A watcher who is far behind is given pages from the database. A class because it
 * remembers the log's end and owns a loop; dispose it to stop, after those who watch.
 */
export class Feed<Item> implements AsyncDisposable {
  /** Announces that there is more to read. */
  readonly changed = new ChangeSignal();
  readonly #options: FeedOptions<Item> & { readonly keep: number; readonly pageSize: number };
  readonly #pages: SharedLook<readonly Change<Item>[]>;
  readonly #wakeUp = new WakeUp();
  readonly #stop = new AbortController();
  readonly #ready = Promise.withResolvers<void>();
  readonly #life: Promise<void>;
  /** What watchers are told from. */
  #current: LoadedLog<Item> | undefined;
  /** What takes its place as soon as it has caught up. */
  #next: LoadedLog<Item> | undefined;
  /** The number of the look under way, and of the last one that came to the log's end. */
  #round = 0;
  #caughtUpIn = 0;
  readonly #rounds = new ChangeSignal();
  #generation = 0;
  #isSuspect = false;
  #heardAtMs = performance.now();

  constructor(options: FeedOptions<Item>) {
    const { keep = 2_000, pageSize = 500 } = options;
    this.#options = { ...options, keep, pageSize };
    this.#pages = new SharedLook({ load: (places) => this.#readPages(places), maxAgeMs: pageAgeMs });
    this.#life = this.#live();
  }

  /** Says that something was committed. Only a hint: without it the change is found a little later. */
  wake(): void {
    this.#wakeUp.wake();
  }

  /** Rises when the log turns out to be another one, as after a restoration: whoever watches must begin anew. */
  get generation(): number {
    return this.#generation;
  }

  /** Milliseconds since the log was last read with success. */
  get silentForMs(): number {
    return performance.now() - this.#heardAtMs;
  }

  /**
   * Waits until the feed knows what is open.
   * @throws the signal's reason if it aborts first, and Refusal DEPENDENCY_DOWN after so many milliseconds.
   */
  whenReady(signal: AbortSignal, longestMs: number): Promise<void> {
    return inTime(() => this.#ready.promise, signal, longestMs);
  }

  /**
   * Waits until the log was read to its end by a look that began after the call: what was committed before the call is
   * known then, whichever instance wrote it. One look serves all who wait.
   * @throws as `whenReady` does.
   */
  catchUp(signal: AbortSignal, longestMs: number): Promise<void> {
    const round = this.#round + 1;
    const caughtUp = async (inTimeSignal: AbortSignal): Promise<void> => {
      while (this.#caughtUpIn < round) {
        this.wake();
        await this.#rounds.wait(this.#rounds.count, longestMs, inTimeSignal);
      }
    };
    return inTime(caughtUp, signal, longestMs);
  }

  /** What is open now. @throws Error if the feed is not ready. */
  snapshot(): FeedSnapshot<Item> {
    const { ring, open } = this.#known();
    return { place: ring.end, items: open.list() };
  }

  /** Whether everything that came after a place can still be told: the place is one that this log has. */
  async continues(place: Place): Promise<boolean> {
    const { ring } = this.#known();
    // A place beyond our end is another matter: another instance of the service may have read further than we have.
    if (ring.reaches(place.seq) && place.seq <= ring.end.seq) return ring.has(place);
    const [first] = await this.#page(place.seq === 0n ? 0n : place.seq - 1n);
    if (place.seq === 0n) return first === undefined || first.seq === 1n;
    return first?.seq === place.seq && first.mark === place.mark;
  }

  /** A changed item as it is, as far as the log has been read: who may see it is asked of it, and not of what it was. */
  now({ after, now }: Change<Item>): Item {
    return this.nowOf(after) ?? now ?? after;
  }

  /** An item as it is; undefined if it is not open, and nothing of it was changed for long. */
  nowOf(item: Item): Item | undefined {
    const { open, newest } = this.#known();
    const id = this.#options.source.idOf(item);
    return open.get(id) ?? newest.get(id);
  }

  /** The next changes after a place that the log continues, at most a page; none if there are none yet. */
  async after({ seq }: Place): Promise<readonly Change<Item>[]> {
    const { ring } = this.#known();
    if (ring.reaches(seq)) return ring.after(seq, this.#options.pageSize);
    const end = ring.end.seq;
    // Up to our own end the log was read in order, so that a number that is missing there never comes.
    return (await this.#page(seq)).filter((change) => change.seq <= end);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    this.#wakeUp.wake();
    await this.#life;
  }

  #known(): LoadedLog<Item> {
    if (!this.#current) throw new Error(`the feed ${this.#options.name} is not ready`);
    return this.#current;
  }

  async #live(): Promise<void> {
    const { log, name } = this.#options;
    const { signal } = this.#stop;
    let isFailing = false;
    while (!signal.aborted) {
      try {
        const restMs = await this.#readOn();
        this.#heardAtMs = performance.now();
        isFailing = false;
        if (restMs > 0) await this.#wakeUp.sleep(restMs);
      } catch (error) {
        if (signal.aborted) return;
        // Not rethrown: the log is still there, and so is our place in it. Told once, however long the database is away.
        if (!isFailing) log.warn({ event: "feed.failed", feed: name, error });
        isFailing = true;
        this.#isSuspect = true;
        await pause(retryMs, signal).catch(() => undefined);
      }
    }
  }

  /** Reads the next changes. @returns how many milliseconds to rest before the next time. */
  async #readOn(): Promise<number> {
    const { database, pollMs = 250, pageSize, name, log } = this.#options;
    const loaded = this.#next ?? this.#current ?? (this.#next = await this.#load());
    if (this.#isSuspect && !(await this.#isStillThere(loaded.ring.end))) {
      log.warn({ event: "feed.log_replaced", feed: name });
      this.#next = await this.#load();
      return 0;
    }
    this.#isSuspect = false;
    const round = ++this.#round;
    const changes = loaded.open.apply(await loaded.reader.next(database.fork()));
    loaded.ring.add(changes);
    loaded.newest.add(changes);
    loaded.newest.forgetUntil(loaded.ring.floor.seq);
    if (loaded === this.#next) this.#publishWhenReady(loaded);
    else if (changes.length > 0) this.changed.announce();
    if (changes.length < pageSize) this.#noteCaughtUp(round);
    if (loaded.reader.isWaiting) return holeMs;
    return changes.length < pageSize ? pollMs : 0;
  }

  #noteCaughtUp(round: number): void {
    this.#caughtUpIn = round;
    this.#rounds.announce();
  }

  #load(): Promise<LoadedLog<Item>> {
    const { database, source, keep, pageSize } = this.#options;
    return loadLog(database.fork(), source, { keep, pageSize, signal: this.#stop.signal });
  }

  #publishWhenReady(loaded: LoadedLog<Item>): void {
    if (loaded.reader.place.seq < loaded.readyAt) return;
    this.#current = loaded;
    this.#next = undefined;
    this.#generation += 1;
    this.#ready.resolve();
    this.changed.announce();
  }

  /** After an outage: the database that is back may be one that was restored, in which our place is another row. */
  async #isStillThere({ seq, mark }: Place): Promise<boolean> {
    const [row] = await this.#read(seq === 0n ? 0n : seq - 1n, 1);
    return seq === 0n || (row?.seq === seq && row.mark === mark);
  }

  async #page(after: bigint): Promise<readonly Change<Item>[]> {
    return (await this.#pages.get(String(after))) ?? [];
  }

  /** One after the other, so that a crowd that comes back does not take the pool from everybody else. */
  async #readPages(places: readonly string[]): Promise<ReadonlyMap<string, readonly Change<Item>[]>> {
    const pages = new Map<string, readonly Change<Item>[]>();
    for (const place of places) pages.set(place, await this.#withNow(await this.#read(BigInt(place))));
    return pages;
  }

  /** With the items as they are, where we do not know. */
  async #withNow(changes: readonly Change<Item>[]): Promise<readonly Change<Item>[]> {
    const { source, database } = this.#options;
    const unknown = changes
      .filter(({ after }) => this.nowOf(after) === undefined)
      .map(({ after }) => source.idOf(after));
    if (unknown.length === 0 || !source.readNow) return changes;
    const items = await source.readNow(database.fork(), [...new Set(unknown)]);
    const byId = new Map(items.map((item) => [source.idOf(item), item]));
    return changes.map((change) => {
      const now = byId.get(source.idOf(change.after));
      return now === undefined ? change : { ...change, now };
    });
  }

  #read(after: bigint, limit: number = this.#options.pageSize): Promise<readonly Change<Item>[]> {
    const { source, database } = this.#options;
    return source.read(database.fork(), { after, limit });
  }
}

/** Waits for work, but not for ever; the work is given a signal that tells it when nobody waits any more. */
async function inTime(
  work: (signal: AbortSignal) => Promise<void>,
  signal: AbortSignal,
  longestMs: number,
): Promise<void> {
  const late = new AbortController();
  const timer = setTimeout(() => {
    late.abort(refuse(Reason.DEPENDENCY_DOWN, "the database does not tell what is open"));
  }, longestMs);
  try {
    const either = AbortSignal.any([signal, late.signal]);
    await raceAbort(work(either), either);
  } finally {
    clearTimeout(timer);
  }
}
