import { create, type MessageShape } from "@bufbuild/protobuf";
import { TripStateSchema } from "#gen/medport/events/v1/trip_events_pb.ts";
import { stateFromTrip } from "../../../hospital/src/trips/trip-state.message.ts";
import type { Trip } from "../../../hospital/src/trips/trip.ts";
import { type PlaceRow, tripFromRow, type TripRow } from "../../../hospital/src/trips/trip.row.ts";
import type { Directory, DirectoryFacility } from "../directory/directory.ts";
import type { TargetTables } from "./target-tables.ts";

/** Where the facilities of trips are looked up. */
export type Places = Pick<Directory, "facility">;

/** The row of a trip that is imported. */
export type ImportedTripRow = TargetTables["hospital.trip"];

/**
 * A trip as Hospital will read it from its row.
 * @throws Error if a facility is missing, or the row lacks what its status demands.
 */
export function importedTrip(row: ImportedTripRow, places: Places): Trip {
  const columns = {
    ...row,
    origin: placeOf(row.origin_facility_id, places),
    destination: placeOf(row.destination_facility_id, places),
    milestones: [],
  };
  // Statuses, levels and the like come from rules that make no others; the database checks them once more.
  return tripFromRow(columns as unknown as TripRow);
}

/** What is told of the trip in its event, and what all copies of it are made from. */
export function importedTripState(row: ImportedTripRow, places: Places): MessageShape<typeof TripStateSchema> {
  return create(TripStateSchema, stateFromTrip(importedTrip(row, places)));
}

/** Facilities are few and their trips many. */
const known = new WeakMap<DirectoryFacility, PlaceRow>();

function placeOf(id: string, places: Places): PlaceRow {
  const facility = places.facility(id);
  if (!facility) throw new Error(`facility ${id} of a trip is not among those that are moved`);
  const before = known.get(facility);
  if (before) return before;
  const { hospitalId, name, city, state, county, coordinates } = facility;
  const place: PlaceRow = {
    ...{ id, name, city, state, county },
    hospital_id: hospitalId,
    latitude: coordinates?.latitude ?? null,
    longitude: coordinates?.longitude ?? null,
  };
  known.set(facility, place);
  return place;
}
