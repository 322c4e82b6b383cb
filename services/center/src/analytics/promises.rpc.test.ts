import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import { AnalyticsService, type CountTripsResponse } from "#gen/medport/center/v1/analytics_service_pb.ts";
import { ConfigurationService } from "#gen/medport/center/v1/configuration_service_pb.ts";
import { SlaPauseReason, type SlaSchema, SlaState, TransportStatus } from "#gen/medport/transport/v1/trip_pb.ts";
import { newId } from "#platform/id.ts";
import { eventually } from "#platform/testing/eventually.ts";
import { type EventProducer, startTestCenter, type TestCenter } from "../center.builder.ts";
import {
  aTripEvent,
  aTripState,
  aWholeTrip,
  later,
  minutesLater,
  requestTime,
  type TripEventName,
  type TripStateFields,
} from "./trip-event.builder.ts";
import { TripFactEntity } from "./trip-fact.entity.ts";

let minutesPassed = 0;
let center: TestCenter;
let hospital: EventProducer;
beforeAll(async () => {
  const clock = () => new Date(requestTime.getTime() + minutesPassed * 60_000);
  center = await startTestCenter("center promises", { clock });
  hospital = await center.producer("hospital");
});
afterAll(async () => center[Symbol.asyncDispose]());

type Clocks = Exclude<MessageInitShape<typeof SlaSchema>, { readonly $typeName: string }>;

/** Clocks that promise an award by minute 20 and a pickup by minute 120. */
function clocks(over: Clocks = {}): Clocks {
  return {
    startTime: minutesLater(0),
    assignDueTime: minutesLater(20),
    pickupDueTime: minutesLater(120),
    assignState: SlaState.RUNNING,
    pickupState: SlaState.RUNNING,
    ...over,
  };
}

/** Tells of one trip of a hospital of its own, and waits until it is counted. */
async function tell(over: TripStateFields, name: TripEventName = "created"): Promise<string> {
  const hospitalId = newId();
  await hospital.tell(aTripEvent(name, 1, aTripState({ hospitalId, sla: clocks(), ...over })));
  await eventually(async () => expect((await countAt(minutesPassed, hospitalId)).total).toBe(1n));
  return hospitalId;
}

async function countAt(minutes: number, hospitalId: string): Promise<CountTripsResponse> {
  minutesPassed = minutes;
  return center.client(AnalyticsService).countTrips({ hospitalId });
}

/** What a count says of one trip: the only column of its summary that is not zero. */
async function standing(minutes: number, hospitalId: string): Promise<readonly string[]> {
  const { slaAssign, slaPickup, byHospital } = await countAt(minutes, hospitalId);
  expect(byHospital[0]?.slaPickup).toEqual(slaPickup);
  return [slaAssign, slaPickup].map((summary) => {
    const { met = 0n, missed = 0n, running = 0n } = summary ?? {};
    const names = Object.entries({ met, missed, running }).filter(([, count]) => count > 0n);
    return names.map(([name, count]) => (count === 1n ? name : `${count} ${name}`)).join(" and ") || "neither";
  });
}

describe("a promise about a trip", () => {
  it("runs until its due time is over, and is missed from then on though nothing happened", async () => {
    const hospitalId = await tell({});
    expect(await standing(20, hospitalId)).toEqual(["running", "running"]);
    expect(await standing(20.001, hospitalId)).toEqual(["missed", "running"]);
    expect(await standing(120, hospitalId)).toEqual(["missed", "running"]);
    expect(await standing(120.001, hospitalId)).toEqual(["missed", "missed"]);
  });

  it.each([
    { state: SlaState.MET, said: "met" },
    { state: SlaState.MISSED, said: "missed" },
    { state: SlaState.VOID, said: "neither" },
    { state: SlaState.UNSPECIFIED, said: "neither" },
    { state: SlaState.PAUSED, said: "running" },
  ])("that Hospital calls $state is $said, however late it is", async ({ state, said }) => {
    const hospitalId = await tell({ sla: clocks({ assignState: state, pickupState: state }) });
    expect(await standing(10_000, hospitalId)).toEqual([said, said]);
  });

  it("is neither kept nor broken for what was told before trips had clocks", async () => {
    const hospitalId = newId();
    minutesPassed = 0;
    await hospital.tell(...aWholeTrip(aTripState({ hospitalId }), { accept: 1, pickup: 2, complete: 3 }));
    await eventually(async () =>
      expect((await countAt(0, hospitalId)).byHospital).toMatchObject([{ count: 1n, completed: 1n }]),
    );
    expect(await standing(10_000, hospitalId)).toEqual(["neither", "neither"]);
  });

  it("stands as the trip's last change left it", async () => {
    minutesPassed = 0;
    const hospitalId = newId();
    const state = aTripState({ hospitalId, sla: clocks() });
    const assigned = later(state, { status: TransportStatus.ASSIGNED, sla: clocks({ assignState: SlaState.MET }) });
    const changes = [
      { name: "accepted", trip: assigned, said: ["met", "missed"] },
      { name: "released", trip: state, said: ["missed", "missed"] },
      {
        name: "sla_paused",
        trip: later(state, { sla: clocks({ assignState: SlaState.PAUSED, pickupState: SlaState.PAUSED }) }),
        said: ["running", "running"],
      },
      {
        name: "sla_resumed",
        trip: later(state, { sla: clocks({ assignDueTime: minutesLater(50), pickupDueTime: minutesLater(150) }) }),
        said: ["missed", "running"],
      },
    ] as const;
    await hospital.tell(aTripEvent("created", 1, state));
    for (const [index, { name, trip, said }] of changes.entries()) {
      await hospital.tell(aTripEvent(name, index + 2, trip));
      await eventually(async () => expect(await standing(130, hospitalId)).toEqual(said));
    }
  });

  it("is kept with its due times, the pause that lasts and the window", async () => {
    const pauses = [
      { reason: SlaPauseReason.WEATHER, startTime: minutesLater(1), endTime: minutesLater(2) },
      { reason: SlaPauseReason.PATIENT_NOT_READY, startTime: minutesLater(3) },
    ];
    minutesPassed = 0;
    const hospitalId = await tell(
      {
        sla: clocks({ assignState: SlaState.PAUSED, pickupState: SlaState.PAUSED, pauses }),
        pickupWindow: { startTime: minutesLater(60), endTime: minutesLater(90) },
      },
      "sla_paused",
    );
    const fact = await center.database.fork().findOneOrFail(TripFactEntity, { hospitalId });
    const at = (minutes: number) => timestampDate(minutesLater(minutes));
    expect(fact).toMatchObject({
      windowStart: at(60),
      windowEnd: at(90),
      slaStart: at(0),
      pausedSince: at(3),
      assignDueAt: at(20),
      assignState: "PAUSED",
      pickupDueAt: at(120),
      pickupState: "PAUSED",
    });
  });
});

