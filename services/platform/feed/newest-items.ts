import type { Change } from "./change.ts";
import type { FeedSource } from "./feed-source.ts";

/**
 * The items of the changes at hand as they are by the newest of these. What changed once more is in the log behind, and so
 * at hand, too: nothing that is here is out of date. A class because it remembers them.
 */
export class NewestItems<Item> {
  readonly #idOf: FeedSource<Item>["idOf"];
  /** By id, in the order of their numbers. */
  readonly #changes = new Map<string, Change<Item>>();

  constructor({ idOf }: Pick<FeedSource<Item>, "idOf">, changes: readonly Change<Item>[]) {
    this.#idOf = idOf;
    this.add(changes);
  }

  get(id: string): Item | undefined {
    return this.#changes.get(id)?.after;
  }

  /** Takes the changes that come next. */
  add(changes: readonly Change<Item>[]): void {
    for (const change of changes) {
      const id = this.#idOf(change.after);
      this.#changes.delete(id);
      this.#changes.set(id, change);
    }
  }

  /** Forgets what has no change after this number. */
  forgetUntil(seq: bigint): void {
    for (const [id, change] of this.#changes) {
      if (change.seq > seq) return;
      this.#changes.delete(id);
    }
  }
}
