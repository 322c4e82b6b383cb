import type { BeyondJson } from "./insert-rows.ts";
import type { TripDesk } from "./odd-trip-desk.ts";
import { oddTexts } from "./odd-shapes.ts";

const withdrawn = "Bid withdrawn by agency";
const amounts: readonly (number | BeyondJson | null)[] = [
  ...[null, 0, -0.01, -250, 1.005, 1.015, 2.675, 0.125, 99_999_999.994, 99_999_999.995, 1e21, 1e-9, 1234.5],
  ...(["NaN", "Infinity"] as const),
];

/** Bids that do not fit their trips (R-BID, R-MONEY). */
export const oddBids: Readonly<Record<string, (desk: TripDesk) => void>> = {
  BIDS_ACCEPTED_TWICE: ({ trip, bid, agency, agencyUser, at }) => {
    const row = trip({ status: "COMPLETED", assignedAgencyId: agency(1), acceptedTimestamp: at(9) });
    for (const [index, minutes] of [
      [0, 20],
      [1, 8],
      [1, 9],
    ] as const) {
      const who = { agencyId: agency(index), agencyUserId: agencyUser(index) };
      bid(row, { ...who, status: "ACCEPTED", reviewedAt: at(minutes), reviewedBy: "cgone000000000000000000x" });
    }
  },
  BIDS_ACCEPTED_AT_ONCE: ({ trip, bid, agency, at }) => {
    const row = trip({ status: "SCHEDULED", assignedAgencyId: agency(0) });
    for (const reviewedAt of [at(9), at(9), null]) bid(row, { status: "ACCEPTED", reviewedAt });
  },
  BID_ACCEPTED_BY_OTHERS: ({ trip, bid, agency, agencyUser, at }) => {
    const row = trip({ status: "SCHEDULED", assignedAgencyId: agency(0), acceptedTimestamp: at(9) });
    bid(row, { status: "ACCEPTED", reviewedAt: at(9), agencyId: agency(1), agencyUserId: agencyUser(1) });
    bid(row);
  },
  BID_ACCEPTED_WHILE_PENDING: ({ trip, bid, at }) => {
    const row = trip();
    bid(row, { status: "ACCEPTED", reviewedAt: at(9), estimatedArrival: at(60) });
    bid(row);
  },
  BID_ACCEPTED_ON_CANCELLED: ({ trip, bid, at }) =>
    void bid(trip({ status: "CANCELLED" }), { status: "ACCEPTED", reviewedAt: at(9) }),
  BIDS_PENDING_TOO_LATE: ({ trip, bid, agency, agencyUser, at }) => {
    const other = { agencyId: agency(1), agencyUserId: agencyUser(1) };
    for (const status of ["SCHEDULED", "COMPLETED", "CANCELLED"] as const) {
      const row = trip({ status, assignedAgencyId: agency(0), acceptedTimestamp: at(9) });
      bid(row, { status: "ACCEPTED", reviewedAt: at(9) });
      bid(row, other);
      bid(trip({ status, assignedAgencyId: agency(0) }), other);
    }
  },
  BIDS_PENDING_TWICE: ({ trip, bid, at }) => {
    const row = trip();
    for (const minutes of [5, 7, 7, 6]) bid(row, { submittedAt: at(minutes) });
  },
  BID_WITHDRAWN: ({ trip, bid }) => {
    const row = trip();
    bid(row, { status: "EXPIRED", reviewNotes: withdrawn });
    bid(row, { status: "EXPIRED", reviewNotes: `${withdrawn} ` });
    bid(row, { status: "WITHDRAWN" });
    bid(row, { status: "REJECTED", reviewNotes: withdrawn });
  },
  BID_AMOUNTS: ({ trip, bid }) => {
    const row = trip();
    for (const bidAmount of amounts) bid(row, { bidAmount, status: "REJECTED" });
  },
  BID_TEXTS: ({ trip, bid }) => {
    const row = trip();
    for (const notes of oddTexts) bid(row, { notes, status: "REJECTED", specialCapabilities: [notes] });
  },
  BID_OF_STRANGER: ({ trip, bid, agencyUser }) => void bid(trip(), { agencyUserId: agencyUser(1) }),
  BID_TIMES: ({ trip, bid, agency, at }) => {
    const estimates = { estimatedArrivalTime: at(60), estimatedPickupTime: at(30) };
    const row = trip({ status: "SCHEDULED", assignedAgencyId: agency(0), ...estimates });
    bid(row, { status: "ACCEPTED", reviewedAt: "infinity", estimatedArrival: null });
    bid(row, { estimatedArrival: "infinity" });
  },
  BID_AT_INFINITY: ({ book, trip, bid }) => {
    const row = bid(trip(), { submittedAt: "infinity" });
    book.quarantine("TransportBid", row.id, "TIME_OUT_OF_RANGE");
  },
};
