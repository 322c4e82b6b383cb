import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "@jest/globals";
import { ServiceStatus } from "#gen/medport/ems/v1/agency_pb.ts";
import { AcceptanceState } from "#gen/medport/ems/v1/bid_pb.ts";
import { AwardPolicy } from "#gen/medport/transport/v1/trip_pb.ts";
import { newId } from "#platform/id.ts";
import { eventually } from "#platform/testing/eventually.ts";
import { aHospitalDispatcher, anOverseer, type EmsClients, startTestEms, type TestEms } from "../ems.builder.ts";
import { refusalOf } from "../refusal.builder.ts";
import { answering, losingCalls, type StandInTrip } from "../stand-in-hospital.builder.ts";

describe("answers to a trip that meet each other", () => {
  let test: TestEms;
  let blair: EmsClients;

  beforeAll(async () => {
    test = await startTestEms();
    blair = await test.agency("blair");
    await test.unit("blair");
  });
  afterAll(async () => {
    await test[Symbol.asyncDispose]();
  });
  afterEach(() => {
    test.hospital.script = answering;
  });

  const aTrip = (over: Partial<StandInTrip> = {}): Promise<string> =>
    test.trip({ awardPolicy: AwardPolicy.MANUAL, ...over });
  const bidsOf = async (tripId: string): Promise<readonly string[]> => {
    const rows = await test.query<{ line: string }>(
      "select concat_ws(' ', status, end_reason) as line from bid where trip_id = $1 order by submitted_at, id",
      [tripId],
    );
    return rows.map(({ line }) => line);
  };
  const switchOff = async (agencyId: string): Promise<void> => {
    const center = test.as(anOverseer(), "center");
    await center.agencies.setAgencyStatus({ agencyId, status: ServiceStatus.INACTIVE });
  };

  it("are one, when an agency declines ten times at once", async () => {
    const tripId = await aTrip();
    const answers = await Promise.all(Array.from({ length: 10 }, () => blair.bids.declineTrip({ tripId })));
    expect(new Set(answers.map(({ bid }) => bid?.id)).size).toBe(1);
    expect(await bidsOf(tripId)).toEqual(["WITHDRAWN DECLINED"]);
  });

  it("leave no open bid of an agency that is switched off meanwhile", async () => {
    for (let round = 0; round < 5; round += 1) {
      const agencyId = newId();
      const { bids } = await test.agency(agencyId);
      await test.unit(agencyId);
      const [first = "", ...trips] = await Promise.all(Array.from({ length: 5 }, () => aTrip()));
      await bids.submitBid({ tripId: first });
      const off = switchOff(agencyId);
      await Promise.allSettled(trips.map((tripId) => bids.submitBid({ tripId })));
      await off;
      const left = await test.query("select from bid where agency_id = $1 and status = 'PENDING'", [agencyId]);
      expect(left).toEqual([]);
    }
  });

  it("end with their agency, also if they were being accepted when it was switched off", async () => {
    const agencyId = newId();
    const { bids } = await test.agency(agencyId);
    await test.unit(agencyId);
    const tripId = await aTrip();
    const { bid } = await bids.submitBid({ tripId });
    test.hospital.script = losingCalls("claimTrip");
    const mercy = test.as(aHospitalDispatcher("mercy")).bids;
    expect((await mercy.acceptBid({ bidId: bid?.id ?? "" })).state).toBe(AcceptanceState.CONFIRMING);
    await switchOff(agencyId);
    expect(await bidsOf(tripId)).toEqual(["PENDING"]);
    test.elapse(5_000);
    await eventually(async () => expect(await bidsOf(tripId)).toEqual(["EXPIRED AGENCY_DISABLED"]), {
      withinMs: 10_000,
    });
  });

  it("come too late once bidding was ended, though this instance's clock may not be there yet", async () => {
    const biddingCloseTime = timestampFromDate(new Date(Date.now() + 3_600_000));
    const tripId = await aTrip({ awardPolicy: AwardPolicy.FIRST_ACCEPT, biddingCloseTime });
    await test.query("update trip_copy set bidding_closed_for = bidding_close_time where id = $1", [tripId]);
    expect(await refusalOf(blair.bids.submitBid({ tripId }))).toBe("BIDDING_CLOSED");
    expect(await refusalOf(blair.bids.declineTrip({ tripId }))).toBe("BIDDING_CLOSED");
    expect(await refusalOf(blair.bids.acceptTrip({ tripId }))).toBe("BIDDING_CLOSED");
    expect(await refusalOf(blair.bids.getAvailableTrip({ tripId }))).toBe("RESOURCE_NOT_FOUND");
  });

  it("cannot be changed once bidding is over", async () => {
    const biddingCloseTime = timestampFromDate(new Date(Date.now() + 3_600_000));
    const tripId = await aTrip({ biddingCloseTime });
    const { bid } = await blair.bids.submitBid({ tripId });
    // As if the clock were just about to end it.
    await test.query("update trip_copy set bidding_closed_for = bidding_close_time where id = $1", [tripId]);
    expect(await refusalOf(blair.bids.amendBid({ bidId: bid?.id ?? "", offer: {} }))).toBe("BIDDING_CLOSED");
    const mercy = test.as(aHospitalDispatcher("mercy")).bids;
    expect(await refusalOf(mercy.acceptBid({ bidId: bid?.id ?? "" }))).toBe("BIDDING_CLOSED");
    expect((await mercy.rejectBid({ bidId: bid?.id ?? "" })).bid?.endReason).toBe(6);
  });
});
