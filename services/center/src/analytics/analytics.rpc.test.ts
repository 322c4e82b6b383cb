import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import { AnalyticsService, type CountTripsResponse } from "#gen/medport/center/v1/analytics_service_pb.ts";
import { BidStatus } from "#gen/medport/ems/v1/bid_pb.ts";
import { BidAmendedSchema, BidSubmittedSchema } from "#gen/medport/events/v1/bid_events_pb.ts";
import { file_medport_events_v1_trip_events as tripEvents } from "#gen/medport/events/v1/trip_events_pb.ts";
import { FacilityCreatedSchema } from "#gen/medport/events/v1/facility_events_pb.ts";
import { UnitCreatedSchema } from "#gen/medport/events/v1/unit_events_pb.ts";
import { Priority, TransportLevel, TransportStatus } from "#gen/medport/transport/v1/trip_pb.ts";
import { aUser } from "#platform/auth/auth.builder.ts";
import { newId } from "#platform/id.ts";
import { reasonOf } from "#platform/rpc/refusal.ts";
import { eventually } from "#platform/testing/eventually.ts";
import { type EventProducer, startTestCenter, type TestCenter } from "../center.builder.ts";
import { ReferenceEntity } from "../references/reference.entity.ts";
import { MetricEntity } from "./metric.entity.ts";
import { aTripEvent, aTripState, aWholeTrip, later, minutesLater, tripEventNames } from "./trip-event.builder.ts";
import { tripHandlers } from "./trip-fact.consumer.ts";
import { TripFactEntity } from "./trip-fact.entity.ts";

let center: TestCenter;
let hospital: EventProducer;
let ems: EventProducer;
beforeAll(async () => {
  center = await startTestCenter("center analytics");
  hospital = await center.producer("hospital");
  ems = await center.producer("ems");
});
afterAll(async () => center[Symbol.asyncDispose]());

function count(hospitalId: string, user?: Parameters<TestCenter["client"]>[1]): Promise<CountTripsResponse> {
  return center.client(AnalyticsService, user).countTrips({ hospitalId });
}

async function settled(hospitalId: string, total: number): Promise<CountTripsResponse> {
  return eventually(async () => {
    const counts = await count(hospitalId);
    expect(counts.total).toBe(BigInt(total));
    expect(counts.byStatus.find(({ status }) => status === TransportStatus.ASSIGNED)?.count).toBe(0n);
    expect(counts.byStatus.find(({ status }) => status === TransportStatus.IN_PROGRESS)?.count).toBe(0n);
    return counts;
  });
}

async function refusalOf(call: Promise<unknown>): Promise<string | undefined> {
  return call.then(
    () => "answered",
    (error: unknown) => reasonOf(error),
  );
}

