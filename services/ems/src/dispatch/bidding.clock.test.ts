import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "@jest/globals";
import { BidEndReason, BidStatus } from "#gen/medport/ems/v1/bid_pb.ts";
import { Reason } from "#gen/medport/errors/v1/reason_pb.ts";
import { PreferencesChangedSchema } from "#gen/medport/events/v1/preference_events_pb.ts";
import { AwardPolicy, TransportStatus } from "#gen/medport/transport/v1/trip_pb.ts";
import { newId } from "#platform/id.ts";
import { refuse } from "#platform/rpc/refusal.ts";
import { eventually } from "#platform/testing/eventually.ts";
import { anOverseer, type EmsClients, startTestEms, type TestEms } from "../ems.builder.ts";
import { refusalOf } from "../refusal.builder.ts";
import { answering, losingAnswers, losingCalls, type StandInTrip } from "../stand-in-hospital.builder.ts";

const ttlMs = 60_000;

describe("bidding", () => {
  let test: TestEms;
  let blair: EmsClients;
  let rival: EmsClients;

  beforeAll(async () => {
    test = await startTestEms();
    blair = await test.agency("blair");
    rival = await test.agency("rival");
    await Promise.all([test.unit("blair"), test.unit("rival")]);
  });
  afterAll(async () => {
    await test[Symbol.asyncDispose]();
  });
  afterEach(() => {
    test.hospital.script = answering;
  });

  /** The stand-in's clock is ours, but the service's may have leapt: both begin here. */
  let leaptMs = 0;
  const now = (): number => Date.now() + leaptMs;
  const leap = (ms: number): void => {
    leaptMs += ms;
    test.elapse(ms);
  };
  const at = (minutes: number) => timestampFromDate(new Date(now() + minutes * 60_000));
  const aTrip = (awardPolicy: AwardPolicy, over: Partial<StandInTrip> = {}): Promise<string> =>
    test.trip({ awardPolicy, biddingCloseTime: timestampFromDate(new Date(now() + ttlMs)), ...over });

  const bidsOf = async (tripId: string): Promise<readonly string[]> => {
    const { bids } = await test.as(anOverseer()).bids.listBids({ tripId });
    return bids.map(({ agencyId, status, endReason }) => {
      const why = endReason === BidEndReason.UNSPECIFIED ? "" : ` ${endReasonName(endReason)}`;
      return `${agencyId} ${statusName(status)}${why}`;
    });
  };
  const become = (tripId: string, ...expected: readonly string[]): Promise<void> =>
    eventually(async () => expect(await bidsOf(tripId)).toEqual(expected), { withinMs: 15_000 });

  it("takes neither bids nor acceptances once its time is over", async () => {
    const tripId = await aTrip(AwardPolicy.FIRST_ACCEPT);
    const manual = await aTrip(AwardPolicy.MANUAL);
    const { bid } = await blair.bids.submitBid({ tripId: manual });
    leap(ttlMs);
    expect(await refusalOf(rival.bids.submitBid({ tripId }))).toBe("BIDDING_CLOSED");
    expect(await refusalOf(blair.bids.acceptTrip({ tripId }))).toBe("BIDDING_CLOSED");
    expect(await refusalOf(blair.bids.declineTrip({ tripId }))).toBe("BIDDING_CLOSED");
    const late = await refusalOf(test.as(anOverseer()).bids.acceptBid({ bidId: bid?.id ?? "" }));
    expect(["BIDDING_CLOSED", "BID_NOT_PENDING"]).toContain(late);
    const { trips } = await blair.bids.listAvailableTrips({ pageSize: 500 });
    expect(trips.map((trip) => trip.tripId)).not.toContain(tripId);
  });

  it.each([AwardPolicy.MANUAL, AwardPolicy.FIRST_ACCEPT])(
    "expires all bids where a person awards (%s)",
    async (policy) => {
      const tripId = await aTrip(policy);
      await blair.bids.submitBid({ tripId });
      await rival.bids.submitBid({ tripId });
      leap(ttlMs);
      await become(tripId, "blair EXPIRED BIDDING_CLOSED", "rival EXPIRED BIDDING_CLOSED");
      expect(test.hospital.trips.get(tripId)?.status).toBe(TransportStatus.PENDING);
    },
  );

  it("gives the trip to the best bid, and rejects the others", async () => {
    const tripId = await aTrip(AwardPolicy.BEST_ETA);
    await blair.bids.submitBid({ tripId, estimatedPickupTime: at(50) });
    await rival.bids.submitBid({ tripId, estimatedPickupTime: at(40) });
    leap(ttlMs);
    await become(tripId, "blair REJECTED TRIP_ASSIGNED", "rival ACCEPTED");
    expect(test.hospital.trips.get(tripId)).toMatchObject({
      status: TransportStatus.ASSIGNED,
      assignedAgencyId: "rival",
    });
    // It claims in nobody's name but its own.
    const claims = test.hospital.calls.filter(({ method }) => method === "claimTrip");
    expect(claims.at(-1)?.caller).toMatchObject({ service: "ems" });
    expect(claims.at(-1)?.caller.user).toBeUndefined();
  });

  it("goes by what the hospital prefers", async () => {
    const hospitalId = `hospital-${newId()}`;
    await test.tell(PreferencesChangedSchema, { hospitalId, agencyIds: ["blair", "rival"] }, hospitalId);
    const isKnown = async (): Promise<void> => {
      const rows = await test.query("select from hospital_preference where hospital_id = $1", [hospitalId]);
      expect(rows).toHaveLength(1);
    };
    await eventually(isKnown, { withinMs: 10_000 });
    const tripId = await aTrip(AwardPolicy.PREFERENCE_THEN_ETA, { hospitalId });
    await rival.bids.submitBid({ tripId, estimatedPickupTime: at(5) });
    await blair.bids.submitBid({ tripId, estimatedPickupTime: at(90) });
    leap(ttlMs);
    await become(tripId, "rival REJECTED TRIP_ASSIGNED", "blair ACCEPTED");
  });

  it("passes over a bid whose unit is busy", async () => {
    const [busy, free] = [await test.unit("blair"), await test.unit("rival")];
    await blair.bids.acceptTrip({ tripId: await test.trip(), unitId: busy });
    const tripId = await aTrip(AwardPolicy.LOWEST_COST);
    await blair.bids.submitBid({ tripId, amount: "1", unitId: busy });
    await rival.bids.submitBid({ tripId, amount: "2", unitId: free });
    leap(ttlMs);
    await become(tripId, "blair REJECTED TRIP_ASSIGNED", "rival ACCEPTED");
    expect(test.hospital.trips.get(tripId)?.assignedUnitId).toBe(free);
  });

  it("expires what no bid could win", async () => {
    const busy = await test.unit("blair");
    await blair.bids.acceptTrip({ tripId: await test.trip(), unitId: busy });
    const tripId = await aTrip(AwardPolicy.LOWEST_COST);
    await blair.bids.submitBid({ tripId, amount: "1", unitId: busy });
    leap(ttlMs);
    await become(tripId, "blair EXPIRED BIDDING_CLOSED");
    expect(test.hospital.trips.get(tripId)?.status).toBe(TransportStatus.PENDING);
  });

  it("waits for Hospital, and loses nothing meanwhile", async () => {
    const tripId = await aTrip(AwardPolicy.LOWEST_COST);
    await blair.bids.submitBid({ tripId, amount: "1" });
    test.hospital.script = losingCalls("claimTrip", "resolveClaim");
    leap(ttlMs);
    const tried = (): number => test.hospital.calls.filter(({ method }) => method === "claimTrip").length;
    const before = tried();
    await eventually(() => Promise.resolve(expect(tried()).toBeGreaterThan(before)), { withinMs: 15_000 });
    expect(await bidsOf(tripId)).toEqual(["blair PENDING"]);
    test.hospital.script = answering;
    leap(10_000);
    await become(tripId, "blair ACCEPTED");
  });

  it("finds out that it has won when the answer was lost", async () => {
    const tripId = await aTrip(AwardPolicy.LOWEST_COST);
    await blair.bids.submitBid({ tripId, amount: "1" });
    test.hospital.script = losingAnswers("claimTrip");
    leap(ttlMs);
    await eventually(
      () => Promise.resolve(expect(test.hospital.trips.get(tripId)?.status).toBe(TransportStatus.ASSIGNED)),
      {
        withinMs: 15_000,
      },
    );
    leap(10_000);
    await become(tripId, "blair ACCEPTED");
  });

  it("does not end it as long as Hospital's clock says that it is open", async () => {
    const tripId = await aTrip(AwardPolicy.LOWEST_COST);
    await blair.bids.submitBid({ tripId, amount: "1" });
    test.hospital.script = (method, proceed) => {
      if (method === "claimTrip") throw refuse(Reason.INVALID_STATE_TRANSITION, "bidding on the trip is still open");
      return proceed();
    };
    const tried = (): number => test.hospital.calls.filter(({ method }) => method === "claimTrip").length;
    const before = tried();
    leap(ttlMs);
    await eventually(() => Promise.resolve(expect(tried()).toBeGreaterThan(before + 1)), { withinMs: 15_000 });
    expect(await bidsOf(tripId)).toEqual(["blair PENDING"]);
    test.hospital.script = answering;
    await become(tripId, "blair ACCEPTED");
  });

  it("goes on after the service was stopped in between", async () => {
    const tripId = await aTrip(AwardPolicy.LOWEST_COST);
    await blair.bids.submitBid({ tripId, amount: "1" });
    test.hospital.script = losingAnswers("claimTrip");
    leap(ttlMs);
    await eventually(
      () => Promise.resolve(expect(test.hospital.trips.get(tripId)?.status).toBe(TransportStatus.ASSIGNED)),
      {
        withinMs: 15_000,
      },
    );
    await test.stop();
    test.hospital.script = answering;
    leap(10_000);
    await test.start();
    await become(tripId, "blair ACCEPTED");
  });
});

function endReasonName(value: BidEndReason): string {
  return Object.entries(BidEndReason).find(([, number]) => number === value)?.[0] ?? "";
}

function statusName(value: BidStatus): string {
  return Object.entries(BidStatus).find(([, number]) => number === value)?.[0] ?? "";
}