describe("the share of kept promises", () => {
  it("is told in percent beside the share that is aimed at, which Center's people set", async () => {
    const hospitalId = newId();
    minutesPassed = 0;
    const states = [SlaState.MET, SlaState.MET, SlaState.MISSED, SlaState.RUNNING, SlaState.VOID];
    await hospital.tell(
      ...states.map((assignState) =>
        aTripEvent("created", 1, aTripState({ hospitalId, sla: clocks({ assignState }) })),
      ),
    );
    await eventually(async () => {
      expect((await countAt(0, hospitalId)).slaAssign).toMatchObject({
        ...{ met: 2n, missed: 1n, running: 1n },
        ...{ compliancePercent: 66.7, targetPercent: 90 },
      });
    });
    const configurations = center.client(ConfigurationService);
    await configurations.setConfiguration({ key: "sla.target_percent", value: "95" });
    expect(await countAt(0, hospitalId)).toMatchObject({
      slaAssign: { targetPercent: 95 },
      slaPickup: { targetPercent: 95 },
      byHospital: [{ slaPickup: { targetPercent: 95 } }],
    });
    await configurations.resetConfiguration({ key: "sla.target_percent" });
    expect((await countAt(0, hospitalId)).slaAssign?.targetPercent).toBe(90);
  });
});

describe("counting by organization", () => {
  it("names the hundred hospitals and agencies with most trips, most first", async () => {
    minutesPassed = 0;
    await center.database.fork().execute(
      `insert into trip_fact (trip_id, hospital_id, agency_id, status, transport_level, priority, origin_county,
                              requested_at, version, heard_at)
       select 'many-' || h || '-' || n, 'many-h-' || h, 'many-a-' || h, 'COMPLETED', 'BLS', 'LOW', 'Blair',
              timestamptz '2020-01-01', 1, timestamptz '2020-01-01'
         from generate_series(1, 101) h, generate_series(1, 2 + h % 2) n`,
    );
    await center.database.fork().execute(
      `insert into trip_fact (trip_id, hospital_id, agency_id, status, transport_level, priority, origin_county,
                              requested_at, version, heard_at)
       select 'most-' || n, 'many-h-77', case when n > 3 then 'many-a-78' end, 'PENDING', 'BLS', 'LOW', 'Blair',
              timestamptz '2020-01-01', 1, timestamptz '2020-01-01' from generate_series(1, 6) n`,
    );
    const { byHospital, byAgency, total } = await center
      .client(AnalyticsService)
      .countTrips({ untilTime: { seconds: 1_600_000_000n } });
    expect(total).toBe(259n);
    expect([byHospital.length, byAgency.length]).toEqual([100, 100]);
    expect(byHospital[0]).toMatchObject({ organizationId: "many-h-77", count: 9n, completed: 3n });
    expect(byAgency[0]).toMatchObject({ organizationId: "many-a-78", count: 5n, completed: 2n });
    expect(byHospital.map((it) => Number(it.count))).toEqual(
      Array.from({ length: 100 }, (_, place) => (place === 0 ? 9 : place <= 50 ? 3 : 2)),
    );
  });
});
