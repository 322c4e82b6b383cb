import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { create } from "@bufbuild/protobuf";
import { timestampDate, timestampFromDate } from "@bufbuild/protobuf/wkt";
import { AnalyticsService, type CountTripsResponse } from "#gen/medport/center/v1/analytics_service_pb.ts";
import { BidStatus } from "#gen/medport/ems/v1/bid_pb.ts";
import { BidSubmittedSchema } from "#gen/medport/events/v1/bid_events_pb.ts";
import { FacilityCreatedSchema } from "#gen/medport/events/v1/facility_events_pb.ts";
import {
  TripAcceptedSchema,
  TripCancelledSchema,
  TripCompletedSchema,
  TripCreatedSchema,
  TripStartedSchema,
  type TripState,
  TripStateSchema,
} from "#gen/medport/events/v1/trip_events_pb.ts";
import { UnitCreatedSchema } from "#gen/medport/events/v1/unit_events_pb.ts";
import { Priority, TransportLevel, TransportStatus } from "#gen/medport/transport/v1/trip_pb.ts";
import { aUser } from "#platform/auth/auth.builder.ts";
import type { PendingEvent } from "#platform/events/outbox.ts";
import { newId } from "#platform/id.ts";
import { reasonOf } from "#platform/rpc/refusal.ts";
import { eventually } from "#platform/testing/eventually.ts";
import { type EventProducer, startTestCenter, type TestCenter } from "../center.builder.ts";
import { ReferenceEntity } from "../references/reference.entity.ts";
import { MetricEntity } from "./metric.entity.ts";
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

const requestTime = new Date("2026-03-01T12:00:00Z");
const minutesLater = (minutes: number) => timestampFromDate(new Date(requestTime.getTime() + minutes * 60_000));

function aState(over: Partial<TripState> = {}): TripState {
  const usual = {
    tripId: newId(),
    hospitalId: "hospital-1",
    transportLevel: TransportLevel.ALS,
    priority: Priority.HIGH,
    status: TransportStatus.PENDING,
    requestTime: timestampFromDate(requestTime),
    origin: { county: "Blair", name: "UPMC Altoona" },
  };
  return { ...create(TripStateSchema, usual), ...over };
}

const created = (trip: TripState): PendingEvent => ({
  schema: TripCreatedSchema,
  message: { trip },
  aggregateId: trip.tripId,
  version: 1,
});

/** The events of a trip from its request to its completion, with these minutes in between. */
function aWholeTrip(
  state: TripState,
  minutes: { accept: number; pickup: number; complete: number },
): readonly PendingEvent[] {
  const accepted = {
    ...state,
    status: TransportStatus.ASSIGNED,
    assignedAgencyId: "agency-1",
    assignedUnitId: "unit-1",
    acceptTime: minutesLater(minutes.accept),
  };
  const started = { ...accepted, status: TransportStatus.IN_PROGRESS, pickupTime: minutesLater(minutes.pickup) };
  const completed = { ...started, status: TransportStatus.COMPLETED, completionTime: minutesLater(minutes.complete) };
  const about = { aggregateId: state.tripId };
  return [
    created(state),
    { schema: TripAcceptedSchema, message: { trip: accepted, attemptId: "attempt-1" }, ...about, version: 2 },
    { schema: TripStartedSchema, message: { trip: started }, ...about, version: 3 },
    { schema: TripCompletedSchema, message: { trip: completed }, ...about, version: 4 },
  ];
}

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
    const cct = aState({ hospitalId, transportLevel: TransportLevel.CCT, priority: Priority.URGENT });
    const cancelled = aState({ hospitalId });
    await hospital.tell(
      ...aWholeTrip(aState({ hospitalId }), { accept: 10, pickup: 40, complete: 70 }),
      ...aWholeTrip(cct, { accept: 20, pickup: 60, complete: 90 }),
      created(aState({ hospitalId })),
      created(cancelled),
      {
        schema: TripCancelledSchema,
        message: { trip: { ...cancelled, status: TransportStatus.CANCELLED, cancelTime: minutesLater(5) } },
        aggregateId: cancelled.tripId,
        version: 2,
      },
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

  it("counts nothing where nothing happened", async () => {
    const counts = await count("nobody");
    expect(counts.total).toBe(0n);
    expect(counts.timeToAccept).toMatchObject({ count: 0n, averageSeconds: 0, p50Seconds: 0, p90Seconds: 0 });
  });

  it("counts those requested within a time, its end excluded", async () => {
    const hospitalId = newId();
    await hospital.tell(
      ...[0, 10, 20].map((minutes) => created(aState({ hospitalId, requestTime: minutesLater(minutes) }))),
    );
    await settled(hospitalId, 3);
    const within = await center
      .client(AnalyticsService)
      .countTrips({ hospitalId, fromTime: minutesLater(10), untilTime: minutesLater(20) });
    expect(within.total).toBe(1n);
  });

  it("shows a hospital its own, and an agency those assigned to it", async () => {
    const [hospitalId, agencyId] = [newId(), newId()];
    const state = aState({ hospitalId });
    const assigned = {
      ...state,
      status: TransportStatus.ASSIGNED,
      assignedAgencyId: agencyId,
      acceptTime: minutesLater(1),
    };
    await hospital.tell(created(state), created(aState({ hospitalId })), {
      schema: TripAcceptedSchema,
      message: { trip: assigned },
      aggregateId: state.tripId,
      version: 2,
    });
    const ofAgency = aUser({ userType: "EMS", organizationId: agencyId });
    await eventually(async () => expect((await count("", ofAgency)).total).toBe(1n));
    expect((await count("", aUser({ organizationId: hospitalId }))).total).toBe(2n);
    expect((await count(hospitalId, aUser({ organizationId: hospitalId }))).total).toBe(2n);
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
    const state = aState();
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
    await hospital.tell({
      schema: TripCancelledSchema,
      message: { trip: { ...state, status: TransportStatus.CANCELLED } },
      aggregateId: state.tripId,
      version: 5,
    });
    await eventually(async () => expect(await referencesOf()).toEqual([]));
  });

  it("measures each change once, with times and without names of places", async () => {
    const state = aState();
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

  it("is a fact for each trip at Hospital's newest version", async () => {
    const state = aState();
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
    const metrics = await center.database.fork().find(MetricEntity, { metricName: "bid.submitted" });
    expect(metrics.map(({ metadata }) => metadata)).toEqual([{ bidId, tripId: "trip-1", agencyId: "agency-1" }]);
  });
});
