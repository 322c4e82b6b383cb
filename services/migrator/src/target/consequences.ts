import { TripImportedSchema } from "#gen/medport/events/v1/trip_events_pb.ts";
import type { Directory } from "../directory/directory.ts";
import { referenceRow } from "../directory/references.ts";
import {
  agencyConsequences,
  facilityConsequences,
  hospitalConsequences,
  preferenceConsequences,
  routeConsequences,
  serviceConsequences,
  unitConsequences,
  userConsequences,
} from "./consequences-directory.ts";
import { bidConsequences } from "./consequences-bids.ts";
import { importedEvent } from "./imported-events.ts";
import { importedTripState, type ImportedTripRow } from "./imported-trip.ts";
import { availableTripChangeRow, tripCopyFrom, tripCopyRow, tripFactRow, tripHistoryRow } from "./projections-trips.ts";
import type { TargetRow } from "./target-tables.ts";

/** What consequences rest on, beside the row that they are of. */
export interface ConsequenceContext {
  readonly directory: Pick<Directory, "facility" | "preferredAgencies">;
  /** The same for all rows of a run. */
  readonly importedAt: Date;
  /** Whether a trip is not over. Of bids that won, those of open trips alone are told. No trip is, if absent. */
  readonly isOpenTrip?: (tripId: string) => boolean;
}

/** The same for all rows that are imported together. */
export type ImportContext = Omit<ConsequenceContext, "isOpenTrip">;

/**
 * What follows from rows that are imported together, the bids of a trip with the trip: its line of history, the other
 * silos' copies, its event and the cursors of all who listen to it. Pure.
 * @throws Error if a row is not one that the silos could read.
 */
export function consequencesOfRows(rows: readonly TargetRow[], context: ImportContext): readonly TargetRow[] {
  const open = new Set(rows.flatMap((it) => (it.table === "hospital.trip" && !isOver(it.row) ? [it.row.id] : [])));
  const isOpenTrip = (tripId: string): boolean => open.has(tripId);
  return rows.flatMap((row) => consequencesOf(row, { ...context, isOpenTrip }));
}

/** What follows from one row; nothing from those that only go with others. @throws as `consequencesOfRows` does. */
export function consequencesOf(target: TargetRow, context: ConsequenceContext): readonly TargetRow[] {
  const { importedAt, directory, isOpenTrip = () => false } = context;
  switch (target.table) {
    case "hospital.trip":
      return tripConsequences(target.row, context);
    case "ems.bid":
      return bidConsequences(target.row, { importedAt, isTripOpen: isOpenTrip(target.row.trip_id) });
    case "ems.agency":
      return agencyConsequences(target.row, importedAt);
    case "ems.unit":
      return unitConsequences(target.row, importedAt);
    case "ems.route":
      return routeConsequences(target.row, importedAt);
    case "hospital.facility":
      return facilityConsequences(target.row, importedAt);
    case "hospital.preference_list":
      return preferenceConsequences(target.row, directory.preferredAgencies(target.row.hospital_id), importedAt);
    case "center.hospital":
      return hospitalConsequences(target.row, importedAt);
    case "center.user_account":
      return userConsequences(target.row, importedAt);
    case "center.service_registry":
      return serviceConsequences(target.row, importedAt);
    default:
      return [];
  }
}

/** What follows from a trip. */
export function tripConsequences(
  row: ImportedTripRow,
  { directory, importedAt }: Pick<ConsequenceContext, "directory" | "importedAt">,
): readonly TargetRow[] {
  const state = importedTripState(row, directory);
  const copy = tripCopyFrom(state, importedAt);
  const rows: TargetRow[] = [
    { table: "hospital.trip_history", row: tripHistoryRow(row, importedAt) },
    { table: "ems.trip_copy", row: tripCopyRow(copy) },
    { table: "center.trip_fact", row: tripFactRow(state, importedAt) },
    ...importedEvent({
      schema: TripImportedSchema,
      message: { trip: state },
      aggregateId: row.id,
      isOver: isOver(row),
      importedAt,
    }),
  ];
  if (copy.status === "PENDING") {
    rows.push({ table: "ems.available_trip_change", row: availableTripChangeRow(copy, importedAt) });
  }
  if (row.assigned_agency_id !== null) rows.push(assignedTo("agency", row.id, row.assigned_agency_id, importedAt));
  if (row.assigned_unit_id !== null) rows.push(assignedTo("unit", row.id, row.assigned_unit_id, importedAt));
  return rows;
}

function assignedTo(kind: "agency" | "unit", tripId: string, id: string, importedAt: Date): TargetRow {
  return referenceRow({ entity: ["trip", tripId, "hospital"], named: [kind, id, "ems"] }, importedAt);
}

function isOver({ status }: ImportedTripRow): boolean {
  return status === "COMPLETED" || status === "CANCELLED";
}
