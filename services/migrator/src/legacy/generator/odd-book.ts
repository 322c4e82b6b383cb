import type { LegacyBid, LegacyQueueEntry, LegacyTrip, LegacyUnitAssignment } from "../legacy-rows.ts";
import type { NewRow } from "./insert-rows.ts";
import type { Keys } from "./keys.ts";
import type { Region } from "./region.ts";
import type { RegionSize } from "./region-size.ts";

/** A row that the move must put into quarantine, and why. */
export interface ExpectedQuarantine {
  readonly table: string;
  readonly pk: string;
  readonly reason: string;
}

/** Where the oddities are. */
export interface OddRows {
  /** E-mail addresses of people, by what is odd about them. */
  readonly people: Readonly<Record<string, string>>;
  /** Ids of rows, by what is odd about them. */
  readonly odd: Readonly<Record<string, readonly string[]>>;
  /** All rows that must be quarantined, and no others must. */
  readonly quarantined: readonly ExpectedQuarantine[];
}

/** The tables that have odd rows, in an order in which rows refer to earlier ones. */
export interface OddTables extends Region {
  readonly TransportRequest: readonly NewRow<LegacyTrip>[];
  readonly TransportBid: readonly NewRow<LegacyBid>[];
  readonly UnitAssignment: readonly NewRow<LegacyUnitAssignment>[];
  readonly TransportQueue: readonly NewRow<LegacyQueueEntry>[];
}

/** Row numbers of odd rows begin here, far behind the plain ones. */
const firstOdd = 2 ** 28;

type Rows = { -readonly [Table in keyof OddTables]: OddTables[Table][number][] };

/** Collects odd rows, and what is odd about them. A class because it remembers which numbers are taken. */
export class OddBook {
  readonly size: RegionSize;
  readonly keys: Keys;
  /** True if no foreign key forbids rows that refer to nothing. */
  readonly mayBeOrphaned: boolean;
  readonly rows: Rows = {
    ...{ User: [], Facility: [], TransportAgency: [], AgencyUser: [], Unit: [], UnitAvailability: [] },
    ...{ ServiceArea: [], HospitalAgencyPreference: [], Route: [], RouteStop: [] },
    ...{ TransportRequest: [], TransportBid: [], UnitAssignment: [], TransportQueue: [] },
  };
  readonly #people: Record<string, string> = {};
  readonly #odd: Record<string, string[]> = {};
  readonly #quarantined: ExpectedQuarantine[] = [];
  #taken = 0;

  constructor({ size, keys, mayBeOrphaned }: Pick<OddBook, "size" | "keys" | "mayBeOrphaned">) {
    this.size = size;
    this.keys = keys;
    this.mayBeOrphaned = mayBeOrphaned;
  }

  /** A number that no other odd row has. */
  number(): number {
    return this.#taken++;
  }

  /** An id that no other row has. */
  id(table: keyof OddTables): string {
    return this.keys.of(table, firstOdd + this.number());
  }

  /** The id of a plain row. */
  plain(table: string, index: number): string {
    return this.keys.of(table, index);
  }

  /** Notes what is odd about a row. */
  mark(kind: string, id: string): void {
    const ids = this.#odd[kind] ?? [];
    ids.push(id);
    this.#odd[kind] = ids;
  }

  /** Notes what is odd about a person. */
  person(kind: string, email: string): void {
    this.#people[kind] = email;
  }

  /** Notes that the row must be quarantined. */
  quarantine(table: keyof OddTables, pk: string, reason: string): void {
    this.#quarantined.push({ table, pk, reason });
  }

  /** What was noted. */
  get notes(): OddRows {
    return { people: this.#people, odd: this.#odd, quarantined: this.#quarantined };
  }
}
