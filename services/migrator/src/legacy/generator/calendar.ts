/** When the first accounts were made. */
export const firstDay = new Date("2023-06-01T06:00:00Z");

/** Closed trips were asked for between this and the last day. */
export const firstTripDay = new Date("2024-01-15T00:00:00Z");

/** When people last worked with a generated database. */
export const lastDay = new Date("2026-01-15T12:00:00Z");

/** Open trips were asked for within this many hours before the last day. */
export const openHours = 48;

/** So many minutes later. */
export function later(time: Date, minutes: number): Date {
  return new Date(time.getTime() + minutes * 60_000);
}

/** The time as an SQL literal of the old database: without zone, in UTC. */
export function timestampSql(time: Date): string {
  return `timestamp '${time.toISOString().slice(0, -1)}'`;
}
