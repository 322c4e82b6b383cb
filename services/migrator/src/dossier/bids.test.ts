import { describe, expect, it } from "@jest/globals";
import { acceptedBidOf, bidProblem, settleBids } from "./bids.ts";
import { aBid, aDirectory, at } from "./dossier.builder.ts";
import type { DossierBid, TripStatus } from "./dossier.ts";

const accepted = { status: "ACCEPTED" } as const;

/** Where the bids of a trip stand, each with why it ended and what was found. */
function settled(bids: readonly DossierBid[], tripStatus: TripStatus, agencyId: string | null = null) {
  const situation = { tripStatus, accepted: acceptedBidOf(bids, tripStatus === "PENDING" ? null : agencyId) };
  return settleBids(bids, situation).map(({ bid, status, endReason, findings }) =>
    [bid.id, status, endReason, ...findings.map(({ kind }) => kind)].join(" "),
  );
}

describe("the bids of a trip that waits", () => {
  it("stay open, the newest of each agency", () => {
    const bids = [
      aBid({ id: "a" }),
      aBid({ id: "b", submittedAt: at("08:30") }),
      aBid({ id: "c", submittedAt: at("08:20") }),
      aBid({ id: "d", agencyId: "calm" }),
    ];
    expect(settled(bids, "PENDING")).toEqual([
      "a WITHDRAWN SUPERSEDED",
      "b PENDING ",
      "c WITHDRAWN SUPERSEDED",
      "d PENDING ",
    ]);
  });

  it("stay open by their ids if they were made at once", () => {
    expect(settled([aBid({ id: "b" }), aBid({ id: "a" })], "PENDING")).toEqual([
      "b WITHDRAWN SUPERSEDED",
      "a PENDING ",
    ]);
  });

  it("cannot be accepted", () => {
    expect(settled([aBid(accepted), aBid({ id: "b" })], "PENDING", "swift")).toEqual([
      "bid-1 EXPIRED  BID_OVERRULED",
      "b PENDING ",
    ]);
  });
});

describe.each(["ASSIGNED", "IN_PROGRESS", "COMPLETED", "CANCELLED"] as const)(
  "the bids of a trip that is %s",
  (status) => {
    it("are accepted once: the one of its agency, and of these the one looked at last", () => {
      const bids = [
        aBid({ ...accepted, id: "a", agencyId: "calm", reviewedAt: at("11:00") }),
        aBid({ ...accepted, id: "b", reviewedAt: at("09:00") }),
        aBid({ ...accepted, id: "c", reviewedAt: at("10:00") }),
        aBid({ ...accepted, id: "d" }),
        aBid({ id: "e", agencyId: "calm" }),
      ];
      expect(settled(bids, status, "swift")).toEqual([
        "a REJECTED TRIP_ASSIGNED BID_OVERRULED",
        "b REJECTED TRIP_ASSIGNED BID_OVERRULED",
        "c ACCEPTED ",
        "d REJECTED TRIP_ASSIGNED BID_OVERRULED",
        "e REJECTED TRIP_ASSIGNED",
      ]);
    });

    it("have run out if they are open and none is accepted", () => {
      const bids = [aBid({ id: "a" }), aBid({ id: "b" }), aBid({ id: "c", agencyId: "calm" })];
      const reason = status === "CANCELLED" ? "TRIP_CANCELLED" : "TRIP_ASSIGNED";
      expect(settled(bids, status, "swift")).toEqual(["a", "b", "c"].map((id) => `${id} EXPIRED ${reason}`));
    });

    it("are not accepted if nobody knows the trip's agency", () => {
      expect(settled([aBid(accepted)], status)).toEqual(["bid-1 REJECTED TRIP_ASSIGNED BID_OVERRULED"]);
    });
  },
);

describe("a bid that has ended", () => {
  it.each([
    ["EXPIRED", "Bid withdrawn by agency", "WITHDRAWN WITHDRAWN_BY_AGENCY"],
    ["EXPIRED", "too late", "EXPIRED "],
    ["EXPIRED", null, "EXPIRED "],
    ["REJECTED", "Bid withdrawn by agency", "REJECTED "],
    ["WITHDRAWN", null, "WITHDRAWN "],
  ] as const)("as %s with note %j is %s", (status, reviewNotes, expected) => {
    expect(settled([aBid({ status, reviewNotes })], "PENDING")).toEqual([`bid-1 ${expected}`]);
    expect(settled([aBid({ status, reviewNotes })], "ASSIGNED", "swift")).toEqual([`bid-1 ${expected}`]);
  });
});

describe("a bid", () => {
  const never = new Date(Number.NaN);

  it.each([
    ["can be moved", {}, undefined],
    ["of an agency that was not moved cannot be moved", { agencyId: "phantom" }, "AGENCY_NOT_MOVED"],
    ["of an agency that there is not cannot be moved", { agencyId: "gone" }, "AGENCY_NOT_MOVED"],
    ["that no call can name cannot be moved", { id: "a b" }, "ID_NOT_USABLE"],
    ["made at no time cannot be moved", { submittedAt: never }, "TIME_OUT_OF_RANGE"],
    ["changed at no time cannot be moved", { updatedAt: never }, "TIME_OUT_OF_RANGE"],
  ])("%s", (_, over, problem) => {
    expect(bidProblem(aBid(over), aDirectory())).toBe(problem);
  });
});