describe("counting trips", () => {
  it("counts those of a hospital as a whole and by kind, and says how long they took", async () => {
    const hospitalId = newId();
    const cct = aTripState({ hospitalId, transportLevel: TransportLevel.CCT, priority: Priority.URGENT });
    const cancelled = aTripState({ hospitalId });
    await hospital.tell(
      ...aWholeTrip(aTripState({ hospitalId }), { accept: 10, pickup: 40, complete: 70 }),
      ...aWholeTrip(cct, { accept: 20, pickup: 60, complete: 90 }),
      aTripEvent("created", 1, aTripState({ hospitalId })),
      aTripEvent("created", 1, cancelled),
      aTripEvent("cancelled", 2, later(cancelled, { status: TransportStatus.CANCELLED, cancelTime: minutesLater(5) })),
    );
    const counts = await settled(hospitalId, 4);
    expect(Object.fromEntries(counts.byStatus.map(({ status, count: number }) => [status, number]))).toEqual({
      [TransportStatus.PENDING]: 1n,
      [TransportStatus.ASSIGNED]: 0n,
      [TransportStatus.IN_PROGRESS]: 0n,
      [TransportStatus.COMPLETED]: 2n,
      [TransportStatus.CANCELLED]: 1n,
    });
    expect(counts.byTransportLevel.map(({ count: number }) => number)).toEqual([0n, 3n, 1n, 0n]);
    expect(counts.byPriority.map(({ count: number }) => number)).toEqual([0n, 0n, 3n, 1n]);
    expect(counts.timeToAccept).toMatchObject({ count: 2n, averageSeconds: 900, p50Seconds: 900, p90Seconds: 1_140 });
    expect(counts.timeToPickup).toMatchObject({ count: 2n, averageSeconds: 3_000 });
    expect(counts.timeToComplete).toMatchObject({ count: 2n, averageSeconds: 4_800 });
  });

  it("counts those of some kinds", async () => {
    const hospitalId = newId();
    const kinds = [
      [TransportLevel.BLS, Priority.LOW],
      [TransportLevel.BLS, Priority.HIGH],
      [TransportLevel.CCT, Priority.LOW],
      [TransportLevel.OTHER, Priority.URGENT],
    ] as const;
    await hospital.tell(
      ...kinds.map(([transportLevel, priority]) =>
        aTripEvent("created", 1, aTripState({ hospitalId, transportLevel, priority })),
      ),
    );
    await settled(hospitalId, 4);
    const total = async (filter: { transportLevels?: TransportLevel[]; priorities?: Priority[] }) =>
      (await center.client(AnalyticsService).countTrips({ hospitalId, ...filter })).total;
    expect(await total({ transportLevels: [TransportLevel.BLS] })).toBe(2n);
    expect(await total({ transportLevels: [TransportLevel.BLS, TransportLevel.CCT] })).toBe(3n);
    expect(await total({ priorities: [Priority.LOW, Priority.URGENT] })).toBe(3n);
    expect(await total({ transportLevels: [TransportLevel.BLS], priorities: [Priority.LOW] })).toBe(1n);
    expect(await total({ transportLevels: [TransportLevel.ALS] })).toBe(0n);
  });

  it("counts nothing where nothing happened", async () => {
    const counts = await count("nobody");
    expect(counts.total).toBe(0n);
    expect(counts.timeToAccept).toMatchObject({ count: 0n, averageSeconds: 0, p50Seconds: 0, p90Seconds: 0 });
  });

  it("counts those requested within a time, its end excluded", async () => {
    const hospitalId = newId();
    await hospital.tell(
      ...[0, 10, 20].map((minutes) =>
        aTripEvent("created", 1, aTripState({ hospitalId, requestTime: minutesLater(minutes) })),
      ),
    );
    await settled(hospitalId, 3);
    const within = await center
      .client(AnalyticsService)
      .countTrips({ hospitalId, fromTime: minutesLater(10), untilTime: minutesLater(20) });
    expect(within.total).toBe(1n);
  });

  it("shows a hospital its own, and an agency those assigned to it", async () => {
    const [hospitalId, agencyId] = [newId(), newId()];
    const state = aTripState({ hospitalId });
    const award = { status: TransportStatus.ASSIGNED, assignedAgencyId: agencyId, acceptTime: minutesLater(1) };
    await hospital.tell(
      aTripEvent("created", 1, state),
      aTripEvent("created", 1, aTripState({ hospitalId })),
      aTripEvent("accepted", 2, later(state, award)),
    );
    const ofAgency = aUser({ userType: "EMS", organizationId: agencyId });
    await eventually(async () => {
      const { total, byHospital, byAgency } = await count("", ofAgency);
      expect([total, byHospital, byAgency]).toMatchObject([
        1n,
        [{ organizationId: hospitalId, count: 1n }],
        [{ organizationId: agencyId, count: 1n }],
      ]);
    });
    expect((await count("", aUser({ organizationId: hospitalId }))).total).toBe(2n);
    expect(await count(hospitalId, aUser({ organizationId: hospitalId }))).toMatchObject({
      total: 2n,
      byHospital: [{ organizationId: hospitalId, count: 2n }],
      byAgency: [{ organizationId: agencyId, count: 1n }],
    });
  });

  it("counts a trip no longer for the agency that lost it before its end, and still for the one that had it then", async () => {
    const [hospitalId, first, second] = [newId(), newId(), newId()];
    const state = aTripState({ hospitalId });
    const award = (agencyId: string) =>
      later(state, { status: TransportStatus.ASSIGNED, assignedAgencyId: agencyId, acceptTime: minutesLater(1) });
    const total = async (agencyId: string) =>
      (await count("", aUser({ userType: "EMS", organizationId: agencyId }))).total;
    await hospital.tell(aTripEvent("created", 1, state), aTripEvent("accepted", 2, award(first)));
    await eventually(async () => expect(await total(first)).toBe(1n));
    await hospital.tell(aTripEvent("released", 3, state));
    await eventually(async () => expect(await total(first)).toBe(0n));
    expect(await count(hospitalId)).toMatchObject({ total: 1n, byAgency: [] });
    const given = { status: TransportStatus.CANCELLED, cancelTime: minutesLater(9) };
    await hospital.tell(
      aTripEvent("accepted", 4, award(second)),
      aTripEvent("cancelled", 5, later(award(second), given)),
    );
    await eventually(async () => expect(await total(second)).toBe(1n));
    expect(await total(first)).toBe(0n);
  });

  it("refuses an organization the figures of another", async () => {
    const someHospital = aUser({ organizationId: "hospital-1" });
    expect(await refusalOf(count("hospital-2", someHospital))).toBe("ACTION_NOT_ALLOWED");
    const byAgency = center.client(AnalyticsService, someHospital).countTrips({ agencyId: "agency-1" });
    expect(await refusalOf(byAgency)).toBe("ACTION_NOT_ALLOWED");
    const ofAgency = aUser({ userType: "EMS", organizationId: "agency-1" });
    expect(await refusalOf(count("hospital-1", ofAgency))).toBe("ACTION_NOT_ALLOWED");
  });

  it("says until when it knows what Hospital told", async () => {
    const asked = new Date();
    await eventually(async () => {
      const { asOfTime } = await count("");
      expect(asOfTime && timestampDate(asOfTime).getTime()).toBeGreaterThanOrEqual(asked.getTime());
    });
  });
});

