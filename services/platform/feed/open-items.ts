import type { Change } from "./change.ts";
import type { FeedSource } from "./feed-source.ts";

/** The items that are open, as far as the log has been read. A class because it remembers them. */
export class OpenItems<Item> {
  readonly #source: FeedSource<Item>;
  readonly #items: Map<string, Item>;

  constructor(source: FeedSource<Item>, items: readonly Item[]) {
    this.#source = source;
    this.#items = new Map(items.map((item) => [source.idOf(item), item]));
  }

  /** The items as they are now; the list does not change afterwards. */
  list(): readonly Item[] {
    return [...this.#items.values()];
  }

  get(id: string): Item | undefined {
    return this.#items.get(id);
  }

  /**
   * Takes changes over. Those of versions that are known already, because the items were read later, alter nothing.
   * @returns the changes, each with the item before it as it was shown, which the log may not tell in every detail.
   */
  apply(changes: readonly Change<Item>[]): readonly Change<Item>[] {
    return changes.map((change) => this.#apply(change));
  }

  #apply(change: Change<Item>): Change<Item> {
    const { idOf, versionOf, isOpen } = this.#source;
    const { after } = change;
    const id = idOf(after);
    const known = this.#items.get(id);
    if (known && versionOf(known) > versionOf(after)) return change;
    if (isOpen(after)) this.#items.set(id, after);
    else this.#items.delete(id);
    return known && versionOf(known) === versionOf(after) - 1 ? { ...change, before: known } : change;
  }
}
