import type { ClientBase } from "pg";
import { types } from "pg";
import type { Dossier, DossierBid, DossierQueueEntry, DossierTrip, DossierUnitAssignment } from "./dossier.ts";

/** Which trips to read; all if empty. */
export interface DossierRange {
  /** Only those whose ids come after this one, byte by byte. */
  readonly afterTripId?: string;
  /** Only those whose ids do not come after this one. */
  readonly toTripId?: string;
  /** Only those that an agency may be underway with: SCHEDULED and IN_TRANSIT. */
  readonly isUnderway?: boolean;
}

/** Something of a trip, with the trip that it is of. */
type Part<Row> = Row & { readonly transportRequestId: string };

/** What is asked of the source: table and columns. The rows of a query are those of its type. */
interface Source<Row> {
  readonly table: string;
  /** The column that names the trip. */
  readonly tripColumn: string;
  readonly columns: readonly (keyof Row & string)[];
}

const rowsPerFetch = 5_000;

const trips: Source<DossierTrip> = {
  table: "TransportRequest",
  tripColumn: "id",
  columns: [
    ...(["id", "patientId", "originFacilityId", "destinationFacilityId", "transportLevel", "priority"] as const),
    ...(["status", "specialRequirements", "requestTimestamp", "pickupTimestamp", "completionTimestamp"] as const),
    ...(["assignedAgencyId", "assignedUnitId", "createdById", "createdAt", "updatedAt", "acceptedTimestamp"] as const),
    ...(["cancellationReason", "estimatedArrivalTime", "estimatedPickupTime"] as const),
  ],
};

const bids: Source<Part<DossierBid>> = {
  table: "TransportBid",
  tripColumn: "transportRequestId",
  columns: [
    ...(["id", "transportRequestId", "agencyId", "agencyUserId", "bidAmount", "estimatedArrival", "notes"] as const),
    ...(["status", "submittedAt", "reviewedAt", "reviewNotes", "updatedAt"] as const),
  ],
};

const unitAssignments: Source<Part<DossierUnitAssignment>> = {
  table: "UnitAssignment",
  tripColumn: "transportRequestId",
  columns: ["id", "transportRequestId", "unitId", "createdAt"],
};

const queueEntries: Source<Part<DossierQueueEntry>> = {
  table: "TransportQueue",
  tripColumn: "transportRequestId",
  columns: ["id", "transportRequestId", "assignedProviderId", "queueTimestamp"],
};

/**
 * Streams dossiers in the order of their trips' ids, byte by byte, with as many rows in memory as a few fetches bring.
 * @param client within a transaction of its own, REPEATABLE READ or stricter, and used by nobody else meanwhile.
 * @throws Error if a row is about a trip that there is not: then the tables do not belong together.
 */
export async function* readDossiers(
  client: ClientBase,
  range: DossierRange = {},
): AsyncGenerator<Dossier, void, undefined> {
  // Times come as text, which depends on it; sorting a million rows in 4 MB would take files.
  await client.query("set local datestyle to 'ISO'; set local work_mem to '64MB'");
  await using cursors = new AsyncDisposableStack();
  const open = async <Row>(source: Source<Row>): Promise<Cursor<Row>> =>
    cursors.use(await Cursor.open(client, source, range));
  const tripRows = await open(trips);
  const bidRows = await open(bids);
  const assignmentRows = await open(unitAssignments);
  const queueRows = await open(queueEntries);
  for (let batch = await tripRows.fetch(); batch.length > 0; batch = await tripRows.fetch()) {
    for (const trip of batch) {
      yield {
        trip,
        bids: await takeOf(bidRows, trip.id),
        unitAssignments: await takeOf(assignmentRows, trip.id),
        queueEntries: await takeOf(queueRows, trip.id),
      };
    }
  }
  for (const parts of [bidRows, assignmentRows, queueRows]) {
    if ((await parts.peek()) !== undefined) throw new Error(`${parts.table} has rows of a trip that there is not`);
  }
}

/**
 * Reads the dossiers of these trips, in the order of their ids; those that there are not are left out.
 * @param client within a transaction, so that the parts belong together.
 */
export async function readDossiersByIds(client: ClientBase, ids: readonly string[]): Promise<readonly Dossier[]> {
  if (ids.length === 0) return [];
  await client.query("set local datestyle to 'ISO'");
  const tripRows = await selectOf(client, trips, ids);
  const bidsOf = partsByTrip(await selectOf(client, bids, ids));
  const assignmentsOf = partsByTrip(await selectOf(client, unitAssignments, ids));
  const queueOf = partsByTrip(await selectOf(client, queueEntries, ids));
  return tripRows.map((trip) => ({
    trip,
    bids: bidsOf(trip.id),
    unitAssignments: assignmentsOf(trip.id),
    queueEntries: queueOf(trip.id),
  }));
}

async function selectOf<Row>(client: ClientBase, source: Source<Row>, ids: readonly string[]): Promise<readonly Row[]> {
  const text = `${selectFrom(source)} where "${source.tripColumn}" = any($1) ${orderOf(source)}`;
  const { rows } = await client.query<Row & object>({ text, values: [ids], types: { getTypeParser } });
  return rows;
}