describe("what is kept of trips", () => {
  it("names which agency and unit a trip refers to, and drops them when it refers to none", async () => {
    const state = aTripState();
    const referencesOf = async () => {
      const rows = await center.database.fork().find(ReferenceEntity, { entityType: "trip", entityId: state.tripId });
      return rows
        .map(({ referenceType, referenceId, targetDatabase }) => `${referenceType} ${referenceId} in ${targetDatabase}`)
        .toSorted();
    };
    await hospital.tell(...aWholeTrip(state, { accept: 1, pickup: 2, complete: 3 }));
    await eventually(async () =>
      expect(await referencesOf()).toEqual(["agency agency-1 in ems", "unit unit-1 in ems"]),
    );
    await hospital.tell(aTripEvent("cancelled", 5, later(state, { status: TransportStatus.CANCELLED })));
    await eventually(async () => expect(await referencesOf()).toEqual([]));
  });

  it("measures each change once, with times and without names of places", async () => {
    const state = aTripState();
    await hospital.tell(...aWholeTrip(state, { accept: 10, pickup: 40, complete: 70 }));
    const measured = await eventually(async () => {
      const rows = await center.database.fork().find(MetricEntity, { category: "TRIP" }, { orderBy: { id: "asc" } });
      const own = rows.filter(({ metadata }) => metadata?.["tripId"] === state.tripId);
      expect(own).toHaveLength(7);
      return own;
    });
    expect(measured.map(({ metricName, metricValue }) => [metricName, metricValue])).toEqual([
      ["trip.created", 1],
      ["trip.accepted", 1],
      ["trip.seconds_until_accepted", 600],
      ["trip.started", 1],
      ["trip.seconds_until_started", 2_400],
      ["trip.completed", 1],
      ["trip.seconds_until_completed", 4_200],
    ]);
    expect(JSON.stringify(measured)).not.toContain("UPMC");
  });

  it("follows every change that Hospital tells of", async () => {
    const handled = tripHandlers().map(({ type }) => type.typeName);
    const told = tripEvents.messages.map(({ typeName }) => typeName).filter((name) => !name.endsWith(".TripState"));
    expect(handled.toSorted()).toEqual(told.toSorted());
    const state = aTripState();
    await hospital.tell(
      ...tripEventNames.map((name, index) =>
        aTripEvent(name, index + 1, later(state, { origin: { county: `County ${name}` } })),
      ),
    );
    const metrics = await eventually(async () => {
      const rows = await center.database.fork().find(MetricEntity, { category: "TRIP" });
      const own = rows.filter(({ metadata }) => metadata?.["tripId"] === state.tripId);
      expect(own).toHaveLength(tripEventNames.length);
      return own;
    });
    expect(metrics.map(({ metricName }) => metricName).toSorted()).toEqual(
      tripEventNames.map((name) => `trip.${name}`).toSorted(),
    );
    const fact = await center.database.fork().findOneOrFail(TripFactEntity, { tripId: state.tripId });
    expect(fact).toMatchObject({ version: tripEventNames.length, originCounty: `County ${tripEventNames.at(-1)}` });
  });

  it("is a fact for each trip at Hospital's newest version", async () => {
    const state = aTripState();
    await hospital.tell(...aWholeTrip(state, { accept: 1, pickup: 2, complete: 3 }));
    const fact = await eventually(async () => {
      const row = await center.database.fork().findOneOrFail(TripFactEntity, { tripId: state.tripId });
      expect(row.version).toBe(4);
      return row;
    });
    expect(fact).toMatchObject({ status: "COMPLETED", agencyId: "agency-1", unitId: "unit-1", originCounty: "Blair" });
  });
});

