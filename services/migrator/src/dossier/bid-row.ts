import type { Directory } from "../directory/directory.ts";
import { moneyFrom } from "../rules/money.ts";
import type { TargetTables } from "../target/target-tables.ts";
import type { SettledBid } from "./bids.ts";
import { type DossierTrip, type Finding, type Ruled } from "./dossier.ts";
import { usable } from "./trip-status.ts";
import { isUsableTime } from "./usable.ts";

/** What the row of a bid takes from elsewhere. */
export interface BidContext {
  readonly trip: DossierTrip;
  readonly directory: Directory;
  readonly importedAt: Date;
}

/** The row of a bid. The former system kept the times promised by the winner on the trip. */
export function bidRow(
  settledBid: SettledBid,
  { trip, directory, importedAt }: BidContext,
): Ruled<TargetTables["ems.bid"]> {
  const { bid, status, endReason } = settledBid;
  const amount = moneyFrom(bid.bidAmount);
  const promised = status === "ACCEPTED" ? trip : undefined;
  return {
    findings: allFindings(settledBid, amount.issue),
    value: {
      agency_id: bid.agencyId,
      amount: amount.value,
      end_reason: endReason,
      estimated_arrival: usable(bid.estimatedArrival) ?? usable(promised?.estimatedArrivalTime ?? null),
      estimated_pickup: usable(promised?.estimatedPickupTime ?? null),
      id: bid.id,
      imported_at: importedAt,
      notes: bid.notes ?? "",
      override_reason: null,
      seen_material_version: 1,
      source: "SUBMITTED",
      status,
      submitted_at: bid.submittedAt,
      submitted_by_user_id: directory.agencyUser(bid.agencyUserId)?.userId ?? bid.agencyUserId,
      trip_id: bid.transportRequestId,
      unit_id: null,
      updated_at: bid.updatedAt,
      version: 1,
    },
  };
}

function allFindings({ bid, findings }: SettledBid, amountIssue: string | undefined): readonly Finding[] {
  const isTimeLost = bid.estimatedArrival !== null && !isUsableTime(bid.estimatedArrival);
  if (amountIssue === undefined && !isTimeLost) return findings;
  return [
    ...findings,
    ...(amountIssue === undefined ? [] : [{ kind: amountIssue, rule: "R-MONEY" }]),
    ...(isTimeLost ? [{ kind: "TIME_OUT_OF_RANGE", rule: "R-BID", detail: { columns: ["estimatedArrival"] } }] : []),
  ];
}
