import { type Timestamp, timestampDate, timestampFromDate } from "@bufbuild/protobuf/wkt";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import type { TripDifference } from "#gen/medport/hospital/v1/trip_service_pb.ts";
import { MilestoneType, Priority, type Trip, TransportStatus } from "#gen/medport/transport/v1/trip_pb.ts";
import { eventually } from "#platform/testing/eventually.ts";
import type { HospitalClients } from "../hospital.builder.ts";
import { errorOf, refusalOf } from "../refusal.builder.ts";
import { present, startTripScene, type TripScene } from "./trip-scene.builder.ts";

const { PENDING, ASSIGNED, CANCELLED } = TransportStatus;

describe("CompareTrips", () => {
  let scene: TripScene;
  beforeAll(async () => {
    scene = await startTripScene();
  });
  afterAll(async () => {
    await scene[Symbol.asyncDispose]();
  });

  /** A time that lies after everything so far and before everything from now on. */
  async function mark(): Promise<Timestamp> {
    const [row] = await scene.test.query<{ last: Date | null }>("select max(recorded_at) as last from trip_history");
    const last = row?.last?.getTime() ?? 0;
    await eventually(() => expect(Date.now()).toBeGreaterThan(last + 1), { everyMs: 1 });
    const time = Date.now();
    await eventually(() => expect(Date.now()).toBeGreaterThan(time), { everyMs: 1 });
    return timestampFromDate(new Date(time));
  }

  const beginning = timestampFromDate(new Date("2020-01-01T00:00:00Z"));

  async function compare(
    { trips }: HospitalClients,
    span: { readonly fromTime: Timestamp; readonly untilTime: Timestamp },
    { id: tripId = "" }: Partial<Trip> = {},
  ): Promise<readonly TripDifference[]> {
    const found: TripDifference[] = [];
    let pageToken = "";
    do {
      const page = await trips.compareTrips({ ...span, tripId, pageSize: 2, pageToken });
      expect(page.differences.length).toBeLessThanOrEqual(2);
      found.push(...page.differences);
      pageToken = page.nextPageToken;
    } while (pageToken !== "");
    return found;
  }

  it("tells how a trip was before and after, in which fields it differs, and what happened in between", async () => {
    const created = await scene.create();
    const fromTime = await mark();
    await scene.claim(scene.claimOf(created));
    const updateMask = { paths: ["priority"] };
    await scene.mercy.trips.updateTrip({ tripId: created.id, details: { priority: Priority.URGENT }, updateMask });
    const untilTime = await mark();
    await scene.blair.trips.recordMilestone({ tripId: created.id, type: MilestoneType.EN_ROUTE });

    const [difference, ...others] = await compare(scene.mercy, { fromTime, untilTime }, created);
    expect(others).toEqual([]);
    expect(difference).toMatchObject({
      tripId: created.id,
      before: { version: 1n, status: PENDING, priority: Priority.HIGH },
      after: { version: 3n, status: ASSIGNED, priority: Priority.URGENT, assignedAgencyId: "blair", milestones: [] },
    });
    expect(difference?.entries.map(({ version, change }) => `${version} ${change}`)).toEqual([
      "2 accepted",
      "3 updated",
    ]);
    expect(difference?.entries[1]?.changedFields).toEqual(["priority"]);
    expect(difference?.changedFields).toEqual(expect.arrayContaining(["status", "priority", "accept_time", "version"]));
    for (const same of ["id", "origin", "special_requirements", "patient_id", "milestones", "request_time"]) {
      expect(difference?.changedFields).not.toContain(same);
    }
  });

  it("has no before for a trip that was not there yet, and nothing for one that did not change", async () => {
    const fromTime = await mark();
    const created = await scene.create();
    const untilTime = await mark();
    const [difference] = await compare(scene.mercy, { fromTime, untilTime }, created);
    expect(difference?.before).toBeUndefined();
    expect(difference?.changedFields).toEqual(expect.arrayContaining(["id", "status", "patient_id"]));
    expect(difference?.entries.map(({ change }) => change)).toEqual(["created"]);
    const later = { fromTime: untilTime, untilTime: await mark() };
    expect(await compare(scene.mercy, later, created)).toEqual([]);
    expect(await compare(scene.mercy, later)).toEqual([]);
  });

  it("lists every trip that changed and that the caller may see, by its first change", async () => {
    const old = await scene.create();
    const untouched = await scene.create();
    const fromTime = await mark();
    const fresh = [await scene.create(), await scene.create()] as const;
    await mark();
    await scene.mercy.trips.cancelTrip({ tripId: old.id, reason: "secret: why" });
    await scene.claim(scene.claimOf(fresh[0]));
    const untilTime = await mark();
    await scene.mercy.trips.cancelTrip({ tripId: untouched.id, reason: "secret: why" });

    const span = { fromTime, untilTime };
    const ids = async (clients: HospitalClients) => (await compare(clients, span)).map(({ tripId }) => tripId);
    const all = [...fresh, old].map(({ id }) => id);
    expect(await ids(scene.mercy)).toEqual(all);
    expect(await ids(scene.general)).toEqual(all);
    expect(await ids(scene.center)).toEqual(all);
    expect(await ids(scene.elsewhere)).toEqual([]);
    // Nobody has what was cancelled while it waited, and what another has is not the rival's to see.
    expect(await ids(scene.blair)).toEqual([fresh[0].id, fresh[1].id]);
    expect(await ids(scene.rival)).toEqual([fresh[1].id]);
    const [, , cancelled] = await compare(scene.mercy, span);
    expect(cancelled).toMatchObject({ before: { status: PENDING }, after: { status: CANCELLED } });
  });

  it("tells an agency no more than it could see at each time", async () => {
    const created = await scene.create();
    const offered = await mark();
    await scene.claim(scene.claimOf(created));
    const taken = await mark();
    await scene.blair.trips.releaseTrip({ tripId: created.id, reason: "secret: broken down" });
    const released = await mark();

    const [won] = await compare(scene.mercy, { fromTime: offered, untilTime: taken }, created);
    expect(won?.before?.specialRequirements).toBe("secret: oxygen");
    // It waits again: Blair may have it like everybody, and sees nothing of the patient at any time.
    const seen = await compare(scene.blair, { fromTime: beginning, untilTime: released }, created);
    expect(seen[0]?.entries.map(({ change }) => change)).toEqual(["created", "accepted", "released"]);
    expect(
      JSON.stringify(seen, (_key, value: unknown) => (typeof value === "bigint" ? `${value}` : value)),
    ).not.toContain("secret");
    // The rival could not see it while Blair had it.
    const [rivals] = await compare(scene.rival, { fromTime: offered, untilTime: released }, created);
    expect(rivals?.entries.map(({ change }) => change)).toEqual(["released"]);
    expect(await compare(scene.rival, { fromTime: offered, untilTime: taken }, created)).toEqual([]);

    await scene.claim(scene.claimOf({ ...created, materialVersion: present(rivals?.after).materialVersion }));
    const [again] = await compare(scene.blair, { fromTime: offered, untilTime: await mark() }, created);
    expect(again?.before).toMatchObject({ patientId: "", specialRequirements: "" });
    expect(again?.after).toMatchObject({ patientId: created.patientId, specialRequirements: "secret: oxygen" });
    // What Blair could not see before may not have changed.
    expect(again?.changedFields).not.toEqual(expect.arrayContaining(["special_requirements"]));
    expect(again?.changedFields).toContain("status");
  });

  it("refuses what cannot be compared", async () => {
    const now = await mark();
    const { trips } = scene.mercy;
    const later = timestampFromDate(new Date(timestampDate(now).getTime() + 3_600_000));
    expect(await refusalOf(trips.compareTrips({ fromTime: beginning, untilTime: later }))).toBe("VALIDATION_FAILED");
    expect(await refusalOf(trips.compareTrips({ fromTime: now, untilTime: beginning }))).toBe("VALIDATION_FAILED");
    expect(await refusalOf(trips.compareTrips({ fromTime: beginning }))).toBe("VALIDATION_FAILED");
    const span = { fromTime: beginning, untilTime: now };
    expect(await refusalOf(trips.compareTrips({ ...span, tripId: "none" }))).toBe("RESOURCE_NOT_FOUND");
    const created = await scene.create();
    const foreign = scene.elsewhere.trips.compareTrips({ ...span, tripId: created.id });
    expect((await errorOf(foreign)).message.replace(created.id, "none")).toBe(
      (await errorOf(trips.compareTrips({ ...span, tripId: "none" }))).message,
    );
  });

  it("binds a page token to the span", async () => {
    await scene.create();
    const span = { fromTime: beginning, untilTime: await mark(), pageSize: 1 };
    const { nextPageToken: pageToken } = await scene.mercy.trips.compareTrips(span);
    const other = { ...span, fromTime: timestampFromDate(new Date("2020-01-02T00:00:00Z")), pageToken };
    expect(await refusalOf(scene.mercy.trips.compareTrips(other))).toBe("PAGE_TOKEN_MISMATCH");
    expect(await refusalOf(scene.general.trips.compareTrips({ ...span, pageToken }))).toBe("PAGE_TOKEN_MISMATCH");
  });

  it("names in the audit log what it showed", async () => {
    const fromTime = await mark();
    const created = await scene.create();
    const untilTime = await mark();
    await scene.test.query("truncate audit_entry");
    await compare(scene.mercy, { fromTime, untilTime });
    const entries = await scene.test.query<{ entities: object[] }>("select entities from audit_entry");
    expect(entries).toEqual([{ entities: [{ type: "trip", id: created.id }] }]);
  });
});