describe("what is kept of bids, units and facilities", () => {
  it("names what each refers to in another silo, and counts bids", async () => {
    const [bidId, unitId, facilityId] = [newId(), newId(), newId()];
    const bid = { bidId, tripId: "trip-1", agencyId: "agency-1", status: BidStatus.PENDING };
    await ems.tell(
      { schema: BidSubmittedSchema, message: { bid }, aggregateId: bidId, version: 1 },
      { schema: BidAmendedSchema, message: { bid }, aggregateId: bidId, version: 2 },
      {
        schema: UnitCreatedSchema,
        message: { unit: { id: unitId, agencyId: "agency-1" } },
        aggregateId: unitId,
        version: 1,
      },
    );
    const facility = { facilityId, hospitalId: "hospital-1", name: "UPMC Altoona" };
    await hospital.tell({ schema: FacilityCreatedSchema, message: facility, aggregateId: facilityId, version: 1 });
    await eventually(async () => {
      const rows = await center.database
        .fork()
        .find(ReferenceEntity, { entityId: { $in: [bidId, unitId, facilityId] } });
      expect(
        rows
          .map(
            (row) =>
              `${row.entityType} in ${row.sourceDatabase}: ${row.referenceType} ${row.referenceId} in ${row.targetDatabase}`,
          )
          .toSorted(),
      ).toEqual([
        "bid in ems: trip trip-1 in hospital",
        "facility in hospital: hospital hospital-1 in center",
        "unit in ems: agency agency-1 in center",
      ]);
    });
    await eventually(async () => {
      const metrics = await center.database.fork().find(MetricEntity, { category: "BID" }, { orderBy: { id: "asc" } });
      const metadata = { bidId, tripId: "trip-1", agencyId: "agency-1" };
      expect(metrics).toMatchObject(["bid.submitted", "bid.amended"].map((metricName) => ({ metricName, metadata })));
    });
  });
});
