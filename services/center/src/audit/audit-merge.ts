import type { ServiceName } from "#platform/service-name.ts";

/** How far one silo's entries have been handed out. */
export interface SiloCursor {
  readonly silo: ServiceName;
  /** MISSING stays so for the whole listing: a silo that came back would put its entries out of order. */
  readonly state: "MORE" | "DONE" | "MISSING";
  /** The silo's own token of the page that was last begun. */
  readonly token: string;
  /** How many entries of that page have been handed out. */
  readonly skip: number;
}

/** A silo's entries from its cursor on. */
export interface SiloPage<Entry> {
  readonly cursor: SiloCursor;
  /** Without those already handed out. */
  readonly entries: readonly Entry[];
  /** The silo's token of the page after; empty at its end. */
  readonly nextToken: string;
}

/** What one merged page has of an entry to be sorted by. */
export interface Sortable {
  readonly id: string;
  readonly timeMs: number;
}

/** One merged page. */
export interface MergedPage<Entry> {
  readonly entries: readonly Entry[];
  readonly cursors: readonly SiloCursor[];
}

/**
 * Merges the silos' entries, newest first, up to a number. Stops early where a silo's entries at hand run out before
 * its log does: what comes next there may be newer than what the others have.
 */
export function mergePages<Entry extends Sortable>(pages: readonly SiloPage<Entry>[], size: number): MergedPage<Entry> {
  const taken = new Map(pages.map((page) => [page.cursor.silo, 0]));
  const entries: Entry[] = [];
  while (entries.length < size) {
    const heads = pages.map((page) => ({ page, entry: page.entries[taken.get(page.cursor.silo) ?? 0] }));
    if (heads.some(({ page, entry }) => !entry && page.nextToken !== "")) break;
    const [newest] = heads.flatMap(({ page, entry }) => (entry ? [{ page, entry }] : [])).toSorted(newestFirst);
    if (!newest) break;
    const { silo } = newest.page.cursor;
    taken.set(silo, (taken.get(silo) ?? 0) + 1);
    entries.push(newest.entry);
  }
  return { entries, cursors: pages.map((page) => cursorAfter(page, taken.get(page.cursor.silo) ?? 0)) };
}

function cursorAfter<Entry>({ cursor, entries, nextToken }: SiloPage<Entry>, taken: number): SiloCursor {
  if (cursor.state !== "MORE") return cursor;
  if (taken < entries.length) return { ...cursor, skip: cursor.skip + taken };
  return nextToken === ""
    ? { silo: cursor.silo, state: "DONE", token: "", skip: 0 }
    : { silo: cursor.silo, state: "MORE", token: nextToken, skip: 0 };
}

function newestFirst(one: { readonly entry: Sortable }, other: { readonly entry: Sortable }): number {
  const byTime = other.entry.timeMs - one.entry.timeMs;
  return byTime === 0 ? other.entry.id.localeCompare(one.entry.id) : byTime;
}
