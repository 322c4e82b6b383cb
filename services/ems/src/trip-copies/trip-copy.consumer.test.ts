import { timestampDate, timestampFromDate } from "@bufbuild/protobuf/wkt";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import {
  TripAcceptedSchema,
  TripAmendedSchema,
  TripBiddingReopenedSchema,
  TripCancelledSchema,
  TripConsentedSchema,
  TripCreatedSchema,
  TripMilestoneRecordedSchema,
  TripReleasedSchema,
  TripSlaPausedSchema,
  TripSlaResumedSchema,
  TripUpdatedSchema,
} from "#gen/medport/events/v1/trip_events_pb.ts";
import { UserCreatedSchema, UserUpdatedSchema } from "#gen/medport/events/v1/user_events_pb.ts";
import { UserType } from "#gen/medport/policy/v1/principal_pb.ts";
import {
  AwardPolicy,
  Priority,
  ReleaseReason,
  TransportLevel,
  TransportStatus,
} from "#gen/medport/transport/v1/trip_pb.ts";
import { newId } from "#platform/id.ts";
import { eventually } from "#platform/testing/eventually.ts";
import { aHospitalDispatcher, type EmsClients, startTestEms, type TestEms } from "../ems.builder.ts";
import { answering, losingAnswers, losingCalls, type StandInTrip } from "../stand-in-hospital.builder.ts";

