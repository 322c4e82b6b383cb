import { afterAll, afterEach, beforeAll, describe, expect, it } from "@jest/globals";
import { AcceptanceState, AssignmentState, BidStatus } from "#gen/medport/ems/v1/bid_pb.ts";
import { ServiceStatus } from "#gen/medport/ems/v1/agency_pb.ts";
import { TripAcceptedSchema } from "#gen/medport/events/v1/trip_events_pb.ts";
import { AwardPolicy, TransportLevel, TransportStatus } from "#gen/medport/transport/v1/trip_pb.ts";
import { UnitType } from "#gen/medport/transport/v1/unit_type_pb.ts";
import { newId } from "#platform/id.ts";
import { reasonOf } from "#platform/rpc/refusal.ts";
import { aHospitalDispatcher, anOverseer, type EmsClients, startTestEms, type TestEms } from "../ems.builder.ts";
import { refusalOf } from "../refusal.builder.ts";
import { answering } from "../stand-in-hospital.builder.ts";

const { CONFIRMED } = AcceptanceState;

describe("accepting a trip", () => {
  let test: TestEms;
  let blair: EmsClients;
  let rival: EmsClients;
  let mercy: EmsClients;

  beforeAll(async () => {
    test = await startTestEms();
    blair = await test.agency("blair");
    rival = await test.agency("rival");
    // An agency is offered trips as soon as it has a unit for them.
    await Promise.all([test.unit("blair"), test.unit("rival")]);
    mercy = test.as(aHospitalDispatcher("mercy"));
  });
  afterAll(async () => {
    await test[Symbol.asyncDispose]();
  });
  afterEach(() => {
    test.hospital.script = answering;
  });

  const statusOf = async (bidId: string): Promise<string | undefined> => {
    const [row] = await test.query<{ status: string }>("select status from bid where id = $1", [bidId]);
    return row?.status;
  };
  const unitStatus = async (unitId: string): Promise<string | undefined> => {
    const [row] = await test.query<{ status: string }>("select status from unit where id = $1", [unitId]);
    return row?.status;
  };

  it("gives a first-accept trip to the agency that asks, with its unit and a bid of its own", async () => {
    const [tripId, unitId] = [await test.trip(), await test.unit("blair")];
    const { state, assignment } = await blair.bids.acceptTrip({ tripId, unitId });
    expect(state).toBe(CONFIRMED);
    expect(assignment).toMatchObject({ tripId, agencyId: "blair", unitId, state: AssignmentState.CONFIRMED });
    expect(await unitStatus(unitId)).toBe("IN_USE");
    const { bids } = await blair.bids.listBids({ tripId });
    expect(bids).toMatchObject([{ id: assignment?.bidId, status: BidStatus.ACCEPTED, unitId, amount: "" }]);
    const [row] = await test.query<{ source: string }>("select source from bid where id = $1", [assignment?.bidId]);
    expect(row?.source).toBe("DIRECT");
  });

  it("turns the agency's open bid into the accepted one, and rejects the others", async () => {
    const tripId = await test.trip();
    const { bid: own } = await blair.bids.submitBid({ tripId, amount: "300" });
    const { bid: other } = await rival.bids.submitBid({ tripId, amount: "200" });
    const { assignment } = await blair.bids.acceptTrip({ tripId });
    expect(assignment?.bidId).toBe(own?.id);
    expect(await statusOf(own?.id ?? "")).toBe("ACCEPTED");
    expect(await statusOf(other?.id ?? "")).toBe("REJECTED");
  });

  it("lets the owning hospital take a bid with the unit that it offers", async () => {
    const tripId = await test.trip({ awardPolicy: AwardPolicy.MANUAL });
    const unitId = await test.unit("blair");
    const { bid } = await blair.bids.submitBid({ tripId, unitId, amount: "412.5" });
    const answer = await mercy.bids.acceptBid({ bidId: bid?.id ?? "", etag: bid?.etag ?? "" });
    expect(answer).toMatchObject({
      state: CONFIRMED,
      bid: { id: bid?.id, status: BidStatus.ACCEPTED, amount: "412.50" },
      assignment: { agencyId: "blair", unitId, unitType: UnitType.ALS, bidId: bid?.id },
    });
    const last = test.hospital.calls.at(-1);
    // The hospital's own person, so that Hospital need not trust EMS.
    expect(last).toMatchObject({
      method: "claimTrip",
      caller: { service: "ems", user: { userId: "user-of-mercy", userType: "HOSPITAL" } },
    });
  });

  it("lets Center take a bid", async () => {
    const tripId = await test.trip({ awardPolicy: AwardPolicy.MANUAL });
    const { bid } = await blair.bids.submitBid({ tripId });
    expect((await test.as(anOverseer()).bids.acceptBid({ bidId: bid?.id ?? "" })).state).toBe(CONFIRMED);
  });

  it("does not tell another hospital that the bid exists", async () => {
    const tripId = await test.trip({ awardPolicy: AwardPolicy.MANUAL });
    const { bid } = await blair.bids.submitBid({ tripId });
    const general = test.as(aHospitalDispatcher("general"));
    expect(await refusalOf(general.bids.acceptBid({ bidId: bid?.id ?? "" }))).toBe("RESOURCE_NOT_FOUND");
  });

  it("refuses a hospital's viewer, and an agency that would choose for the hospital", async () => {
    const viewer = test.as(aHospitalDispatcher("mercy", { roles: ["viewer"] }));
    expect(await refusalOf(viewer.bids.acceptBid({ bidId: "b" }))).toBe("METHOD_NOT_ALLOWED");
    expect(await refusalOf(blair.bids.acceptBid({ bidId: "b" }))).toBe("METHOD_NOT_ALLOWED");
    expect(await refusalOf(mercy.bids.acceptTrip({ tripId: "t" }))).toBe("METHOD_NOT_ALLOWED");
  });

  it("refuses a material version that no trip can have", async () => {
    const tripId = await test.trip();
    for (const seenMaterialVersion of [-1n, 2n ** 31n]) {
      expect(await refusalOf(blair.bids.acceptTrip({ tripId, seenMaterialVersion }))).toBe("VALIDATION_FAILED");
    }
  });

  it("tells the loser of a race, and gives the unit back", async () => {
    const tripId = await test.trip();
    const units = [await test.unit("blair"), await test.unit("rival")] as const;
    const answers = await Promise.allSettled([
      blair.bids.acceptTrip({ tripId, unitId: units[0] }),
      rival.bids.acceptTrip({ tripId, unitId: units[1] }),
    ]);
    const lost = answers.flatMap((answer) => (answer.status === "rejected" ? [answer.reason as Error] : []));
    expect(lost).toHaveLength(1);
    const statuses = await Promise.all(units.map(unitStatus));
    expect(statuses).toEqual(expect.arrayContaining(["AVAILABLE", "IN_USE"]));
  });

  it("says why a lost trip was lost", async () => {
    const lose = async (over: Partial<Parameters<TestEms["trip"]>[0]>): Promise<string> => {
      const tripId = await test.trip();
      Object.assign(test.hospital.trips.get(tripId) ?? {}, over);
      return refusalOf(blair.bids.acceptTrip({ tripId, unitId: await test.unit("blair") }));
    };
    expect(await lose({ status: TransportStatus.ASSIGNED })).toBe("TRIP_ALREADY_ASSIGNED");
    expect(await lose({ status: TransportStatus.CANCELLED })).toBe("TRIP_CANCELLED");
    expect(await lose({ materialVersion: 2n })).toBe("TRIP_CHANGED");
  });

  it("keeps a bid open whose trip has changed, and ends it when the trip is gone", async () => {
    const bidOn = async (over: object): Promise<string | undefined> => {
      const tripId = await test.trip();
      const { bid } = await blair.bids.submitBid({ tripId });
      Object.assign(test.hospital.trips.get(tripId) ?? {}, over);
      await refusalOf(mercy.bids.acceptBid({ bidId: bid?.id ?? "" }));
      return statusOf(bid?.id ?? "");
    };
    expect(await bidOn({ materialVersion: 2n })).toBe("PENDING");
    expect(await bidOn({ status: TransportStatus.CANCELLED })).toBe("EXPIRED");
    expect(await bidOn({ status: TransportStatus.ASSIGNED })).toBe("REJECTED");
  });

  it("passes on what Hospital itself refuses, and lets go of the unit", async () => {
    const [tripId, unitId] = [await test.trip(), await test.unit("blair")];
    test.hospital.trips.delete(tripId);
    expect(await refusalOf(blair.bids.acceptTrip({ tripId, unitId }))).toBe("RESOURCE_NOT_FOUND");
    expect(await unitStatus(unitId)).toBe("AVAILABLE");
  });

  it("leaves the bid open when its unit has become busy", async () => {
    const unitId = await test.unit("blair");
    const first = await test.trip();
    const second = await test.trip({ awardPolicy: AwardPolicy.MANUAL });
    const { bid } = await blair.bids.submitBid({ tripId: second, unitId });
    await blair.bids.acceptTrip({ tripId: first, unitId });
    expect(await refusalOf(mercy.bids.acceptBid({ bidId: bid?.id ?? "" }))).toBe("UNIT_NOT_AVAILABLE");
    expect(await statusOf(bid?.id ?? "")).toBe("PENDING");
  });

  it("refuses a unit of another agency, one that cannot serve the level, and one in repair or off shift", async () => {
    const tripId = await test.trip();
    const accept = (unitId: string): Promise<string> => refusalOf(blair.bids.acceptTrip({ tripId, unitId }));
    expect(await accept(await test.unit("rival"))).toBe("RESOURCE_NOT_FOUND");
    expect(await accept(await test.unit("blair", UnitType.BLS))).toBe("UNIT_NOT_CAPABLE");
    const inRepair = await test.unit("blair");
    await test.query("update unit set status = 'MAINTENANCE' where id = $1", [inRepair]);
    expect(await accept(inRepair)).toBe("UNIT_NOT_AVAILABLE");
    const offShift = await test.unit("blair");
    await test.query("update unit set shift_end = now() - interval '1 hour' where id = $1", [offShift]);
    expect(await accept(offShift)).toBe("UNIT_NOT_AVAILABLE");
  });

  it("refuses a trip that the hospital gives by choosing, or that is not open to the agency", async () => {
    const chosen = await test.trip({ awardPolicy: AwardPolicy.MANUAL });
    expect(await refusalOf(blair.bids.acceptTrip({ tripId: chosen }))).toBe("AWARD_POLICY_MISMATCH");
    const distant = await test.agency("distant", { profile: { serviceArea: ["county:Elk"] } });
    await test.unit("distant");
    const tripId = await test.trip();
    expect(await refusalOf(distant.bids.acceptTrip({ tripId }))).toBe("RESOURCE_NOT_FOUND");
    const basic = await test.agency("basic");
    await test.unit("basic", UnitType.BLS);
    expect(await refusalOf(basic.bids.acceptTrip({ tripId }))).toBe("AGENCY_NOT_ELIGIBLE");
    const waiting = await test.agency("waiting", { status: ServiceStatus.PENDING });
    expect(await refusalOf(waiting.bids.acceptTrip({ tripId }))).toBe("AGENCY_NOT_ELIGIBLE");
  });

  it("gives one unit to one of fifty that want it at once", async () => {
    const unitId = await test.unit("blair", UnitType.CCT);
    const trips = await Promise.all(
      Array.from({ length: 50 }, () => test.trip({ transportLevel: TransportLevel.CCT })),
    );
    const reasons = await Promise.all(
      trips.map((tripId) => blair.bids.acceptTrip({ tripId, unitId }).then(() => "won", reasonOf)),
    );
    expect(reasons.filter((reason) => reason === "won")).toHaveLength(1);
    expect(reasons.filter((reason) => reason === "UNIT_NOT_AVAILABLE")).toHaveLength(49);
    const active = await test.query("select from assignment where unit_id = $1 and state in ('HELD','CONFIRMED')", [
      unitId,
    ]);
    expect(active).toHaveLength(1);
  });

  it("gives one trip to one of twenty who want it at once", async () => {
    const tripId = await test.trip();
    const answers = await Promise.allSettled(Array.from({ length: 20 }, () => blair.bids.acceptTrip({ tripId })));
    expect(answers.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    const held = await test.query("select from assignment where trip_id = $1 and state in ('HELD','CONFIRMED')", [
      tripId,
    ]);
    expect(held).toHaveLength(1);
    const accepted = await test.query("select from bid where trip_id = $1 and status = 'ACCEPTED'", [tripId]);
    expect(accepted).toHaveLength(1);
  });

  describe("again with the same request_id", () => {
    it("gives the first answer, without asking Hospital again", async () => {
      const [tripId, unitId, requestId] = [await test.trip(), await test.unit("blair"), newId()];
      const first = await blair.bids.acceptTrip({ tripId, unitId, requestId });
      const calls = test.hospital.calls.length;
      expect(await blair.bids.acceptTrip({ tripId, unitId, requestId })).toEqual(first);
      expect(test.hospital.calls).toHaveLength(calls);
    });

    it("gives the first answer even when the trip was cancelled since", async () => {
      const [tripId, requestId] = [await test.trip(), newId()];
      const first = await blair.bids.acceptTrip({ tripId, requestId });
      Object.assign(test.hospital.trips.get(tripId) ?? {}, { status: TransportStatus.CANCELLED, version: 3 });
      await test.tell(TripAcceptedSchema, stateOf(test, tripId, TransportStatus.ASSIGNED), tripId, 2);
      await test.tellTrip(tripId);
      expect(await blair.bids.acceptTrip({ tripId, requestId })).toEqual(first);
    });

    it("gives the same refusal, without a second attempt", async () => {
      const [tripId, requestId] = [await test.trip(), newId()];
      Object.assign(test.hospital.trips.get(tripId) ?? {}, { status: TransportStatus.ASSIGNED });
      expect(await refusalOf(blair.bids.acceptTrip({ tripId, requestId }))).toBe("TRIP_ALREADY_ASSIGNED");
      expect(await refusalOf(blair.bids.acceptTrip({ tripId, requestId }))).toBe("TRIP_ALREADY_ASSIGNED");
      expect(await test.query("select from assignment where trip_id = $1", [tripId])).toHaveLength(1);
    });

    it("refuses another body", async () => {
      const requestId = newId();
      await blair.bids.acceptTrip({ tripId: await test.trip(), requestId });
      const other = { tripId: await test.trip(), requestId };
      expect(await refusalOf(blair.bids.acceptTrip(other))).toBe("REQUEST_ID_REUSED");
    });

    it("makes one attempt of many at once", async () => {
      const [tripId, unitId, requestId] = [await test.trip(), await test.unit("blair"), newId()];
      const calls = Array.from({ length: 8 }, () => blair.bids.acceptTrip({ tripId, unitId, requestId }));
      const answers = await Promise.all(calls);
      expect(new Set(answers.map(({ assignment }) => assignment?.id)).size).toBe(1);
      expect(await test.query("select from assignment where trip_id = $1", [tripId])).toHaveLength(1);
    });
  });
});

function stateOf({ hospital }: TestEms, tripId: string, status: TransportStatus) {
  return { trip: { ...hospital.trips.get(tripId), status } };
}
