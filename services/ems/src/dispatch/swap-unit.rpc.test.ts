import { afterAll, afterEach, beforeAll, describe, expect, it } from "@jest/globals";
import { AssignmentState } from "#gen/medport/ems/v1/bid_pb.ts";
import { Reason } from "#gen/medport/errors/v1/reason_pb.ts";
import { TransportStatus } from "#gen/medport/transport/v1/trip_pb.ts";
import { UnitType } from "#gen/medport/transport/v1/unit_type_pb.ts";
import { newId } from "#platform/id.ts";
import { refuse } from "#platform/rpc/refusal.ts";
import { eventually } from "#platform/testing/eventually.ts";
import { anAgencyDispatcher, anOverseer, type EmsClients, startTestEms, type TestEms } from "../ems.builder.ts";
import { refusalOf } from "../refusal.builder.ts";
import { answering, losingAnswers, losingCalls } from "../stand-in-hospital.builder.ts";

describe("naming units for trips that were won", () => {
  let test: TestEms;
  let rival: EmsClients;
  let center: EmsClients;
  beforeAll(async () => {
    test = await startTestEms();
    await test.agency("blair");
    rival = await test.agency("rival");
    center = test.as(anOverseer());
    await test.unit("blair", UnitType.CCT);
  });
  afterAll(async () => {
    await test[Symbol.asyncDispose]();
  });
  afterEach(() => {
    test.hospital.script = answering;
  });

  const blair = (): EmsClients => test.as(anAgencyDispatcher("blair"));
  const aUnit = (): Promise<string> => test.unit("blair");
  const hospitalHas = (tripId: string): string | undefined => test.hospital.trips.get(tripId)?.assignedUnitId;
  const callsOf = (method: string): number => test.hospital.calls.filter((call) => call.method === method).length;

  interface Story {
    readonly tripId: string;
    /** The unit that has the trip. */
    readonly first: string;
    /** The unit that is to replace it. */
    readonly second: string;
  }
  const aStory = async (): Promise<Story> => {
    const [tripId, first, second] = [await test.trip(), await aUnit(), await aUnit()];
    await blair().bids.acceptTrip({ tripId, unitId: first });
    await test.tellTrip(tripId);
    return { tripId, first, second };
  };
  const swap = ({ tripId, second }: Story, over = {}) => blair().dispatch.swapUnit({ tripId, unitId: second, ...over });

  /** How the two units stand, and which of them the assignment has. */
  const outcomeOf = async ({ tripId, first, second }: Story): Promise<unknown> => {
    const units = await test.query<{ id: string; status: string }>("select id, status from unit where id in ($1, $2)", [
      ...[first, second],
    ]);
    const [row] = await test.query<{ unit_id: string; unit_state: string; previous_unit_id: string | null }>(
      "select unit_id, unit_state, previous_unit_id from assignment where trip_id = $1",
      [tripId],
    );
    const name = (id: string | null | undefined) => (id === first ? "first" : id === second ? "second" : "none");
    const statusOf = (id: string) => units.find((unit) => unit.id === id)?.status;
    return {
      ...{ first: statusOf(first), second: statusOf(second) },
      assignment: `${name(row?.unit_id)} ${row?.unit_state}, before ${name(row?.previous_unit_id)}`,
    };
  };
  const untouched = { first: "IN_USE", second: "AVAILABLE", assignment: "first CONFIRMED, before none" };
  const swapped = { first: "AVAILABLE", second: "IN_USE", assignment: "second CONFIRMED, before none" };
  const inDoubt = { first: "IN_USE", second: "IN_USE", assignment: "second HELD, before first" };
  const expectSoon = (story: Story, outcome: object): Promise<void> =>
    eventually(async () => expect(await outcomeOf(story)).toEqual(outcome), { withinMs: 10_000 });

  describe("SwapUnit", () => {
    it("puts another unit on the trip, frees the former one, and tells Hospital in the caller's name", async () => {
      const story = await aStory();
      const { assignment } = await swap(story);
      expect(assignment).toMatchObject({ unitId: story.second, state: AssignmentState.CONFIRMED });
      expect(await outcomeOf(story)).toEqual(swapped);
      expect(hospitalHas(story.tripId)).toBe(story.second);
      const asked = test.hospital.calls.findLast(({ method }) => method === "setTripUnit");
      expect(asked?.caller).toMatchObject({ user: { userId: "user-of-blair" } });
      for (const unitId of [story.first, story.second]) {
        const versions = await test.query<{ aggregate_ver: string }>(
          "select aggregate_ver from outbox_event where aggregate_id = $1 order by seq",
          [unitId],
        );
        const { unit } = await blair().units.getUnit({ unitId });
        expect(versions.map(({ aggregate_ver: version }) => `"${version}"`).at(-1)).toBe(unit?.etag);
      }
    });

    it("may be done again, there and back", async () => {
      const story = await aStory();
      await swap(story);
      await blair().dispatch.swapUnit({ tripId: story.tripId, unitId: story.first });
      expect(await outcomeOf(story)).toEqual(untouched);
      expect(hospitalHas(story.tripId)).toBe(story.first);
    });

    it("answers the same again", async () => {
      const [story, requestId] = [await aStory(), newId()];
      const first = await swap(story, { requestId });
      const asked = callsOf("setTripUnit");
      expect(await swap(story, { requestId })).toEqual(first);
      expect((await swap(story)).assignment?.unitId).toBe(story.second);
      expect(callsOf("setTripUnit")).toBe(asked);
      expect(await refusalOf(swap(story, { requestId, unitId: await aUnit() }))).toBe("REQUEST_ID_REUSED");
    });

    it("wants a unit that can be sent, of the same agency, in the place of another", async () => {
      const story = await aStory();
      const refusal = (unitId: string) => refusalOf(swap(story, { unitId }));
      expect(await refusal(await test.unit("rival"))).toBe("RESOURCE_NOT_FOUND");
      expect(await refusal(await test.unit("blair", UnitType.BLS))).toBe("UNIT_NOT_CAPABLE");
      const resting = await aUnit();
      await blair().units.recordAvailability({ unitId: resting, status: 3 });
      expect(await refusal(resting)).toBe("UNIT_NOT_AVAILABLE");
      expect(await refusal((await aStory()).first)).toBe("UNIT_NOT_AVAILABLE");
      const without = await test.trip();
      await blair().bids.acceptTrip({ tripId: without });
      expect(await refusalOf(swap({ ...story, tripId: without }))).toBe("UNIT_NOT_ASSIGNED");
      expect(await outcomeOf(story)).toEqual(untouched);
    });

    it("is the assigned agency's business, and Center's with a reason", async () => {
      const story = await aStory();
      const request = { tripId: story.tripId, unitId: story.second };
      expect(await refusalOf(rival.dispatch.swapUnit(request))).toBe("RESOURCE_NOT_FOUND");
      expect(await refusalOf(center.dispatch.swapUnit(request))).toBe("VALIDATION_FAILED");
      await center.dispatch.swapUnit({ ...request, overrideReason: "the first one broke down" });
      expect(await outcomeOf(story)).toEqual(swapped);
    });

    it("ends with the pickup, whether EMS has heard of it or only Hospital knows", async () => {
      const story = await aStory();
      const trip = test.hospital.trips.get(story.tripId);
      Object.assign(trip ?? {}, { status: TransportStatus.IN_PROGRESS, version: 3 });
      expect(await refusalOf(swap(story))).toBe("INVALID_STATE_TRANSITION");
      const asked = callsOf("setTripUnit");
      await test.tellTrip(story.tripId);
      expect(await refusalOf(swap(story))).toBe("INVALID_STATE_TRANSITION");
      expect(callsOf("setTripUnit")).toBe(asked);
      expect(await outcomeOf(story)).toEqual(untouched);
    });

    it.each([
      ["the call", losingCalls("setTripUnit")],
      ["the answer", losingAnswers("setTripUnit")],
    ])("keeps both units when %s was lost, and finds out on its own", async (_what, script) => {
      const story = await aStory();
      test.hospital.script = script;
      expect(await refusalOf(swap(story))).toBe("INTERNAL");
      expect(await outcomeOf(story)).toEqual(inDoubt);
      const other = await aStory();
      for (const unitId of [story.first, story.second]) {
        expect(await refusalOf(swap(other, { unitId }))).toBe("UNIT_NOT_AVAILABLE");
        expect(await refusalOf(blair().bids.acceptTrip({ tripId: await test.trip(), unitId }))).toBe(
          "UNIT_NOT_AVAILABLE",
        );
        expect(await refusalOf(blair().units.setUnitStatus({ unitId, status: 1 }))).toBe("UNIT_IN_USE");
      }
      expect(await refusalOf(swap(story, { unitId: await aUnit() }))).toBe("CONCURRENT_CHANGE");
      test.hospital.script = answering;
      test.elapse(5_000);
      await expectSoon(story, swapped);
      expect(hospitalHas(story.tripId)).toBe(story.second);
      const asked = test.hospital.calls.findLast(({ method }) => method === "setTripUnit");
      expect(asked?.caller).toEqual({ service: "ems" });
    });

    it("is confirmed by asking again, and by the event", async () => {
      const [byAsking, byEvent] = [await aStory(), await aStory()];
      test.hospital.script = losingAnswers("setTripUnit");
      await refusalOf(swap(byAsking));
      await refusalOf(swap(byEvent));
      test.hospital.script = answering;
      await swap(byAsking);
      expect(await outcomeOf(byAsking)).toEqual(swapped);
      await test.tellTrip(byEvent.tripId);
      expect(await outcomeOf(byEvent)).toEqual(swapped);
    });

    it("is not confirmed by an event from before it", async () => {
      const story = await aStory();
      test.hospital.script = losingCalls("setTripUnit");
      await refusalOf(swap(story));
      const trip = test.hospital.trips.get(story.tripId);
      Object.assign(trip ?? {}, { version: 3 });
      await test.tellTrip(story.tripId);
      expect(await outcomeOf(story)).toEqual(inDoubt);
    });

    it("gives the new unit back when Hospital says no, and the former one stays", async () => {
      const story = await aStory();
      test.hospital.script = (method, proceed) => {
        if (method === "setTripUnit") throw refuse(Reason.UNIT_NOT_CAPABLE, "the level was just raised");
        return proceed();
      };
      const requestId = newId();
      expect(await refusalOf(swap(story, { requestId }))).toBe("UNIT_NOT_CAPABLE");
      expect(await outcomeOf(story)).toEqual(untouched);
      // Nothing was carried out, so that the same request may try again.
      test.hospital.script = answering;
      await swap(story, { requestId });
      expect(await outcomeOf(story)).toEqual(swapped);
    });

    it("gives the new unit back when Hospital says no to the system, too", async () => {
      const story = await aStory();
      test.hospital.script = losingCalls("setTripUnit");
      await refusalOf(swap(story));
      Object.assign(test.hospital.trips.get(story.tripId) ?? {}, { status: TransportStatus.IN_PROGRESS });
      test.hospital.script = answering;
      test.elapse(5_000);
      await expectSoon(story, untouched);
    });

    it("frees both units when the trip ends while it is in doubt", async () => {
      const [cancelled, completed] = [await aStory(), await aStory()];
      test.hospital.script = losingCalls("setTripUnit");
      await refusalOf(swap(cancelled));
      await refusalOf(swap(completed));
      const over = async ({ tripId }: Story, status: TransportStatus): Promise<void> => {
        Object.assign(test.hospital.trips.get(tripId) ?? {}, { status, version: 3 });
        await test.tellTrip(tripId);
      };
      await over(cancelled, TransportStatus.CANCELLED);
      await over(completed, TransportStatus.COMPLETED);
      const free = { first: "AVAILABLE", second: "AVAILABLE", assignment: "first CONFIRMED, before none" };
      expect(await outcomeOf(cancelled)).toEqual(free);
      expect(await outcomeOf(completed)).toEqual(free);
      expect(await refusalOf(swap(cancelled))).toBe("TRIP_CANCELLED");
    });

    it("is driven to its end by the service's next life", async () => {
      const story = await aStory();
      const decided = Promise.withResolvers<void>();
      test.hospital.script = async (method, proceed) => {
        const answer = proceed();
        if (method !== "setTripUnit") return answer;
        decided.resolve();
        return new Promise(() => undefined);
      };
      const cutOff = swap(story).then(
        () => "answered",
        () => "cut off",
      );
      await decided.promise;
      await test.stop();
      expect(await cutOff).toBe("cut off");
      expect(await outcomeOf(story)).toEqual(inDoubt);
      test.hospital.script = answering;
      await test.start();
      test.elapse(5_000);
      await expectSoon(story, swapped);
    });

    it("is not carried out a second time by a request that comes back late", async () => {
      const [story, requestId] = [await aStory(), newId()];
      test.hospital.script = losingAnswers("setTripUnit");
      await refusalOf(swap(story, { requestId }));
      test.hospital.script = answering;
      test.elapse(5_000);
      await expectSoon(story, swapped);
      await blair().dispatch.swapUnit({ tripId: story.tripId, unitId: await aUnit() });
      expect(await refusalOf(swap(story, { requestId }))).toBe("INVALID_STATE_TRANSITION");
      expect(await outcomeOf(story)).toMatchObject({ first: "AVAILABLE", second: "AVAILABLE" });
    });

    it("lets one of two swaps of the same trip, or to the same unit, win", async () => {
      const [one, other] = [await aStory(), await aStory()];
      const racing = [swap(one), swap(one, { unitId: other.second }), swap(other), swap(other, { unitId: one.second })];
      const answers = await Promise.allSettled(racing);
      expect(answers.some(({ status }) => status === "fulfilled")).toBe(true);
      const rows = await test.query<{ unit_id: string; status: string }>(
        `select a.unit_id, u.status from assignment a join unit u on u.id = a.unit_id
          where a.trip_id in ($1, $2) and a.previous_unit_id is null`,
        [one.tripId, other.tripId],
      );
      expect(rows.map(({ status }) => status)).toEqual(["IN_USE", "IN_USE"]);
      expect(new Set(rows.map((row) => row.unit_id)).size).toBe(2);
      const atHospital = [hospitalHas(one.tripId), hospitalHas(other.tripId)];
      expect(new Set(rows.map((row) => row.unit_id))).toEqual(new Set(atHospital));
    });
  });

  describe("AssignUnit under one request_id with two bodies at the same moment", () => {
    it("is carried out for one of them alone", async () => {
      const requestId = newId();
      const requests = await Promise.all(
        Array.from({ length: 4 }, async () => {
          const [tripId, unitId] = [await test.trip(), await aUnit()];
          await blair().bids.acceptTrip({ tripId });
          return { tripId, unitId, requestId };
        }),
      );
      const answers = await Promise.all(
        requests.map((request) =>
          blair()
            .dispatch.assignUnit(request)
            .then(
              ({ assignment }) => assignment?.unitId,
              () => undefined,
            ),
        ),
      );
      const assigned = answers.flatMap((unitId) => unitId ?? []);
      expect(assigned).toHaveLength(1);
      const busy = await test.query<{ id: string }>("select id from unit where id = any($1) and status = 'IN_USE'", [
        requests.map(({ unitId }) => unitId),
      ]);
      expect(busy.map(({ id }) => id)).toEqual(assigned);
      const refusedOnes = requests.filter(({ unitId }) => unitId !== assigned[0]);
      for (const request of refusedOnes) {
        expect(await refusalOf(blair().dispatch.assignUnit(request))).toBe("REQUEST_ID_REUSED");
      }
    });
  });
});
