import type { SqlEntityManager } from "@mikro-orm/postgresql";
import type { Change, ChangeRange } from "./change.ts";

/**
 * Where a feed's changes come from: a table to which rows are only added, each in the transaction of the change that it
 * tells of, with an identity column `seq` that hands its numbers out one by one (its sequence caches none). The changes
 * of one item are in the order of its versions, because whoever changes it holds its row. Old rows may be removed, the
 * oldest first and never the newest.
 */
export interface FeedSource<Item> {
  readonly table: string;
  /** Reads rows by their numbers: those, and only those, that one statement sees. */
  readonly read: (em: SqlEntityManager, range: ChangeRange) => Promise<readonly Change<Item>[]>;
  /**
   * Reads items as they are now, for a watcher who is told of them as they were. Absent where nobody may lose the right to
   * see what was seen once.
   */
  readonly readNow?: (em: SqlEntityManager, ids: readonly string[]) => Promise<readonly Item[]>;
  /** Reads every item that is open, in one statement. */
  readonly readOpen: (em: SqlEntityManager) => Promise<readonly Item[]>;
  readonly idOf: (item: Item) => string;
  /** Rises with every change of the item that its owner makes. */
  readonly versionOf: (item: Item) => number;
  /** Whether it is among the items that a board shows. */
  readonly isOpen: (item: Item) => boolean;
}
