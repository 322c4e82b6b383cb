import { type Change, type Place } from "./change.ts";

/**
 * The newest changes of a log, for those who are only a little behind. A class because it remembers them.
 */
export class Ring<Item> {
  readonly #size: number;
  readonly #changes: Change<Item>[];
  #floor: Place;

  /**
   * @param floor the row before the first change.
   * @param changes one after the other as they stand in the log.
   * @param size how many to keep.
   */
  constructor(floor: Place, changes: readonly Change<Item>[], size: number) {
    this.#floor = floor;
    this.#changes = [];
    this.#size = size;
    this.add(changes);
  }

  /** The newest change, or what came before it if there is none. */
  get end(): Place {
    return this.#changes.at(-1) ?? this.#floor;
  }

  /** The row before the first change that is here. */
  get floor(): Place {
    return this.#floor;
  }

  /** Adds the changes that come next. */
  add(changes: readonly Change<Item>[]): void {
    this.#changes.push(...changes);
    // Cut now and then, not each time: what is cut moves all the rest.
    if (this.#changes.length <= this.#size * 1.25) return;
    this.#floor = this.#changes.splice(0, this.#changes.length - this.#size).at(-1) ?? this.#floor;
  }

  /** True if every change after this number is here, as far as the log has been read. */
  reaches(seq: bigint): boolean {
    return seq >= this.#floor.seq;
  }

  /** True if the place is one that we have told. */
  has({ seq, mark }: Place): boolean {
    const found = seq === this.#floor.seq ? this.#floor : this.#changes[this.#indexAfter(seq) - 1];
    return found?.seq === seq && found.mark === mark;
  }

  /** At most so many changes after a number; only to be asked of a number that it reaches. */
  after(seq: bigint, limit: number): readonly Change<Item>[] {
    const start = this.#indexAfter(seq);
    return this.#changes.slice(start, start + limit);
  }

  /** Where the first change with a larger number is. */
  #indexAfter(seq: bigint): number {
    let [low, high] = [0, this.#changes.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#changes[middle]?.seq ?? 0n) > seq) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
