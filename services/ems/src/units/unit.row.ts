import { z } from "zod";
import { type RawBuilder, sql } from "kysely";
import { dateFromRow } from "#platform/database/platform-tables.ts";
import type { AgencyId } from "../agencies/agency.ts";
import type { AvailabilityStatus } from "./availability.ts";
import type { Location, Unit, UnitId, UnitStatus } from "./unit.ts";
import type { UnitType } from "./unit-type.ts";

/** A time of a row: text in UTC as the database answers it, or a date where a program makes the row. */
type Time = string | Date;

/** A unit with what its crew does at a time, as a plain row. */
export interface UnitRow {
  readonly id: UnitId;
  readonly agency_id: AgencyId;
  readonly unit_number: string;
  readonly type: UnitType;
  readonly capabilities: readonly string[];
  readonly status: UnitStatus;
  readonly is_active: boolean;
  readonly shift_start: Time | null;
  readonly shift_end: Time | null;
  readonly current_location: unknown;
  readonly crew: AvailabilityStatus;
  readonly version: number;
  readonly created_at: Time;
  readonly updated_at: Time;
}

/**
 * The start of a statement that reads units as they are at a time: they are `u` in what follows, and `c.crew` is what
 * their crews do then. Of imported times that overlap, the one that began last counts.
 */
export function selectUnits(now: Date): RawBuilder<unknown> {
  return sql`
    select u.id, u.agency_id, u.unit_number, u.type, u.capabilities, u.status, u.is_active, u.shift_start, u.shift_end,
           u.current_location, c.crew, u.version, u.created_at, u.updated_at
      ${fromUnits(now)}`;
}

/** Units as `u`, and what their crews do at a time as `c.crew`. */
export function fromUnits(now: Date): RawBuilder<unknown> {
  return sql`from unit u
      cross join lateral (
        select coalesce((
          select a.status from unit_availability a
           where a.unit_id = u.id and a.start_time <= ${now} and (a.end_time is null or a.end_time > ${now})
           order by a.start_time desc, a.id desc limit 1), 'AVAILABLE') as crew) c`;
}

/** What `isAssignable` says, for units that were selected with the functions above for the same time. */
export function isAssignableRow(now: Date): RawBuilder<unknown> {
  return sql`(u.is_active and u.status = 'AVAILABLE' and coalesce(u.shift_start <= ${now}, true)
    and coalesce(u.shift_end > ${now}, true) and c.crew not in ('ON_BREAK', 'OFF_DUTY'))`;
}

const locationShape = z.object({ latitude: z.number(), longitude: z.number() });

/** Places of the former system may be of another shape: they are kept in the row and not shown. */
function locationFromJson(value: unknown): Location | undefined {
  return locationShape.safeParse(value).data;
}

/** Reads a unit from its row. */
export function unitFromRow(row: UnitRow): Unit {
  const { shift_start: start, shift_end: end } = row;
  const location = locationFromJson(row.current_location);
  return {
    id: row.id,
    agencyId: row.agency_id,
    unitNumber: row.unit_number,
    type: row.type,
    capabilities: row.capabilities,
    status: row.status,
    isActive: row.is_active,
    shift: { ...(start !== null && { start: dateFrom(start) }), ...(end !== null && { end: dateFrom(end) }) },
    crew: row.crew,
    ...(location && { location }),
    version: row.version,
    createdAt: dateFrom(row.created_at),
    updatedAt: dateFrom(row.updated_at),
  };
}

function dateFrom(time: Time): Date {
  return typeof time === "string" ? dateFromRow(time) : time;
}
