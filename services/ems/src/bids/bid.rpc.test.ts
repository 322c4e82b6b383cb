import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { ServiceStatus } from "#gen/medport/ems/v1/agency_pb.ts";
import { BidStatus } from "#gen/medport/ems/v1/bid_pb.ts";
import { AwardPolicy, TransportLevel, TransportStatus } from "#gen/medport/transport/v1/trip_pb.ts";
import { UnitType } from "#gen/medport/transport/v1/unit_type_pb.ts";
import { newId } from "#platform/id.ts";
import {
  aHospitalDispatcher,
  anAgencyDispatcher,
  anOverseer,
  type EmsClients,
  startTestEms,
  type TestEms,
} from "../ems.builder.ts";
import { refusalOf } from "../refusal.builder.ts";
import type { StandInTrip } from "../stand-in-hospital.builder.ts";

describe("bids", () => {
  let test: TestEms;
  let blair: EmsClients;
  let rival: EmsClients;
  let mercy: EmsClients;

  beforeAll(async () => {
    test = await startTestEms();
    blair = await test.agency("blair");
    rival = await test.agency("rival");
    await Promise.all([test.unit("blair"), test.unit("rival")]);
    mercy = test.as(aHospitalDispatcher("mercy"));
  });
  afterAll(async () => {
    await test[Symbol.asyncDispose]();
  });

  const aTrip = (over: Partial<StandInTrip> = {}): Promise<string> =>
    test.trip({ awardPolicy: AwardPolicy.MANUAL, ...over });
  const inMinutes = (minutes: number) => timestampFromDate(new Date(Date.now() + minutes * 60_000));

  describe("SubmitBid", () => {
    it("answers a trip with what the agency offers", async () => {
      const [tripId, unitId] = [await aTrip(), await test.unit("blair")];
      const { bid } = await blair.bids.submitBid({
        ...{ tripId, unitId, amount: "412.5", notes: "two medics" },
        estimatedArrivalTime: inMinutes(15),
        estimatedPickupTime: inMinutes(15),
      });
      expect(bid).toMatchObject({
        ...{ tripId, unitId, agencyId: "blair", amount: "412.50", notes: "two medics" },
        ...{ status: BidStatus.PENDING, seenMaterialVersion: 1n },
      });
      // The unit is offered, not held.
      expect((await blair.units.getUnit({ unitId })).unit?.status).toBe(1);
    });

    it("tells the world neither the amount nor the notes", async () => {
      const { bid } = await blair.bids.submitBid({ tripId: await aTrip(), amount: "777.77", notes: "a secret" });
      const [event] = await test.query<{ payload: Buffer; event_type: string }>(
        "select payload, event_type from outbox_event where aggregate_id = $1",
        [bid?.id],
      );
      expect(event?.event_type).toBe("medport.events.v1.BidSubmitted");
      expect(event?.payload.toString("latin1")).not.toMatch(/777|secret/);
    });

    it("allows an agency one open bid for a trip, and another once that one is over", async () => {
      const tripId = await aTrip();
      const { bid } = await blair.bids.submitBid({ tripId });
      expect(await refusalOf(blair.bids.submitBid({ tripId }))).toBe("OPEN_BID_EXISTS");
      await blair.bids.withdrawBid({ bidId: bid?.id ?? "" });
      expect((await blair.bids.submitBid({ tripId })).bid?.id).not.toBe(bid?.id);
      await rival.bids.submitBid({ tripId });
    });

    it("makes one bid of many at once", async () => {
      const tripId = await aTrip();
      const answers = await Promise.allSettled(Array.from({ length: 10 }, () => blair.bids.submitBid({ tripId })));
      expect(answers.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    });

    it("gives the first answer again for the same request_id", async () => {
      const request = { tripId: await aTrip(), requestId: newId(), amount: "1" };
      expect(await blair.bids.submitBid(request)).toEqual(await blair.bids.submitBid(request));
      expect(await refusalOf(blair.bids.submitBid({ ...request, amount: "2" }))).toBe("REQUEST_ID_REUSED");
    });

    it.each([
      ["an arrival that is over", { estimatedArrivalTime: -1 }],
      ["a pickup that is over", { estimatedPickupTime: -1 }],
      ["a pickup before the arrival", { estimatedArrivalTime: 20, estimatedPickupTime: 10 }],
    ])("refuses %s", async (_what, minutes) => {
      const times = Object.fromEntries(Object.entries(minutes).map(([name, value]) => [name, inMinutes(value)]));
      expect(await refusalOf(blair.bids.submitBid({ tripId: await aTrip(), ...times }))).toBe("VALIDATION_FAILED");
    });

    it.each(["-1", "1.234", "1e3", "free"])("refuses the amount %s", async (amount) => {
      expect(await refusalOf(blair.bids.submitBid({ tripId: await aTrip(), amount }))).toBe("VALIDATION_FAILED");
    });

    it("refuses a unit that is not the agency's, is switched off, or cannot serve the level", async () => {
      const tripId = await aTrip();
      const bidWith = (unitId: string): Promise<string> => refusalOf(blair.bids.submitBid({ tripId, unitId }));
      expect(await bidWith(await test.unit("rival"))).toBe("RESOURCE_NOT_FOUND");
      expect(await bidWith(await test.unit("blair", UnitType.WHEELCHAIR))).toBe("UNIT_NOT_CAPABLE");
      const off = await test.unit("blair");
      await test.query("update unit set is_active = false where id = $1", [off]);
      expect(await bidWith(off)).toBe("UNIT_NOT_AVAILABLE");
    });

    it("refuses a trip that does not wait, is not open to the agency, or is not known", async () => {
      const cancelled = await aTrip({ status: TransportStatus.CANCELLED });
      expect(await refusalOf(blair.bids.submitBid({ tripId: cancelled }))).toBe("TRIP_CANCELLED");
      const assigned = await aTrip({ status: TransportStatus.ASSIGNED });
      expect(await refusalOf(blair.bids.submitBid({ tripId: assigned }))).toBe("TRIP_NOT_PENDING");
      const critical = await aTrip({ transportLevel: TransportLevel.CCT });
      expect(await refusalOf(blair.bids.submitBid({ tripId: critical }))).toBe("AGENCY_NOT_ELIGIBLE");
      const elk = { facilityId: "f", name: "Elk", city: "Ridgway", state: "PA", county: "Elk" };
      const distant = await aTrip({ origin: elk });
      expect(await refusalOf(blair.bids.submitBid({ tripId: distant }))).toBe("RESOURCE_NOT_FOUND");
      expect(await refusalOf(blair.bids.submitBid({ tripId: "unheard-of" }))).toBe("RESOURCE_NOT_FOUND");
      const justWon = await test.trip();
      await rival.bids.acceptTrip({ tripId: justWon });
      expect(await refusalOf(blair.bids.submitBid({ tripId: justWon }))).toBe("TRIP_NOT_PENDING");
    });

    it("refuses an agency that does not take part, and people who may not bid", async () => {
      const inactive = await test.agency("inactive", { status: ServiceStatus.INACTIVE });
      await test.unit("inactive");
      const tripId = await aTrip();
      expect(await refusalOf(inactive.bids.submitBid({ tripId }))).toBe("AGENCY_NOT_ELIGIBLE");
      const viewer = test.as(anAgencyDispatcher("blair", { roles: ["viewer", "billing"] }));
      expect(await refusalOf(viewer.bids.submitBid({ tripId }))).toBe("METHOD_NOT_ALLOWED");
      expect(await refusalOf(mercy.bids.submitBid({ tripId }))).toBe("METHOD_NOT_ALLOWED");
    });
  });

  describe("WithdrawBid", () => {
    it("takes an open bid back, once", async () => {
      const { bid } = await blair.bids.submitBid({ tripId: await aTrip() });
      const bidId = bid?.id ?? "";
      expect((await blair.bids.withdrawBid({ bidId })).bid?.status).toBe(BidStatus.WITHDRAWN);
      expect(await refusalOf(blair.bids.withdrawBid({ bidId }))).toBe("BID_NOT_PENDING");
    });

    it("refuses a bid that has changed since it was read", async () => {
      const { bid } = await blair.bids.submitBid({ tripId: await aTrip() });
      expect(await refusalOf(blair.bids.withdrawBid({ bidId: bid?.id ?? "", etag: '"7"' }))).toBe("ETAG_MISMATCH");
    });

    it("does not tell another agency that the bid exists", async () => {
      const { bid } = await blair.bids.submitBid({ tripId: await aTrip() });
      expect(await refusalOf(rival.bids.withdrawBid({ bidId: bid?.id ?? "" }))).toBe("RESOURCE_NOT_FOUND");
    });
  });

  describe("ListBids", () => {
    it("shows a hospital the bids on its trips, an agency its own, and Center all: bids are sealed", async () => {
      const tripId = await aTrip();
      await blair.bids.submitBid({ tripId, amount: "1" });
      await rival.bids.submitBid({ tripId, amount: "2" });
      const seenBy = async (clients: EmsClients): Promise<readonly string[]> =>
        (await clients.bids.listBids({ tripId })).bids.map(({ agencyId, amount }) => `${agencyId} ${amount}`);
      const both = ["blair 1.00", "rival 2.00"];
      expect(await seenBy(mercy)).toEqual(both);
      expect(await seenBy(test.as(anOverseer()))).toEqual(both);
      expect(await seenBy(blair)).toEqual(["blair 1.00"]);
      expect(await seenBy(rival)).toEqual(["rival 2.00"]);
      expect(await seenBy(test.as(aHospitalDispatcher("general")))).toEqual([]);
    });

    it("shows costs to everybody but those who only view", async () => {
      const tripId = await aTrip();
      await blair.bids.submitBid({ tripId, amount: "99" });
      const amountFor = async (roles: ("viewer" | "billing")[]): Promise<string | undefined> => {
        const { bids } = await test.as(aHospitalDispatcher("mercy", { roles })).bids.listBids({ tripId });
        return bids[0]?.amount;
      };
      expect([await amountFor(["viewer"]), await amountFor(["billing"])]).toEqual(["", "99.00"]);
    });

    it("goes page by page, oldest first, and filters by status", async () => {
      const withdrawn = await blair.bids.submitBid({ tripId: await aTrip() });
      await blair.bids.withdrawBid({ bidId: withdrawn.bid?.id ?? "" });
      const statuses = [BidStatus.WITHDRAWN];
      const { bids: all } = await blair.bids.listBids({ statuses, pageSize: 500 });
      expect(all.at(-1)?.id).toBe(withdrawn.bid?.id);
      const seen: string[] = [];
      let pageToken = "";
      do {
        const page = await blair.bids.listBids({ statuses, pageSize: 1, pageToken });
        seen.push(...page.bids.map(({ id }) => id));
        pageToken = page.nextPageToken;
      } while (pageToken !== "");
      expect(seen).toEqual(all.map(({ id }) => id));
    });

    it("takes a status that is named more often than a statement has parameters for one", async () => {
      const statuses = [BidStatus.WITHDRAWN];
      const often = Array.from({ length: 70_000 }, () => BidStatus.WITHDRAWN);
      expect(await blair.bids.listBids({ statuses: often })).toEqual(await blair.bids.listBids({ statuses }));
    });
  });
});
