import type { SqlEntityManager } from "@mikro-orm/postgresql";
import type { Change, Place } from "./change.ts";
import { contiguous } from "./contiguous.ts";
import type { FeedSource } from "./feed-source.ts";
import { writersTo } from "./writers.ts";

/** A hole, with what must be known before it can be passed over. */
interface Doubt {
  /** Every number below this one had been handed out when the hole was seen. */
  readonly below: bigint;
  /** Who might still fill the hole; not asked yet if undefined. */
  writers?: ReadonlySet<string>;
}

/**
 * Reads a log in the order of its numbers and leaves nothing out.
 *
 * Numbers are handed out when a row is inserted, rows are seen when their transaction commits: while row 7 is there, row
 * 6 may still come, or may have been rolled back and never come. The reader stops before such a hole. Number 6 was
 * handed out before 7 was, so whoever might still fill the hole holds its lock on the table by now. The reader looks who
 * does, and once none of them is left looks at the rows again, in a later statement: a lock is let go of after the commit
 * has become visible, so by then row 6 is seen, or never will be.
 *
 * (The horizon of snapshots would not do in the locks' place. `pg_snapshot_xmax` is the end of what has completed, not of
 * what has begun, so the writer of row 6 may lie beyond it; and one transaction anywhere in the cluster that writes for
 * an hour would hold all feeds up.)
 *
 * A class because it remembers where it stands.
 */
export class LogReader<Item> {
  readonly #source: FeedSource<Item>;
  readonly #pageSize: number;
  #place: Place;
  #doubt: Doubt | undefined;

  constructor(source: FeedSource<Item>, place: Place, pageSize: number) {
    this.#source = source;
    this.#place = place;
    this.#pageSize = pageSize;
  }

  /** The row that was told last. */
  get place(): Place {
    return this.#place;
  }

  /** True while there is a hole to be watched: it is worth looking again soon. */
  get isWaiting(): boolean {
    return this.#doubt !== undefined;
  }

  /** The next rows, at most a page; none if there are none yet, or if they lie behind a hole. */
  async next(em: SqlEntityManager): Promise<readonly Change<Item>[]> {
    const decidedBelow = await this.#decide(em);
    const rows = await this.#source.read(em, { after: this.#place.seq, limit: this.#pageSize });
    const told = contiguous(this.#place.seq, rows, decidedBelow);
    this.#place = told.at(-1) ?? this.#place;
    const newest = rows.at(-1);
    const isOver = decidedBelow > 0n || this.#place.seq >= (this.#doubt?.below ?? 0n);
    if (told.length === rows.length || !newest) this.#doubt = undefined;
    else if (isOver) this.#doubt = { below: newest.seq };
    return told;
  }

  /** The number below which every hole is one for ever; zero while that is not known of the hole at hand. */
  async #decide(em: SqlEntityManager): Promise<bigint> {
    const doubt = this.#doubt;
    if (!doubt) return 0n;
    const writers = await writersTo(em, this.#source.table);
    doubt.writers ??= writers;
    return doubt.writers.isDisjointFrom(writers) ? doubt.below : 0n;
  }
}