function partsByTrip<Row>(rows: readonly Part<Row>[]): (tripId: string) => readonly Part<Row>[] {
  const byTrip = Map.groupBy(rows, ({ transportRequestId }) => transportRequestId);
  return (tripId) => byTrip.get(tripId) ?? [];
}

function selectFrom<Row>({ table, columns }: Source<Row>): string {
  return `select ${columns.map((column) => `"${column}"`).join(", ")} from "${table}"`;
}

function orderOf<Row>({ tripColumn }: Source<Row>): string {
  return `order by "${tripColumn}" collate "C", id collate "C"`;
}

/** A query that is read in pieces. A class because it remembers what it has fetched. */
class Cursor<Row> implements AsyncDisposable {
  static async open<Row>(client: ClientBase, source: Source<Row>, range: DossierRange): Promise<Cursor<Row>> {
    const query = `${selectFrom(source)} where ${conditionOf(client, source, range)} ${orderOf(source)}`;
    await client.query(`declare "${nameOf(source)}" no scroll cursor for ${query}`);
    return new Cursor(client, source);
  }

  readonly #client: ClientBase;
  readonly #source: Source<Row>;
  #rows: readonly Row[] = [];
  #at = 0;
  #isEnded = false;

  private constructor(client: ClientBase, source: Source<Row>) {
    this.#client = client;
    this.#source = source;
  }

  get table(): string {
    return this.#source.table;
  }

  /** The next rows; none at the end. */
  async fetch(): Promise<readonly Row[]> {
    const text = `fetch ${rowsPerFetch} from "${nameOf(this.#source)}"`;
    const { rows } = await this.#client.query<Row & object>({ text, types: { getTypeParser } });
    return rows;
  }

  /** The next row, which stays where it is; undefined at the end. */
  async peek(): Promise<Row | undefined> {
    if (this.#at === this.#rows.length && !this.#isEnded) {
      [this.#rows, this.#at] = [await this.fetch(), 0];
      this.#isEnded = this.#rows.length === 0;
    }
    return this.#rows[this.#at];
  }

  /** Goes past the row that was seen. */
  skip(): void {
    this.#at += 1;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // In a transaction that has failed nothing can be closed, and with it the cursor ends.
    await this.#client.query(`close "${nameOf(this.#source)}"`).catch(() => undefined);
  }
}

/** The rows of a trip, which are the next ones if there are any. */
async function takeOf<Row>(cursor: Cursor<Part<Row>>, tripId: string): Promise<readonly Part<Row>[]> {
  const taken: Part<Row>[] = [];
  for (let row = await cursor.peek(); row?.transportRequestId === tripId; row = await cursor.peek()) {
    taken.push(row);
    cursor.skip();
  }
  return taken;
}

function nameOf<Row>({ table }: Source<Row>): string {
  return `dossiers of ${table}`;
}

/** A cursor takes no parameters. */
function conditionOf<Row>(client: ClientBase, { tripColumn }: Source<Row>, range: DossierRange): string {
  const { afterTripId, toTripId, isUnderway } = range;
  const statuses = `select id from "TransportRequest" where status in ('SCHEDULED', 'IN_TRANSIT')`;
  return [
    `"${tripColumn}" is not null`,
    ...(afterTripId === undefined ? [] : [`"${tripColumn}" collate "C" > ${client.escapeLiteral(afterTripId)}`]),
    ...(toTripId === undefined ? [] : [`"${tripColumn}" collate "C" <= ${client.escapeLiteral(toTripId)}`]),
    ...(isUnderway === true ? [`"${tripColumn}" in (${statuses})`] : []),
  ].join(" and ");
}

/** Floats and times as they are meant: times of the old database have no zone, and are in UTC. All else is text. */
function getTypeParser(oid: number): (text: string) => unknown {
  switch (oid) {
    case types.builtins.TIMESTAMP:
      return utcFrom;
    case types.builtins.FLOAT8:
      return Number;
    default:
      return (text) => text;
  }
}

/**
 * Reads 2025-03-01 08:00:00.12 as UTC. Digit by digit, since a dossier has a dozen times and parsers are slower by half.
 * Infinity, years before Christ and those of more than four digits become an invalid Date, which no rule lets pass.
 */
function utcFrom(text: string): Date {
  const isPlain = text.length >= 19 && text.length <= 23 && text[4] === "-" && (text[19] ?? ".") === ".";
  if (!isPlain) return new Date(Number.NaN);
  const digits = (from: number, to: number): number => {
    let value = 0;
    for (let at = from; at < to; at++) value = value * 10 + text.charCodeAt(at) - 48;
    return value;
  };
  const ms = text.length === 19 ? 0 : digits(20, text.length) * 10 ** (23 - text.length);
  const time = new Date(
    Date.UTC(digits(0, 4), digits(5, 7) - 1, digits(8, 10), digits(11, 13), digits(14, 16), digits(17, 19), ms),
  );
  // Date.UTC takes the year 44 for 1944.
  if (text < "0100") time.setUTCFullYear(digits(0, 4));
  return time;
}
