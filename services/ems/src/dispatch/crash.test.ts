import { afterAll, afterEach, beforeAll, describe, expect, it } from "@jest/globals";
import { AcceptanceState } from "#gen/medport/ems/v1/bid_pb.ts";
import { Reason } from "#gen/medport/errors/v1/reason_pb.ts";
import { ClaimOutcome } from "#gen/medport/hospital/v1/trip_claim_service_pb.ts";
import { TransportStatus } from "#gen/medport/transport/v1/trip_pb.ts";
import { newId } from "#platform/id.ts";
import { reasonOf, refuse } from "#platform/rpc/refusal.ts";
import { eventually } from "#platform/testing/eventually.ts";
import { startTestCluster } from "#platform/testing/test-cluster.ts";
import { testPostgresOn } from "#platform/testing/test-postgres.ts";
import { aHospitalDispatcher, anAgencyDispatcher, startTestEms, type TestEms } from "../ems.builder.ts";
import { refusalOf } from "../refusal.builder.ts";
import { answering, losingAnswers, losingCalls } from "../stand-in-hospital.builder.ts";

const { CONFIRMED, CONFIRMING } = AcceptanceState;

/** The crash points of the design, by their numbers there. */
describe("a trip whose acceptance is cut off", () => {
  let test: TestEms;
  beforeAll(async () => {
    test = await startTestEms();
    await test.agency("blair");
    await test.unit("blair");
  });
  afterAll(async () => {
    await test[Symbol.asyncDispose]();
  });
  afterEach(() => {
    test.hospital.script = answering;
  });

  const blair = () => test.as(anAgencyDispatcher("blair")).bids;

  interface Story {
    readonly tripId: string;
    readonly unitId: string;
    readonly requestId: string;
  }
  const aStory = async (): Promise<Story> => ({
    tripId: await test.trip(),
    unitId: await test.unit("blair"),
    requestId: newId(),
  });

  /** How EMS has it: the assignments' states with why they were released, and the unit. */
  const outcomeOf = async ({ tripId, unitId }: Story): Promise<unknown> => {
    const rows = await test.query<{ state: string; release_reason: string | null }>(
      "select state, release_reason from assignment where trip_id = $1 order by created_at",
      [tripId],
    );
    const [unit] = await test.query<{ status: string }>("select status from unit where id = $1", [unitId]);
    return [...rows.map((row) => [row.state, row.release_reason].filter(Boolean).join(" ")), unit?.status];
  };
  const become = (story: Story, ...outcome: readonly string[]): Promise<void> =>
    eventually(async () => expect(await outcomeOf(story)).toEqual(outcome), { withinMs: 10_000 });
  const callsOf = (method: string): number => test.hospital.calls.filter((call) => call.method === method).length;

  it("(1, 4) keeps the unit until Hospital has said that the claim never came, and then gives it back", async () => {
    const story = await aStory();
    test.hospital.script = losingCalls("claimTrip");
    const { state, assignment } = await blair().acceptTrip(story);
    expect(state).toBe(CONFIRMING);
    expect(await outcomeOf(story)).toEqual(["HELD", "IN_USE"]);
    test.elapse(5_000);
    await become(story, "RELEASED ABANDONED", "AVAILABLE");
    expect(test.hospital.claims.get(assignment?.id ?? "")?.outcome).toBe(ClaimOutcome.ABANDONED);
    expect(test.hospital.trips.get(story.tripId)?.status).toBe(TransportStatus.PENDING);
  });

  it("does not ask before the call has had its time", async () => {
    const story = await aStory();
    test.hospital.script = losingCalls("claimTrip");
    await blair().acceptTrip(story);
    const asked = callsOf("resolveClaim");
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(callsOf("resolveClaim")).toBe(asked);
    expect(await outcomeOf(story)).toEqual(["HELD", "IN_USE"]);
  });

  it("(2) is driven on by the same request, as the same attempt", async () => {
    const story = await aStory();
    test.hospital.script = losingCalls("claimTrip");
    const first = await blair().acceptTrip(story);
    test.hospital.script = answering;
    const second = await blair().acceptTrip(story);
    expect([first.state, second.state]).toEqual([CONFIRMING, CONFIRMED]);
    expect(second.assignment?.id).toBe(first.assignment?.id);
    expect(await outcomeOf(story)).toEqual(["CONFIRMED", "IN_USE"]);
  });

  it("begins anew with the same request once the first attempt was given up", async () => {
    const story = await aStory();
    test.hospital.script = losingCalls("claimTrip");
    await blair().acceptTrip(story);
    test.elapse(5_000);
    await become(story, "RELEASED ABANDONED", "AVAILABLE");
    test.hospital.script = answering;
    expect((await blair().acceptTrip(story)).state).toBe(CONFIRMED);
    await become(story, "RELEASED ABANDONED", "CONFIRMED", "IN_USE");
  });

  it("(3) is not won by a claim that comes after it was given up", async () => {
    const story = await aStory();
    const held = Promise.withResolvers<void>();
    const late = Promise.withResolvers<unknown>();
    test.hospital.script = async (method, proceed) => {
      if (method === "claimTrip") await held.promise;
      const answer = proceed();
      if (method === "claimTrip") late.resolve(answer);
      return answer;
    };
    expect((await blair().acceptTrip(story)).state).toBe(CONFIRMING);
    test.elapse(5_000);
    await become(story, "RELEASED ABANDONED", "AVAILABLE");
    held.resolve();
    expect(await late.promise).toMatchObject({ outcome: ClaimOutcome.ABANDONED });
    expect(test.hospital.trips.get(story.tripId)?.status).toBe(TransportStatus.PENDING);
    expect(await outcomeOf(story)).toEqual(["RELEASED ABANDONED", "AVAILABLE"]);
  });

  it("(5) is confirmed by asking, when the answer was lost", async () => {
    const story = await aStory();
    test.hospital.script = losingAnswers("claimTrip");
    expect((await blair().acceptTrip(story)).state).toBe(CONFIRMING);
    test.elapse(5_000);
    await become(story, "CONFIRMED", "IN_USE");
  });

  it("(5) is confirmed by the event, when the answer was lost", async () => {
    const story = await aStory();
    test.hospital.script = losingAnswers("claimTrip");
    expect((await blair().acceptTrip(story)).state).toBe(CONFIRMING);
    await test.tellTrip(story.tripId);
    expect(await outcomeOf(story)).toEqual(["CONFIRMED", "IN_USE"]);
    expect((await blair().acceptTrip(story)).state).toBe(CONFIRMED);
  });

  it("(6) is confirmed by the service's next life", async () => {
    const story = await aStory();
    const decided = Promise.withResolvers<void>();
    test.hospital.script = async (method, proceed) => {
      const answer = proceed();
      if (method !== "claimTrip") return answer;
      decided.resolve();
      return new Promise(() => undefined);
    };
    const cutOff = blair()
      .acceptTrip(story)
      .then(
        () => "answered",
        () => "cut off",
      );
    await decided.promise;
    await test.stop();
    expect(await outcomeOf(story)).toEqual(["HELD", "IN_USE"]);
    await cutOff;
    await test.start();
    test.elapse(5_000);
    await become(story, "CONFIRMED", "IN_USE");
  });

  it("(8) is won while the broker is away", async () => {
    const story = await aStory();
    await test.broker.stop();
    try {
      expect((await blair().acceptTrip(story)).state).toBe(CONFIRMED);
    } finally {
      await test.broker.restart();
    }
  });

  it("(10) keeps the unit for as long as Hospital is out of reach, and is resolved when it is back", async () => {
    const story = await aStory();
    test.hospital.script = losingCalls("claimTrip", "resolveClaim");
    expect((await blair().acceptTrip(story)).state).toBe(CONFIRMING);
    const asked = callsOf("resolveClaim");
    test.elapse(120_000);
    await eventually(() => expect(callsOf("resolveClaim")).toBeGreaterThan(asked));
    expect(await outcomeOf(story)).toEqual(["HELD", "IN_USE"]);
    expect(test.logged.join("")).toContain("assignment.held_too_long");
    test.hospital.script = answering;
    test.elapse(120_000);
    await become(story, "RELEASED ABANDONED", "AVAILABLE");
  });

  it("tells who asks again how it ended", async () => {
    const story = await aStory();
    test.hospital.script = losingAnswers("claimTrip");
    await blair().acceptTrip(story);
    Object.assign(test.hospital.trips.get(story.tripId) ?? {}, { status: TransportStatus.CANCELLED, version: 2 });
    await test.tellTrip(story.tripId);
    expect(await outcomeOf(story)).toEqual(["RELEASED CANCELLED", "AVAILABLE"]);
    expect(await refusalOf(blair().acceptTrip(story))).toBe("TRIP_CANCELLED");
  });

  it("tells the dispatcher that the trip was cancelled, when that was heard before the victory", async () => {
    const story = await aStory();
    test.hospital.script = async (method, proceed) => {
      const answer = proceed();
      if (method !== "claimTrip") return answer;
      const trip = test.hospital.trips.get(story.tripId);
      if (!trip) throw new Error("the trip is not there");
      await test.tellTrip(story.tripId);
      Object.assign(trip, { status: TransportStatus.CANCELLED, version: trip.version + 1 });
      await test.tellTrip(story.tripId);
      return answer;
    };
    expect(await refusalOf(blair().acceptTrip(story))).toBe("TRIP_CANCELLED");
    expect(await outcomeOf(story)).toEqual(["RELEASED CANCELLED", "AVAILABLE"]);
  });

  it("ends at Hospital, too, when Hospital has refused it: a copy of the claim that comes later cannot win", async () => {
    const story = await aStory();
    test.hospital.script = (method, proceed) => {
      if (method === "claimTrip") throw refuse(Reason.ACTION_NOT_ALLOWED, "not you");
      return proceed();
    };
    expect(await refusalOf(blair().acceptTrip(story))).toBe("ACTION_NOT_ALLOWED");
    expect(await outcomeOf(story)).toEqual(["RELEASED ABANDONED", "AVAILABLE"]);
    const [attempt] = await test.query<{ attempt_id: string }>("select attempt_id from assignment where trip_id = $1", [
      story.tripId,
    ]);
    expect(test.hospital.claims.get(attempt?.attempt_id ?? "")?.outcome).toBe(ClaimOutcome.ABANDONED);
  });

  it("keeps its bid when another agency has won, until Hospital has said that it lost", async () => {
    const story = await aStory();
    const { bid } = await blair().submitBid({ tripId: story.tripId });
    const statusNow = async (): Promise<string | undefined> => {
      const [row] = await test.query<{ status: string }>("select status from bid where id = $1", [bid?.id]);
      return row?.status;
    };
    test.hospital.script = losingCalls("claimTrip");
    await blair().acceptTrip(story);
    test.hospital.script = answering;
    const rival = await test.agency("rival");
    await test.unit("rival");
    expect((await rival.bids.acceptTrip({ tripId: story.tripId })).state).toBe(CONFIRMED);
    await test.tellTrip(story.tripId);
    expect(await statusNow()).toBe("PENDING");
    // Whoever asks again learns it; had the claim never come, the system would have found out that it never will.
    expect(await refusalOf(blair().acceptTrip(story))).toBe("TRIP_ALREADY_ASSIGNED");
    expect(await statusNow()).toBe("REJECTED");
  });

  it("does not leave its bid open when the claim never came and another agency has won", async () => {
    const story = await aStory();
    const { bid } = await blair().submitBid({ tripId: story.tripId });
    test.hospital.script = losingCalls("claimTrip");
    await blair().acceptTrip(story);
    const trip = test.hospital.trips.get(story.tripId);
    const byImport = {
      status: TransportStatus.ASSIGNED,
      version: 2,
      assignedAgencyId: "elsewhere",
      acceptedAttemptId: newId(),
    };
    Object.assign(trip ?? {}, byImport);
    await test.tellTrip(story.tripId);
    test.elapse(5_000);
    await become(story, "RELEASED ABANDONED", "AVAILABLE");
    const [row] = await test.query<{ status: string }>("select status from bid where id = $1", [bid?.id]);
    expect(row?.status).toBe("REJECTED");
  });

  it("keeps its bid as it is while the outcome is not known", async () => {
    const story = await aStory();
    const { bid } = await blair().submitBid(story);
    const bidId = bid?.id ?? "";
    const mercy = test.as(aHospitalDispatcher("mercy")).bids;
    test.hospital.script = losingCalls("claimTrip");
    expect((await mercy.acceptBid({ bidId })).state).toBe(CONFIRMING);
    expect(await refusalOf(blair().withdrawBid({ bidId }))).toBe("BID_HELD");
    expect(await refusalOf(mercy.acceptBid({ bidId }))).toBe("BID_HELD");
    expect(await refusalOf(blair().acceptTrip({ tripId: story.tripId }))).toBe("BID_HELD");
    test.elapse(5_000);
    await become(story, "RELEASED ABANDONED", "AVAILABLE");
    expect((await blair().withdrawBid({ bidId })).bid?.status).toBe(5);
  });
});

describe("a trip that was won in the moment when EMS lost its database", () => {
  it("(9) is confirmed when the database is back", async () => {
    await using cluster = await startTestCluster("ems-crash");
    await using test = await startTestEms({ postgres: testPostgresOn(cluster) });
    const blair = await test.agency("blair");
    const unitId = await test.unit("blair");
    const tripId = await test.trip();
    test.hospital.script = async (method, proceed) => {
      const answer = proceed();
      if (method === "claimTrip") await cluster.kill();
      return answer;
    };
    const failed = await blair.bids.acceptTrip({ tripId, unitId }).then(() => "answered", reasonOf);
    expect(failed).toBe("DEPENDENCY_DOWN");
    test.hospital.script = answering;
    await cluster.restart();
    const stateNow = async (): Promise<string | undefined> => {
      const [row] = await test.query<{ state: string }>("select state from assignment where trip_id = $1", [tripId]);
      return row?.state;
    };
    expect(await stateNow()).toBe("HELD");
    test.elapse(5_000);
    await eventually(async () => expect(await stateNow()).toBe("CONFIRMED"), { withinMs: 20_000 });
  });
});
