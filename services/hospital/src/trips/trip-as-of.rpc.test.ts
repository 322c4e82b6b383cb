import { type Timestamp, timestampDate, timestampFromDate } from "@bufbuild/protobuf/wkt";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { MilestoneType, SlaState, type Trip, TransportStatus, TripOrder } from "#gen/medport/transport/v1/trip_pb.ts";
import { eventually } from "#platform/testing/eventually.ts";
import type { HospitalClients } from "../hospital.builder.ts";
import { refusalOf } from "../refusal.builder.ts";
import { present, startTripScene, type TripScene } from "./trip-scene.builder.ts";

const { PENDING, ASSIGNED, IN_PROGRESS } = TransportStatus;

describe("a trip as it was", () => {
  let scene: TripScene;
  beforeAll(async () => {
    scene = await startTripScene();
  });
  afterAll(async () => {
    await scene[Symbol.asyncDispose]();
  });

  /** Makes the next change later than this one, by the clock that versions are kept by. */
  async function settle(): Promise<void> {
    const now = Date.now();
    await eventually(() => expect(Date.now()).toBeGreaterThan(now), { everyMs: 1 });
  }

  async function read({ trips }: HospitalClients, { id }: Trip, asOfTime?: Timestamp): Promise<Trip> {
    return present((await trips.getTrip({ tripId: id, ...(asOfTime && { asOfTime }) })).trip);
  }

  const timeOf = ({ updateTime }: Trip): Timestamp => present(updateTime);

  const before = (time: Timestamp): Timestamp => timestampFromDate(new Date(timestampDate(time).getTime() - 1));

  /** A trip of which Blair has reported a step, and its versions. */
  async function aCourse(): Promise<{ created: Trip; assigned: Trip; reported: Trip }> {
    const created = await scene.create();
    await settle();
    await scene.claim(scene.claimOf(created));
    const assigned = await read(scene.mercy, created);
    await settle();
    await scene.blair.trips.recordMilestone({ tripId: created.id, type: MilestoneType.EN_ROUTE });
    return { created, assigned, reported: await read(scene.mercy, created) };
  }

  /** What a later look at the clocks may tell otherwise. */
  const withoutClocks = ({ sla, ...trip }: Trip): object => trip;

  it("is what it was after each of its changes, until the next", async () => {
    const { created, assigned, reported } = await aCourse();
    for (const version of [created, assigned, reported]) {
      const then = await read(scene.mercy, version, timeOf(version));
      expect(withoutClocks(then)).toEqual(withoutClocks(version));
    }
    const justBefore = await read(scene.center, created, before(timeOf(reported)));
    expect(withoutClocks(justBefore)).toEqual(withoutClocks(assigned));
  });

  it("is not there before it was asked for", async () => {
    const created = await scene.create();
    const earlier = before(timeOf(created));
    expect(await refusalOf(read(scene.mercy, created, earlier))).toBe("RESOURCE_NOT_FOUND");
    expect(await refusalOf(read(scene.center, { ...created, id: "none" }, earlier))).toBe("RESOURCE_NOT_FOUND");
  });

  it("has its clocks as they stood", async () => {
    const { created, reported } = await aCourse();
    const then = await read(scene.mercy, created, timeOf(created));
    expect(then.sla?.assignState).toBe(SlaState.RUNNING);
    expect((await read(scene.mercy, created, timeOf(reported))).sla?.assignState).toBe(SlaState.MET);
  });

  it("is nobody's to see in the future", async () => {
    const created = await scene.create();
    const tomorrow = timestampFromDate(new Date(Date.now() + 86_400_000));
    expect(await refusalOf(read(scene.mercy, created, tomorrow))).toBe("VALIDATION_FAILED");
    expect(await refusalOf(scene.mercy.trips.listTrips({ asOfTime: tomorrow }))).toBe("VALIDATION_FAILED");
  });

  it("shows an agency no more than it could see then, and no more than it may see now", async () => {
    const { created, assigned, reported } = await aCourse();
    expect(await read(scene.blair, created, timeOf(assigned))).toMatchObject({
      patientId: created.patientId,
      specialRequirements: created.specialRequirements,
    });
    expect(await read(scene.blair, created, timeOf(created))).toMatchObject({
      patientId: "",
      specialRequirements: "",
      status: PENDING,
    });
    expect(await refusalOf(read(scene.rival, created, timeOf(created)))).toBe("RESOURCE_NOT_FOUND");

    await settle();
    await scene.blair.trips.releaseTrip({ tripId: created.id, reason: "secret: broken down" });
    // Blair may have the trip again, like everybody, but has it no more.
    expect(await read(scene.blair, created, timeOf(reported))).toMatchObject({
      patientId: "",
      specialRequirements: "",
      status: ASSIGNED,
    });
    expect(await read(scene.rival, created, timeOf(created))).toMatchObject({ status: PENDING, patientId: "" });
    expect(await refusalOf(read(scene.rival, created, timeOf(reported)))).toBe("RESOURCE_NOT_FOUND");
  });

  it("is as secret from a stranger as it is now", async () => {
    const { created } = await aCourse();
    expect(await refusalOf(read(scene.elsewhere, created, timeOf(created)))).toBe("RESOURCE_NOT_FOUND");
  });

  it("stands in the list as it was then, where the filter and the order go by what it was", async () => {
    const { created, reported } = await aCourse();
    await settle();
    const cancelled = await scene.create();
    await settle();
    await scene.mercy.trips.cancelTrip({ tripId: cancelled.id, reason: "why" });
    const list = async (clients: HospitalClients, asOfTime: Timestamp, ...statuses: TransportStatus[]) => {
      const order = TripOrder.MOST_URGENT_FIRST;
      const { trips } = await clients.trips.listTrips({ filter: { statuses }, order, asOfTime, pageSize: 500 });
      return trips.filter(({ id }) => id === created.id || id === cancelled.id).map(({ id, status }) => [id, status]);
    };
    expect(await list(scene.mercy, timeOf(created))).toEqual([[created.id, PENDING]]);
    expect(await list(scene.mercy, timeOf(created), ASSIGNED)).toEqual([]);
    expect(await list(scene.general, timeOf(reported), ASSIGNED, IN_PROGRESS)).toEqual([[created.id, ASSIGNED]]);
    expect(await list(scene.center, timeOf(cancelled))).toEqual([
      [created.id, ASSIGNED],
      [cancelled.id, PENDING],
    ]);
    expect(await list(scene.rival, timeOf(cancelled))).toEqual([]);
    expect(await list(scene.elsewhere, timeOf(cancelled))).toEqual([]);
  });

  it("is named in the audit log", async () => {
    const created = await scene.create();
    await scene.test.query("truncate audit_entry");
    await read(scene.mercy, created, timeOf(created));
    await scene.mercy.trips.listTrips({ asOfTime: timeOf(created), pageSize: 1 });
    const entries = await scene.test.query<{ entities: object[] }>(
      "select entities from audit_entry order by occurred_at, id",
    );
    expect(entries).toHaveLength(2);
    expect(entries[0]?.entities).toEqual([{ type: "trip", id: created.id }]);
    expect(entries[1]?.entities).toHaveLength(1);
  });
});