describe("what EMS hears of trips", () => {
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

  const change = async (tripId: string, over: Partial<StandInTrip>): Promise<void> => {
    const trip = test.hospital.trips.get(tripId);
    if (!trip) throw new Error("the trip is not there");
    Object.assign(trip, { version: trip.version + 1 }, over);
    await test.tellTrip(tripId);
  };
  const bidOf = async (clients: EmsClients, tripId: string): Promise<string> =>
    (await clients.bids.submitBid({ tripId })).bid?.id ?? "";
  const row = async (sql: string, id: string): Promise<object | undefined> => (await test.query<object>(sql, [id]))[0];
  const bid = (id: string) => row("select status, end_reason from bid where id = $1", id);
  const unit = (id: string) => row("select status from unit where id = $1", id);
  const assignment = (tripId: string) => row("select state, release_reason from assignment where trip_id = $1", tripId);

  it("keeps every state of a trip", async () => {
    const tripId = await test.trip();
    await change(tripId, {
      status: TransportStatus.ASSIGNED,
      assignedAgencyId: "elsewhere",
      acceptedAttemptId: newId(),
    });
    const known = await row("select status, assigned_agency_id, version from trip_copy where id = $1", tripId);
    expect(known).toEqual({ status: "ASSIGNED", assigned_agency_id: "elsewhere", version: 2 });
  });

  it.each([
    TripUpdatedSchema,
    TripBiddingReopenedSchema,
    TripConsentedSchema,
    TripReleasedSchema,
    TripMilestoneRecordedSchema,
    TripSlaPausedSchema,
    TripSlaResumedSchema,
    TripAmendedSchema,
  ])("follows a trip by $typeName", async (schema) => {
    const tripId = await test.trip({ awardPolicy: AwardPolicy.MANUAL });
    const at = (minutes: number) => timestampFromDate(new Date(Date.UTC(2030, 0, 1, 8, minutes)));
    const { version: _, ...trip } = test.hospital.trips.get(tripId) as StandInTrip;
    const changed = {
      ...trip,
      origin: { facilityId: "facility-9", name: "Elk", city: "Ridgway", state: "PA", county: " Elk" },
      transportLevel: TransportLevel.CCT,
      priority: Priority.URGENT,
      awardPolicy: AwardPolicy.BEST_ETA,
      materialVersion: 2n,
      biddingCloseTime: at(0),
      pickupWindow: { startTime: at(10), endTime: at(20) },
      releaseReason: ReleaseReason.LEVEL_RAISED,
    };
    await test.tell(schema as typeof TripUpdatedSchema, { trip: changed }, tripId, 2);
    await eventually(async () => {
      expect(await row("select * from trip_copy where id = $1 and version = 2", tripId)).toMatchObject({
        ...{ origin_county: "elk", transport_level: "CCT", priority: "URGENT", urgency: 4, award_policy: "BEST_ETA" },
        ...{ material_version: 2, release_reason: "LEVEL_RAISED", bidding_close_time: timestampDate(at(0)) },
        ...{ pickup_window_start: timestampDate(at(10)), pickup_window_end: timestampDate(at(20)) },
      });
    });
    // And what comes after it is not kept waiting.
    await test.tell(TripConsentedSchema, { trip }, tripId, 3);
    await eventually(async () =>
      expect(await row("select version from trip_copy where id = $1", tripId)).toEqual({ version: 3 }),
    );
  });

  it("takes back what was won when the trip waits again, in whatever order and however often that is told", async () => {
    const [tripId, unitId] = [await test.trip({ awardPolicy: AwardPolicy.MANUAL }), await test.unit("blair")];
    const { bid: won } = await blair.bids.submitBid({ tripId, unitId });
    const bidId = won?.id ?? "";
    await test.as(aHospitalDispatcher("mercy")).bids.acceptBid({ bidId });
    const { version: _, ...assigned } = test.hospital.trips.get(tripId) as StandInTrip;
    const waiting = { ...assigned, status: TransportStatus.PENDING, assignedAgencyId: "", acceptedAttemptId: "" };
    const release = { trip: { ...waiting, releaseReason: ReleaseReason.TURNED_BACK } };
    await test.tell(TripReleasedSchema, release, tripId, 3);
    await test.tell(TripAcceptedSchema, { trip: assigned }, tripId, 2);
    await test.tell(TripReleasedSchema, release, tripId, 3);
    await eventually(async () =>
      expect(await row("select version from trip_copy where id = $1", tripId)).toEqual({ version: 3 }),
    );
    expect(await assignment(tripId)).toEqual({ state: "RELEASED", release_reason: "GIVEN_BACK" });
    expect([await unit(unitId), await bid(bidId)]).toEqual([
      { status: "AVAILABLE" },
      { status: "WITHDRAWN", end_reason: "TRIP_RELEASED" },
    ]);
    expect((await bidOf(blair, tripId)) === bidId).toBe(false);
  });

  it("keeps what was won later than it was released, though that is heard afterwards", async () => {
    const [tripId, unitId] = [await test.trip({ awardPolicy: AwardPolicy.MANUAL }), await test.unit("blair")];
    const { version: _, ...waiting } = test.hospital.trips.get(tripId) as StandInTrip;
    Object.assign(test.hospital.trips.get(tripId) ?? {}, { version: 3 });
    const { bid: offered } = await blair.bids.submitBid({ tripId, unitId });
    await test.as(aHospitalDispatcher("mercy")).bids.acceptBid({ bidId: offered?.id ?? "" });
    const release = { trip: { ...waiting, releaseReason: ReleaseReason.TURNED_BACK } };
    await test.tell(TripAcceptedSchema, { trip: { ...waiting, status: TransportStatus.ASSIGNED } }, tripId, 2);
    await test.tell(TripReleasedSchema, release, tripId, 3);
    await eventually(async () =>
      expect(await row("select version from trip_copy where id = $1", tripId)).toEqual({ version: 3 }),
    );
    expect(await assignment(tripId)).toEqual({ state: "CONFIRMED", release_reason: null });
    expect(await unit(unitId)).toEqual({ status: "IN_USE" });
  });

  it("takes back what was won and released before it was known that it had been won", async () => {
    const [tripId, unitId] = [await test.trip(), await test.unit("blair")];
    const bidId = await bidOf(blair, tripId);
    const rivals = await bidOf(rival, tripId);
    test.hospital.script = losingAnswers("claimTrip");
    await blair.bids.acceptTrip({ tripId, unitId });
    test.hospital.script = answering;
    // The version that told of the victory never came: an operator passed over it.
    await test.query("update trip_copy set version = 3, release_reason = 'CONSENT_LAPSED' where id = $1", [tripId]);
    expect(await assignment(tripId)).toEqual({ state: "HELD", release_reason: null });
    test.elapse(5_000);
    await eventually(async () =>
      expect(await assignment(tripId)).toEqual({ state: "RELEASED", release_reason: "CONSENT_LAPSED" }),
    );
    expect([await unit(unitId), await bid(bidId), await bid(rivals)]).toMatchObject([
      { status: "AVAILABLE" },
      { status: "EXPIRED", end_reason: "CONSENT_LAPSED" },
      { status: "PENDING" },
    ]);
  });

  it("ends open bids when the trip is cancelled", async () => {
    const tripId = await test.trip({ awardPolicy: AwardPolicy.MANUAL });
    const bids = [await bidOf(blair, tripId), await bidOf(rival, tripId)] as const;
    await change(tripId, { status: TransportStatus.CANCELLED });
    const expired = { status: "EXPIRED", end_reason: "TRIP_CANCELLED" };
    expect([await bid(bids[0]), await bid(bids[1])]).toEqual([expired, expired]);
  });

  it("leaves no open bid on a trip that was cancelled while agencies were bidding", async () => {
    const agencies = await Promise.all(Array.from({ length: 8 }, () => test.agency(newId())));
    await Promise.all((await test.query<{ id: string }>("select id from agency")).map(({ id }) => test.unit(id)));
    for (let round = 0; round < 5; round += 1) {
      const tripId = await test.trip({ awardPolicy: AwardPolicy.MANUAL });
      const cancelled = change(tripId, { status: TransportStatus.CANCELLED });
      await Promise.allSettled(agencies.map(({ bids }) => bids.submitBid({ tripId })));
      await cancelled;
      expect(await test.query("select from bid where trip_id = $1 and status = 'PENDING'", [tripId])).toEqual([]);
    }
  });

  it("takes back what was won when the trip is cancelled, and leaves the bid accepted", async () => {
    const [tripId, unitId] = [await test.trip(), await test.unit("blair")];
    const { assignment: had } = await blair.bids.acceptTrip({ tripId, unitId });
    await test.tellTrip(tripId);
    await change(tripId, { status: TransportStatus.CANCELLED });
    expect(await assignment(tripId)).toEqual({ state: "RELEASED", release_reason: "CANCELLED" });
    expect([await unit(unitId), await bid(had?.bidId ?? "")]).toMatchObject([
      { status: "AVAILABLE" },
      { status: "ACCEPTED" },
    ]);
  });

  it("takes back what is held when the trip is cancelled", async () => {
    const [tripId, unitId] = [await test.trip(), await test.unit("blair")];
    const bidId = await bidOf(blair, tripId);
    test.hospital.script = losingCalls("claimTrip");
    await blair.bids.acceptTrip({ tripId, unitId });
    test.hospital.script = answering;
    await change(tripId, { status: TransportStatus.CANCELLED });
    expect(await assignment(tripId)).toEqual({ state: "RELEASED", release_reason: "CANCELLED" });
    expect([await unit(unitId), await bid(bidId)]).toMatchObject([{ status: "AVAILABLE" }, { status: "EXPIRED" }]);
  });

  it("gives the unit back when the trip was completed", async () => {
    const [tripId, unitId] = [await test.trip(), await test.unit("blair")];
    await blair.bids.acceptTrip({ tripId, unitId });
    await test.tellTrip(tripId);
    await change(tripId, { status: TransportStatus.IN_PROGRESS });
    expect(await unit(unitId)).toEqual({ status: "IN_USE" });
    await change(tripId, { status: TransportStatus.COMPLETED });
    expect([await assignment(tripId), await unit(unitId)]).toMatchObject([
      { state: "COMPLETED" },
      { status: "AVAILABLE" },
    ]);
  });

  it("rejects the bids of a trip that another attempt has won", async () => {
    const tripId = await test.trip({ awardPolicy: AwardPolicy.MANUAL });
    const bidId = await bidOf(blair, tripId);
    await change(tripId, {
      status: TransportStatus.ASSIGNED,
      assignedAgencyId: "imported",
      acceptedAttemptId: newId(),
    });
    expect(await bid(bidId)).toEqual({ status: "REJECTED", end_reason: "TRIP_ASSIGNED" });
  });

  it("releases who had the trip before, when a later attempt has won it", async () => {
    const [tripId, unitId] = [await test.trip(), await test.unit("blair")];
    const { assignment: earlier } = await blair.bids.acceptTrip({ tripId, unitId });
    const later = newId();
    await test.query(
      `insert into assignment (attempt_id, trip_id, agency_id, state, seen_material_version, requested_by_user_id,
         check_at, check_count, created_at, updated_at)
       values ($1, $2, 'rival', 'HELD', 1, 'user-of-rival', now() + interval '1 hour', 0, now(), now())`,
      [later, tripId],
    );
    await test.tellTrip(tripId);
    await change(tripId, { acceptedAttemptId: later, assignedAgencyId: "rival", assignedUnitId: "" });
    const states = await test.query(
      "select attempt_id, state, release_reason from assignment where trip_id = $1 order by state",
      [tripId],
    );
    expect(states).toEqual([
      { attempt_id: later, state: "CONFIRMED", release_reason: null },
      { attempt_id: earlier?.id, state: "RELEASED", release_reason: "SUPERSEDED" },
    ]);
    expect([await unit(unitId), await bid(earlier?.bidId ?? "")]).toMatchObject([
      { status: "AVAILABLE" },
      { status: "WITHDRAWN" },
    ]);
  });

  it("comes to the same end in whatever order and however often it is told", async () => {
    const tripId = newId();
    const model = test.hospital.trips.get(await test.trip()) as StandInTrip;
    const { version: _, ...trip } = { ...model, tripId, acceptedAttemptId: newId(), assignedAgencyId: "elsewhere" };
    await test.tell(TripCancelledSchema, { trip: { ...trip, status: TransportStatus.CANCELLED } }, tripId, 3);
    await test.tell(TripAcceptedSchema, { trip: { ...trip, status: TransportStatus.ASSIGNED } }, tripId, 2);
    await test.tell(TripCreatedSchema, { trip: { ...trip, status: TransportStatus.PENDING } }, tripId, 1);
    await test.tell(TripAcceptedSchema, { trip: { ...trip, status: TransportStatus.ASSIGNED } }, tripId, 2);
    await eventually(async () => {
      expect(await row("select status, version from trip_copy where id = $1", tripId)).toEqual({
        status: "CANCELLED",
        version: 3,
      });
    });
  });

  it("records what it did because of an event", async () => {
    const tripId = await test.trip({ awardPolicy: AwardPolicy.MANUAL });
    const bidId = await bidOf(blair, tripId);
    await change(tripId, { status: TransportStatus.CANCELLED });
    const entries = await test.query(
      "select action, user_id from audit_entry where entities @> $1::jsonb order by occurred_at desc",
      [JSON.stringify([{ type: "bid", id: bidId }])],
    );
    expect(entries[0]).toEqual({ action: "medport.events.v1.TripCancelled", user_id: null });
  });

  it("keeps the agencies' people, and nobody else's", async () => {
    const [ours, theirs] = [newId(), newId()];
    const user = { email: "ada@blair.example", name: "Ada", organizationId: "blair", active: true };
    await test.tell(UserCreatedSchema, { user: { ...user, id: ours, userType: UserType.EMS } }, ours);
    await test.tell(UserCreatedSchema, { user: { ...user, id: theirs, userType: UserType.HOSPITAL } }, theirs);
    await test.tell(UserUpdatedSchema, { user: { ...user, id: ours, userType: UserType.EMS, active: false } }, ours, 2);
    await eventually(async () => {
      const people = await test.query("select id, agency_id, is_active from agency_user");
      expect(people).toEqual([{ id: ours, agency_id: "blair", is_active: false }]);
    });
  });

  it("leaves units in use exactly as far as assignments keep them, and every version with its event", async () => {
    const mercy = test.as(aHospitalDispatcher("mercy"));
    expect((await mercy.bids.listBids({})).bids.length).toBeGreaterThan(0);
    const wrong = await test.query(
      `select u.id from unit u
        where (u.status = 'IN_USE') <> (1 = (select count(*) from assignment a
          where a.unit_id = u.id and a.state in ('HELD', 'CONFIRMED')))`,
    );
    expect(wrong).toEqual([]);
    for (const aggregate of ["bid", "unit", "agency"]) {
      const gaps = await test.query(
        `select x.id from ${aggregate} x
          where x.version <> (select count(*) from outbox_event o where o.aggregate_type = $1 and o.aggregate_id = x.id)`,
        [aggregate],
      );
      expect({ aggregate, gaps }).toEqual({ aggregate, gaps: [] });
    }
  });
});
