import type { Priority, TransportLevel } from "../trip-copies/transport.ts";

/** What decides to whom a trip is open. */
export interface OpenFacts {
  /** In lower case. */
  readonly county: string;
  readonly level: TransportLevel;
  readonly priority: Priority;
}

/** A trip as far as the board must know it. */
export interface BoardTrip extends OpenFacts {
  readonly id: string;
  readonly version: number;
  /** Agencies may bid on it: it waits, and bidding has not been closed. */
  readonly isOpen: boolean;
}

/** What is open to an agency. */
export interface AgencyScope {
  /** In lower case. */
  readonly counties: readonly string[];
  readonly levels: readonly TransportLevel[];
}

/** What an agency has said to trips that wait. */
export interface OwnAnswers {
  /** The open bids by trip. */
  readonly bidIds: ReadonlyMap<string, string>;
  readonly declined: ReadonlySet<string>;
}

/** Through whose eyes the board is seen, and which trips are asked for. */
export interface BoardTripView {
  /** The same text as long as the same trips are visible. */
  readonly key: string;
  /** Undefined sees all. */
  readonly scope: AgencyScope | undefined;
  /** Any of these; all if empty. */
  readonly levels: readonly TransportLevel[];
  /** Any of these; all if empty. */
  readonly priorities: readonly Priority[];
  readonly answers: OwnAnswers;
}

/** Makes a view. */
export function boardTripView(view: Omit<BoardTripView, "key">): BoardTripView {
  const { scope } = view;
  const key = scope ? [...scope.counties.toSorted(), "", ...scope.levels.toSorted()].join() : "all";
  return { ...view, key };
}

/** True if the trip is on the viewer's board. */
export function isOnBoard(
  { isOpen, county, level, priority }: BoardTrip,
  { scope, levels, priorities }: BoardTripView,
): boolean {
  const isInScope = !scope || (scope.counties.includes(county) && scope.levels.includes(level));
  return isOpen && isInScope && isAmong(level, levels) && isAmong(priority, priorities);
}

/** What becomes of a trip on a viewer's board. */
export type BoardTripFate = "ON_BOARD" | "OFF_BOARD" | "UNSEEN";

/** What becomes of a trip on a viewer's board by a change. Pure. */
export function fateOnBoard(
  { before, after }: { readonly before?: BoardTrip; readonly after: BoardTrip },
  view: BoardTripView,
): BoardTripFate {
  if (isOnBoard(after, view)) return "ON_BOARD";
  return before && isOnBoard(before, view) ? "OFF_BOARD" : "UNSEEN";
}

function isAmong<T>(value: T, wanted: readonly T[]): boolean {
  return wanted.length === 0 || wanted.includes(value);
}
