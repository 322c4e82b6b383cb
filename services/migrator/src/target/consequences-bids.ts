import { BidImportedSchema } from "#gen/medport/events/v1/bid_events_pb.ts";
import type { AgencyId } from "../../../ems/src/agencies/agency.ts";
import { bidStateFromBid } from "../../../ems/src/bids/bid.message.ts";
import { bidEndReasons, type BidId, bidStatuses } from "../../../ems/src/bids/bid.ts";
import { referenceRow } from "../directory/references.ts";
import { importedEvent } from "./imported-events.ts";
import type { TargetRow, TargetTables } from "./target-tables.ts";

/** What follows from a bid. @throws Error if EMS does not know its status. */
export function bidConsequences(
  row: TargetTables["ems.bid"],
  { importedAt, isTripOpen }: { readonly importedAt: Date; readonly isTripOpen: boolean },
): readonly TargetRow[] {
  const isLive = row.status === "PENDING" || (row.status === "ACCEPTED" && isTripOpen);
  return [
    ...importedEvent({
      schema: BidImportedSchema,
      message: { bid: bidState(row) },
      aggregateId: row.id,
      isOver: !isLive,
      importedAt,
    }),
    referenceRow({ entity: ["bid", row.id, "ems"], named: ["trip", row.trip_id, "hospital"] }, importedAt),
  ];
}

function bidState(row: TargetTables["ems.bid"]): ReturnType<typeof bidStateFromBid> {
  const status = bidStatuses.find((known) => known === row.status);
  const endReason = bidEndReasons.find((known) => known === row.end_reason);
  if (!status) throw new Error(`bid ${row.id} has a status that EMS does not know`);
  return bidStateFromBid({
    id: row.id as BidId,
    tripId: row.trip_id,
    agencyId: row.agency_id as AgencyId,
    ...(row.unit_id !== null && { unitId: row.unit_id }),
    status,
    submittedAt: row.submitted_at,
    ...(row.estimated_arrival && { estimatedArrival: row.estimated_arrival }),
    ...(endReason && { endReason }),
  });
}
