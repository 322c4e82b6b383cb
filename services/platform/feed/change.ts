/** A place in a log: the last row that was told. Nothing before the first row. */
export interface Place {
  readonly seq: bigint;
  /** Of the row, so that another row with the same number is told from it: the database may have been restored. */
  readonly mark: string;
}

/** Before the first row of any log. */
export const beginning: Place = { seq: 0n, mark: "" };

/** One row of a log: one change of one item. */
export interface Change<Item> extends Place {
  /** What happened. */
  readonly name: string;
  /** The item before the change; absent if it was new, or if it was nothing to anybody who looks at open items. */
  readonly before?: Item;
  readonly after: Item;
  /** The item as it was when the change was read, if somebody far behind is told of it long afterwards. */
  readonly now?: Item;
}

/** Which rows of a log, in the order of their numbers: the first ones after a place, or the last ones up to a place. */
export type ChangeRange =
  | { readonly after: bigint; readonly limit: number }
  | { readonly until: bigint; readonly limit: number };
