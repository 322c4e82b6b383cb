import { afterAll, afterEach, beforeAll, describe, expect, it } from "@jest/globals";
import { AssignmentState } from "#gen/medport/ems/v1/bid_pb.ts";
import { TransportLevel, TransportStatus } from "#gen/medport/transport/v1/trip_pb.ts";
import { UnitType } from "#gen/medport/transport/v1/unit_type_pb.ts";
import { Reason } from "#gen/medport/errors/v1/reason_pb.ts";
import { refuse } from "#platform/rpc/refusal.ts";
import { newId } from "#platform/id.ts";
import { eventually } from "#platform/testing/eventually.ts";
import { aHospitalDispatcher, anOverseer, type EmsClients, startTestEms, type TestEms } from "../ems.builder.ts";
import { refusalOf } from "../refusal.builder.ts";
import { answering, losingAnswers, losingCalls } from "../stand-in-hospital.builder.ts";

describe("dispatch", () => {
  let test: TestEms;
  let blair: EmsClients;
  let rival: EmsClients;
  let center: EmsClients;

  beforeAll(async () => {
    test = await startTestEms();
    blair = await test.agency("blair");
    rival = await test.agency("rival");
    center = test.as(anOverseer());
    await Promise.all([test.unit("blair", UnitType.CCT), test.unit("rival", UnitType.CCT)]);
  });
  afterAll(async () => {
    await test[Symbol.asyncDispose]();
  });
  afterEach(() => {
    test.hospital.script = answering;
  });

  /** A trip that Blair has won without a unit. */
  const won = async (transportLevel = TransportLevel.ALS): Promise<string> => {
    const tripId = await test.trip({ transportLevel });
    await blair.bids.acceptTrip({ tripId });
    return tripId;
  };
  const assignmentOf = async (tripId: string): Promise<object | undefined> => {
    const [row] = await test.query<object>(
      `select a.state, a.unit_id, a.unit_state, u.status from assignment a left join unit u on u.id = a.unit_id
        where a.trip_id = $1`,
      [tripId],
    );
    return row;
  };

  describe("AssignUnit", () => {
    it("puts a unit on a trip that the agency has won, and tells Hospital in the caller's name", async () => {
      const [tripId, unitId] = [await won(), await test.unit("blair")];
      const { assignment } = await blair.dispatch.assignUnit({ tripId, unitId });
      expect(assignment).toMatchObject({ tripId, unitId, unitType: UnitType.ALS, state: AssignmentState.CONFIRMED });
      expect(test.hospital.trips.get(tripId)?.assignedUnitId).toBe(unitId);
      expect(test.hospital.calls.at(-1)).toMatchObject({
        method: "setTripUnit",
        caller: { user: { userId: "user-of-blair" } },
      });
      expect(await assignmentOf(tripId)).toMatchObject({ unit_state: "CONFIRMED", status: "IN_USE" });
    });

    it("answers the same again", async () => {
      const [tripId, unitId, requestId] = [await won(), await test.unit("blair"), newId()];
      const first = await blair.dispatch.assignUnit({ tripId, unitId, requestId });
      const calls = test.hospital.calls.length;
      expect(await blair.dispatch.assignUnit({ tripId, unitId, requestId })).toEqual(first);
      expect((await blair.dispatch.assignUnit({ tripId, unitId })).assignment?.unitId).toBe(unitId);
      expect(test.hospital.calls).toHaveLength(calls);
      const other = { tripId, unitId: await test.unit("blair"), requestId };
      expect(await refusalOf(blair.dispatch.assignUnit(other))).toBe("REQUEST_ID_REUSED");
    });

    it("refuses a second unit, a busy one, another agency's, and one that cannot serve the level", async () => {
      const [tripId, unitId] = [await won(), await test.unit("blair")];
      const refusal = (trip: string, unit: string) =>
        refusalOf(blair.dispatch.assignUnit({ tripId: trip, unitId: unit }));
      expect(await refusal(tripId, await test.unit("rival"))).toBe("RESOURCE_NOT_FOUND");
      expect(await refusal(tripId, await test.unit("blair", UnitType.BLS))).toBe("UNIT_NOT_CAPABLE");
      await blair.dispatch.assignUnit({ tripId, unitId });
      expect(await refusal(tripId, await test.unit("blair"))).toBe("INVALID_STATE_TRANSITION");
      expect(await refusal(await won(), unitId)).toBe("UNIT_NOT_AVAILABLE");
    });

    it("does not tell another agency that the trip exists", async () => {
      const [tripId, unitId] = [await won(), await test.unit("rival")];
      expect(await refusalOf(rival.dispatch.assignUnit({ tripId, unitId }))).toBe("RESOURCE_NOT_FOUND");
      expect(await refusalOf(blair.dispatch.assignUnit({ tripId: "unheard-of", unitId }))).toBe("RESOURCE_NOT_FOUND");
    });

    it("wants to know why Center acts for the agency", async () => {
      const [tripId, unitId] = [await won(), await test.unit("blair")];
      expect(await refusalOf(center.dispatch.assignUnit({ tripId, unitId }))).toBe("VALIDATION_FAILED");
      const { assignment } = await center.dispatch.assignUnit({ tripId, unitId, overrideReason: "nobody answers" });
      expect(assignment?.agencyId).toBe("blair");
    });

    it("gives the unit back when Hospital says no", async () => {
      const [tripId, unitId] = [await won(), await test.unit("blair")];
      Object.assign(test.hospital.trips.get(tripId) ?? {}, { status: TransportStatus.IN_PROGRESS });
      expect(await refusalOf(blair.dispatch.assignUnit({ tripId, unitId }))).toBe("INVALID_STATE_TRANSITION");
      expect(await assignmentOf(tripId)).toMatchObject({ state: "CONFIRMED", unit_id: null });
      const { unit } = await blair.units.getUnit({ unitId });
      expect(unit?.status).toBe(1);
    });

    it.each([
      ["the call", losingCalls("setTripUnit")],
      ["the answer", losingAnswers("setTripUnit")],
    ])("keeps the unit when %s was lost, and finds out on its own", async (_what, script) => {
      const [tripId, unitId] = [await won(), await test.unit("blair")];
      test.hospital.script = script;
      expect(await refusalOf(blair.dispatch.assignUnit({ tripId, unitId }))).toBe("INTERNAL");
      expect(await assignmentOf(tripId)).toMatchObject({ unit_state: "HELD", status: "IN_USE" });
      const other = { tripId, unitId: await test.unit("blair") };
      expect(await refusalOf(blair.dispatch.assignUnit(other))).toBe("CONCURRENT_CHANGE");
      test.hospital.script = answering;
      test.elapse(5_000);
      await eventually(async () => expect(await assignmentOf(tripId)).toMatchObject({ unit_state: "CONFIRMED" }));
      expect(test.hospital.trips.get(tripId)?.assignedUnitId).toBe(unitId);
      const asked = test.hospital.calls.findLast(({ method }) => method === "setTripUnit");
      expect(asked?.caller).toEqual({ service: "ems" });
    });

    it("keeps a unit that Hospital may have when the caller's token runs out before it is asked again", async () => {
      const [tripId, unitId] = [await won(), await test.unit("blair")];
      test.hospital.script = losingAnswers("setTripUnit");
      await refusalOf(blair.dispatch.assignUnit({ tripId, unitId }));
      test.hospital.script = () => {
        throw refuse(Reason.TOKEN_EXPIRED, "the token has expired");
      };
      expect(await refusalOf(blair.dispatch.assignUnit({ tripId, unitId }))).toBe("TOKEN_EXPIRED");
      expect(await refusalOf(blair.bids.acceptTrip({ tripId: await test.trip(), unitId }))).toBe("UNIT_NOT_AVAILABLE");
      test.hospital.script = answering;
      test.elapse(5_000);
      await eventually(async () => expect(await assignmentOf(tripId)).toMatchObject({ unit_state: "CONFIRMED" }));
      expect(test.hospital.trips.get(tripId)?.assignedUnitId).toBe(unitId);
    });

    it("gives the unit back when Hospital refuses what the system asks on its own", async () => {
      const [tripId, unitId] = [await won(), await test.unit("blair")];
      test.hospital.script = losingCalls("setTripUnit");
      await refusalOf(blair.dispatch.assignUnit({ tripId, unitId }));
      Object.assign(test.hospital.trips.get(tripId) ?? {}, { status: TransportStatus.COMPLETED });
      test.hospital.script = answering;
      test.elapse(5_000);
      await eventually(async () => expect(await assignmentOf(tripId)).toMatchObject({ unit_id: null }));
    });

    it("is confirmed by the event, and by asking again", async () => {
      const [byEvent, byAsking] = [await won(), await won()];
      const [one, other] = [await test.unit("blair"), await test.unit("blair")];
      test.hospital.script = losingAnswers("setTripUnit");
      await refusalOf(blair.dispatch.assignUnit({ tripId: byEvent, unitId: one }));
      await refusalOf(blair.dispatch.assignUnit({ tripId: byAsking, unitId: other }));
      test.hospital.script = answering;
      const trip = test.hospital.trips.get(byEvent);
      if (!trip) throw new Error("the trip is not there");
      trip.version = 2;
      await test.tellTrip(byEvent);
      expect(await assignmentOf(byEvent)).toMatchObject({ unit_state: "CONFIRMED" });
      await blair.dispatch.assignUnit({ tripId: byAsking, unitId: other });
      expect(await assignmentOf(byAsking)).toMatchObject({ unit_state: "CONFIRMED" });
    });
  });

  describe("ListAssignments", () => {
    it("shows an agency its own, newest first, and Center all", async () => {
      const [first, second] = [await won(), await won()];
      const foreign = await test.trip();
      await rival.bids.acceptTrip({ tripId: foreign });
      const own = (await blair.dispatch.listAssignments({ pageSize: 500 })).assignments;
      expect(own.slice(0, 2).map(({ tripId }) => tripId)).toEqual([second, first]);
      expect(own.every(({ agencyId }) => agencyId === "blair")).toBe(true);
      const all = (await center.dispatch.listAssignments({ tripId: foreign })).assignments;
      expect(all.map(({ agencyId }) => agencyId)).toEqual(["rival"]);
    });

    it("goes page by page, and filters by state", async () => {
      const seen: string[] = [];
      let pageToken = "";
      const states = [AssignmentState.CONFIRMED];
      do {
        const page = await blair.dispatch.listAssignments({ states, pageSize: 2, pageToken });
        seen.push(...page.assignments.map(({ id }) => id));
        pageToken = page.nextPageToken;
      } while (pageToken !== "");
      const all = (await blair.dispatch.listAssignments({ states, pageSize: 500 })).assignments;
      expect(seen).toEqual(all.map(({ id }) => id));
      const { nextPageToken } = await blair.dispatch.listAssignments({ states, pageSize: 1 });
      const foreign = rival.dispatch.listAssignments({ states, pageSize: 1, pageToken: nextPageToken });
      expect(await refusalOf(foreign)).toBe("PAGE_TOKEN_MISMATCH");
    });
  });

  describe("ListAssignedTrips", () => {
    it("asks Hospital with both tokens", async () => {
      const tripId = await won();
      const { trips } = await blair.dispatch.listAssignedTrips({});
      expect(trips.length).toBeGreaterThan(0);
      expect(trips[0]?.id).toBe(tripId);
      expect(test.hospital.calls.at(-1)).toMatchObject({
        method: "listTrips",
        caller: { service: "ems", user: { userId: "user-of-blair" } },
      });
    });

    it("says so when Hospital cannot answer", async () => {
      test.hospital.script = () => {
        throw refuse(Reason.OVERLOADED, "too much at once");
      };
      expect(await refusalOf(blair.dispatch.listAssignedTrips({}))).toBe("DEPENDENCY_DOWN");
      const mercy = test.as(aHospitalDispatcher("mercy"));
      expect(await refusalOf(mercy.dispatch.listAssignedTrips({}))).toBe("METHOD_NOT_ALLOWED");
    });
  });
});
