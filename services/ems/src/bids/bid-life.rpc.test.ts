import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { ServiceStatus } from "#gen/medport/ems/v1/agency_pb.ts";
import { type Bid, BidEndReason, BidStatus } from "#gen/medport/ems/v1/bid_pb.ts";
import { TripReleasedSchema, TripUpdatedSchema } from "#gen/medport/events/v1/trip_events_pb.ts";
import { AwardPolicy, Priority, ReleaseReason, TransportStatus } from "#gen/medport/transport/v1/trip_pb.ts";
import { UnitType } from "#gen/medport/transport/v1/unit_type_pb.ts";
import { newId } from "#platform/id.ts";
import { eventually } from "#platform/testing/eventually.ts";
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

const { PENDING, REJECTED, WITHDRAWN, EXPIRED } = BidStatus;

describe("the life of a bid", () => {
  let test: TestEms;
  let blair: EmsClients;
  let rival: EmsClients;
  let mercy: EmsClients;
  let center: EmsClients;

  beforeAll(async () => {
    test = await startTestEms();
    blair = await test.agency("blair");
    rival = await test.agency("rival");
    await Promise.all([test.unit("blair"), test.unit("rival")]);
    mercy = test.as(aHospitalDispatcher("mercy"));
    center = test.as(anOverseer());
  });
  afterAll(async () => {
    await test[Symbol.asyncDispose]();
  });

  const aTrip = (over: Partial<StandInTrip> = {}): Promise<string> =>
    test.trip({ awardPolicy: AwardPolicy.MANUAL, ...over });
  const aBid = async (tripId: string, over: object = {}): Promise<Bid> => {
    const { bid } = await blair.bids.submitBid({ tripId, ...over });
    if (!bid) throw new Error("no bid");
    return bid;
  };
  const inMinutes = (minutes: number) => timestampFromDate(new Date(Date.now() + minutes * 60_000));
  const changeTrip = async (tripId: string): Promise<void> => {
    const trip = test.hospital.trips.get(tripId);
    if (!trip) throw new Error("no trip");
    trip.version += 1;
    trip.materialVersion += 1n;
    const { version, ...state } = trip;
    await test.tell(TripUpdatedSchema, { trip: state, material: true }, tripId, version);
    await heard(tripId, version);
  };
  const heard = (tripId: string, version: number): Promise<void> =>
    eventually(
      async () => {
        const rows = await test.query("select from trip_copy where id = $1 and version >= $2", [tripId, version]);
        expect(rows).toHaveLength(1);
      },
      { withinMs: 10_000 },
    );

  describe("AmendBid", () => {
    it("changes what is named and nothing else, and tells the world without the amount", async () => {
      const bid = await aBid(await aTrip(), { amount: "300", notes: "two medics", estimatedPickupTime: inMinutes(60) });
      const { bid: amended } = await blair.bids.amendBid({
        bidId: bid.id,
        etag: bid.etag,
        offer: { amount: "250.5", notes: "ignored" },
        updateMask: { paths: ["amount"] },
      });
      expect(amended).toMatchObject({ amount: "250.50", notes: "two medics", status: PENDING });
      expect(amended?.estimatedPickupTime).toEqual(bid.estimatedPickupTime);
      const events = await test.query<{ event_type: string; payload: Buffer }>(
        "select event_type, payload from outbox_event where aggregate_id = $1 order by aggregate_ver",
        [bid.id],
      );
      expect(events.map(({ event_type: type }) => type)).toEqual([
        "medport.events.v1.BidSubmitted",
        "medport.events.v1.BidAmended",
      ]);
      expect(events.at(-1)?.payload.includes("250.5")).toBe(false);
    });

    it("takes back what is named and absent", async () => {
      const bid = await aBid(await aTrip(), { amount: "300" });
      const { bid: amended } = await blair.bids.amendBid({
        bidId: bid.id,
        offer: {},
        updateMask: { paths: ["amount"] },
      });
      expect(amended?.amount).toBe("");
    });

    it("confirms an outdated bid, which cannot be accepted before", async () => {
      const tripId = await aTrip();
      const bid = await aBid(tripId);
      await changeTrip(tripId);
      expect((await blair.bids.getBid({ bidId: bid.id })).bid?.outdated).toBe(true);
      expect(await refusalOf(mercy.bids.acceptBid({ bidId: bid.id }))).toBe("BID_OUTDATED");
      const { bid: amended } = await blair.bids.amendBid({ bidId: bid.id, offer: {} });
      expect(amended).toMatchObject({ outdated: false, seenMaterialVersion: 2n });
      expect((await mercy.bids.acceptBid({ bidId: bid.id })).bid?.status).toBe(BidStatus.ACCEPTED);
    });

    it("refuses what makes no sense", async () => {
      const bid = await aBid(await aTrip(), {
        estimatedArrivalTime: inMinutes(30),
        estimatedPickupTime: inMinutes(40),
      });
      const amend = (offer: object, ...paths: readonly string[]) =>
        refusalOf(blair.bids.amendBid({ bidId: bid.id, offer, updateMask: { paths: [...paths] } }));
      expect(await amend({ estimatedPickupTime: inMinutes(-1) }, "estimated_pickup_time")).toBe("VALIDATION_FAILED");
      // Before the arrival, which stays as it is.
      expect(await amend({ estimatedPickupTime: inMinutes(20) }, "estimated_pickup_time")).toBe("VALIDATION_FAILED");
      expect(await amend({}, "colour")).toBe("VALIDATION_FAILED");
      expect(await amend({ unitId: await test.unit("rival") }, "unit_id")).toBe("RESOURCE_NOT_FOUND");
      expect(await amend({ unitId: await test.unit("blair", UnitType.BLS) }, "unit_id")).toBe("UNIT_NOT_CAPABLE");
      expect(await refusalOf(blair.bids.amendBid({ bidId: bid.id, offer: {}, etag: "stale" }))).toBe("ETAG_MISMATCH");
      expect(await refusalOf(rival.bids.amendBid({ bidId: bid.id, offer: {} }))).toBe("RESOURCE_NOT_FOUND");
      await blair.bids.withdrawBid({ bidId: bid.id });
      expect(await refusalOf(blair.bids.amendBid({ bidId: bid.id, offer: {} }))).toBe("BID_NOT_PENDING");
    });
  });

  describe("DeclineTrip", () => {
    it("is an answer that ended at once, and leaves the trip alone", async () => {
      const tripId = await aTrip();
      const { bid } = await blair.bids.declineTrip({ tripId, reason: "no crew" });
      expect(bid).toMatchObject({ status: WITHDRAWN, endReason: BidEndReason.DECLINED, notes: "no crew" });
      const listed = async (hideDeclined: boolean) =>
        (await blair.bids.listAvailableTrips({ hideDeclined, pageSize: 500 })).trips.find(
          (trip) => trip.tripId === tripId,
        );
      expect(await listed(false)).toMatchObject({ declined: true, ownBidId: "" });
      expect(await listed(true)).toBeUndefined();
      const { trips } = await rival.bids.listAvailableTrips({ pageSize: 500 });
      expect(trips.find((trip) => trip.tripId === tripId)?.declined).toBe(false);
    });

    it("is said once, and may be followed by a bid", async () => {
      const tripId = await aTrip();
      const first = await blair.bids.declineTrip({ tripId });
      const second = await blair.bids.declineTrip({ tripId, reason: "still not" });
      expect(second.bid?.id).toBe(first.bid?.id);
      const bid = await aBid(tripId);
      expect(await refusalOf(blair.bids.declineTrip({ tripId }))).toBe("INVALID_STATE_TRANSITION");
      await blair.bids.withdrawBid({ bidId: bid.id });
    });

    it("does not tell an agency of another county that the trip exists", async () => {
      const far = await test.agency(`far-${newId()}`, { profile: { serviceArea: ["county:Elk"] } });
      expect(await refusalOf(far.bids.declineTrip({ tripId: await aTrip() }))).toBe("RESOURCE_NOT_FOUND");
    });
  });

  describe("RejectBid", () => {
    it("is the owning hospital's, and Center's", async () => {
      const one = await aBid(await aTrip());
      const other = await aBid(await aTrip());
      const general = test.as(aHospitalDispatcher("general"));
      expect(await refusalOf(general.bids.rejectBid({ bidId: one.id }))).toBe("RESOURCE_NOT_FOUND");
      expect(await refusalOf(blair.bids.rejectBid({ bidId: one.id }))).toBe("METHOD_NOT_ALLOWED");
      const { bid } = await mercy.bids.rejectBid({ bidId: one.id, etag: one.etag });
      expect(bid).toMatchObject({ status: REJECTED, endReason: BidEndReason.REJECTED_BY_HOSPITAL });
      expect((await center.bids.rejectBid({ bidId: other.id })).bid?.status).toBe(REJECTED);
      expect(await refusalOf(mercy.bids.rejectBid({ bidId: one.id }))).toBe("BID_NOT_PENDING");
    });
  });

  describe("Center", () => {
    it("acts for an agency that it names, with a reason", async () => {
      const tripId = await aTrip();
      expect(await refusalOf(center.bids.submitBid({ tripId, agencyId: "blair" }))).toBe("VALIDATION_FAILED");
      expect(await refusalOf(center.bids.submitBid({ tripId, overrideReason: "by phone" }))).toBe("VALIDATION_FAILED");
      const { bid } = await center.bids.submitBid({ tripId, agencyId: "blair", overrideReason: "by phone" });
      expect(bid).toMatchObject({ agencyId: "blair", status: PENDING });
      const bidId = bid?.id ?? "";
      expect(await refusalOf(center.bids.withdrawBid({ bidId }))).toBe("VALIDATION_FAILED");
      const { bid: withdrawn } = await center.bids.withdrawBid({ bidId, overrideReason: "by phone" });
      expect(withdrawn).toMatchObject({ status: WITHDRAWN, endReason: BidEndReason.WITHDRAWN_BY_AGENCY });
    });

    it("is the only one who may name an agency", async () => {
      const tripId = await aTrip();
      expect(await refusalOf(blair.bids.submitBid({ tripId, agencyId: "rival" }))).toBe("RESOURCE_NOT_FOUND");
      expect((await blair.bids.submitBid({ tripId, agencyId: "blair" })).bid?.agencyId).toBe("blair");
    });
  });

  describe("GetBid and ListBids", () => {
    it("show a bid to its agency, to its trip's hospital and to Center, and to nobody else", async () => {
      const bid = await aBid(await aTrip(), { amount: "300" });
      const seenBy = (clients: EmsClients) => refusalOf(clients.bids.getBid({ bidId: bid.id }));
      const see = async (clients: EmsClients) => (await clients.bids.getBid({ bidId: bid.id })).bid?.amount;
      expect(await Promise.all([blair, mercy, center].map(see))).toEqual(["300.00", "300.00", "300.00"]);
      expect(await seenBy(rival)).toBe("RESOURCE_NOT_FOUND");
      expect(await seenBy(test.as(aHospitalDispatcher("general")))).toBe("RESOURCE_NOT_FOUND");
      // Those who only view see no costs.
      const viewer = test.as(anAgencyDispatcher("blair", { userId: "viewer", roles: ["viewer"] }));
      expect(await see(viewer)).toBe("");
    });

    it("lists one agency's bids for a hospital", async () => {
      const tripId = await aTrip();
      const bid = await aBid(tripId);
      await rival.bids.submitBid({ tripId });
      const { bids } = await mercy.bids.listBids({ tripId, agencyId: "blair" });
      expect(bids.map(({ id }) => id)).toEqual([bid.id]);
    });
  });

  it("ends for an agency that is switched off, but not for the others", async () => {
    const id = `closing-${newId()}`;
    const closing = await test.agency(id);
    await test.unit(id);
    const tripId = await aTrip();
    const { bid } = await closing.bids.submitBid({ tripId });
    const kept = await aBid(tripId);
    const viaCenter = test.as(anOverseer(), "center");
    await viaCenter.agencies.setAgencyStatus({ agencyId: id, status: ServiceStatus.INACTIVE });
    const { bid: ended } = await closing.bids.getBid({ bidId: bid?.id ?? "" });
    expect(ended).toMatchObject({ status: EXPIRED, endReason: BidEndReason.AGENCY_DISABLED });
    expect((await blair.bids.getBid({ bidId: kept.id })).bid?.status).toBe(PENDING);
    expect(await refusalOf(closing.bids.submitBid({ tripId }))).toBe("AGENCY_NOT_ELIGIBLE");
  });

  it.each([
    [ReleaseReason.TURNED_BACK, WITHDRAWN, BidEndReason.TRIP_RELEASED],
    [ReleaseReason.CONSENT_LAPSED, EXPIRED, BidEndReason.CONSENT_LAPSED],
  ])("ends when its trip waits again, and its unit is free (%s)", async (releaseReason, status, endReason) => {
    const [tripId, unitId] = [await aTrip(), await test.unit("blair")];
    const bid = await aBid(tripId, { unitId });
    await mercy.bids.acceptBid({ bidId: bid.id });
    await test.tellTrip(tripId);
    const trip = test.hospital.trips.get(tripId);
    if (!trip) throw new Error("no trip");
    const waiting = {
      status: TransportStatus.PENDING,
      assignedAgencyId: "",
      assignedUnitId: "",
      acceptedAttemptId: "",
    };
    Object.assign(trip, waiting, { releaseReason, version: trip.version + 1, priority: Priority.HIGH });
    const { version, ...state } = trip;
    await test.tell(TripReleasedSchema, { trip: state, reason: releaseReason }, tripId, version);
    await heard(tripId, version);
    expect((await blair.bids.getBid({ bidId: bid.id })).bid).toMatchObject({ status, endReason });
    expect((await blair.units.getUnit({ unitId })).unit?.status).toBe(1);
    const [assignment] = await test.query<{ state: string }>("select state from assignment where trip_id = $1", [
      tripId,
    ]);
    expect(assignment?.state).toBe("RELEASED");
    // It is open to all again, its former agency included.
    expect((await aBid(tripId)).status).toBe(PENDING);
  });

  it("is held to one open bid for an agency and trip, and to one accepted bid for a trip, by the database itself", async () => {
    const insert = (status: string, agencyId: string, tripId: string): Promise<unknown> =>
      test.query(
        `insert into bid (id, trip_id, agency_id, notes, status, source, seen_material_version, submitted_by_user_id,
           submitted_at, updated_at, version) values ($1, $2, $3, '', $4, 'SUBMITTED', 1, 'u', now(), now(), 1)`,
        [newId(), tripId, agencyId, status],
      );
    await insert("PENDING", "blair", "trip-x");
    await expect(insert("PENDING", "blair", "trip-x")).rejects.toThrow("one_open_bid_per_agency");
    await insert("ACCEPTED", "blair", "trip-x");
    await expect(insert("ACCEPTED", "rival", "trip-x")).rejects.toThrow("one_accepted_bid_per_trip");
  });
});
