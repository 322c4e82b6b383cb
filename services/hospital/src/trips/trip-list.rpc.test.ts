import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { Priority, type Trip, TransportStatus, TripOrder } from "#gen/medport/transport/v1/trip_pb.ts";
import { encodePageToken } from "#platform/rpc/page-token.ts";
import { aDispatcher, type HospitalClients } from "../hospital.builder.ts";
import { refusalOf } from "../refusal.builder.ts";
import type { TripListing } from "./trip-list.ts";
import { present, startTripScene, type TripScene } from "./trip-scene.builder.ts";

type Filter = NonNullable<Parameters<HospitalClients["trips"]["listTrips"]>[0]["filter"]>;

describe("ListTrips", () => {
  let scene: TripScene;
  let pending: readonly Trip[];
  let assigned: Trip;
  let cancelled: Trip;

  beforeAll(async () => {
    scene = await startTripScene();
    pending = [await scene.create(), await scene.create(), await scene.create()];
    assigned = await scene.assigned();
    cancelled = await scene.create();
    await scene.mercy.trips.cancelTrip({ tripId: cancelled.id, reason: "why" });
  });
  afterAll(async () => {
    await scene[Symbol.asyncDispose]();
  });

  async function idsFor(
    clients: HospitalClients,
    filter: Filter = {},
    order: TripOrder = TripOrder.UNSPECIFIED,
  ): Promise<readonly string[]> {
    const ids: string[] = [];
    let pageToken = "";
    do {
      const page = await clients.trips.listTrips({ filter, order, pageSize: 2, pageToken });
      expect(page.trips.length).toBeLessThanOrEqual(2);
      ids.push(...page.trips.map(({ id }) => id));
      pageToken = page.nextPageToken;
    } while (pageToken !== "");
    return ids;
  }

  const newestFirst = (trips: readonly Trip[]): readonly string[] => trips.map(({ id }) => id).toReversed();

  it("shows the hospital that asked, the one at the destination and Center all of them, newest first", async () => {
    const all = newestFirst([...pending, assigned, cancelled]);
    expect(await idsFor(scene.mercy)).toEqual(all);
    expect(await idsFor(scene.general)).toEqual(all);
    expect(await idsFor(scene.center)).toEqual(all);
    expect(await idsFor(scene.elsewhere)).toEqual([]);
  });

  it("shows an agency what is open to it and what it has", async () => {
    expect(await idsFor(scene.blair)).toEqual(newestFirst([...pending, assigned]));
    expect(await idsFor(scene.rival)).toEqual(newestFirst(pending));
    expect(await idsFor(scene.distant)).toEqual([]);
    const { trips } = await scene.rival.trips.listTrips({});
    expect(trips.every(({ patientId, specialRequirements }) => patientId + specialRequirements === "")).toBe(true);
  });

  it("narrows down to states, a hospital, an agency", async () => {
    const { PENDING, ASSIGNED, CANCELLED } = TransportStatus;
    expect(await idsFor(scene.mercy, { statuses: [ASSIGNED] })).toEqual([assigned.id]);
    expect(await idsFor(scene.center, { statuses: [CANCELLED, ASSIGNED] })).toEqual(newestFirst([assigned, cancelled]));
    expect(await idsFor(scene.center, { statuses: [PENDING], hospitalId: "mercy" })).toEqual(newestFirst(pending));
    expect(await idsFor(scene.center, { hospitalId: "general" })).toEqual([]);
    expect(await idsFor(scene.center, { assignedAgencyId: "blair" })).toEqual([assigned.id]);
    expect(await idsFor(scene.blair, { statuses: [PENDING] })).toEqual(newestFirst(pending));
  });

  it("binds a page token to the filter and the caller", async () => {
    const { nextPageToken: pageToken } = await scene.mercy.trips.listTrips({ pageSize: 2 });
    const filter = { statuses: [TransportStatus.PENDING] };
    expect(await refusalOf(scene.mercy.trips.listTrips({ pageSize: 2, pageToken, filter }))).toBe(
      "PAGE_TOKEN_MISMATCH",
    );
    expect(await refusalOf(scene.general.trips.listTrips({ pageSize: 2, pageToken }))).toBe("PAGE_TOKEN_MISMATCH");
    expect(await refusalOf(scene.mercy.trips.listTrips({ pageToken: "bm9uc2Vuc2U" }))).toBe("PAGE_TOKEN_MISMATCH");
  });

  it("refuses a page token that its caller has forged", async () => {
    const filter: TripListing = { filter: { statuses: [], levels: [], priorities: [] }, order: "NEWEST_FIRST" };
    const method = "medport.hospital.v1.TripService/ListTrips";
    const scope = { method, filter, caller: { user: { ...aDispatcher("mercy"), token: "" } } };
    const { trips } = await scene.mercy.trips.listTrips({ pageToken: encodePageToken([0, Date.now(), "~"], scope) });
    expect(trips).toHaveLength(5);
    for (const key of [["nonsense"], [0, "today", "~"], [0, 1e300, "~"], [0, 0], [null, 0, "~"], [0.5, 0, "~"]]) {
      const call = scene.mercy.trips.listTrips({ pageToken: encodePageToken(key, scope) });
      expect([key, await refusalOf(call)]).toEqual([key, "PAGE_TOKEN_MISMATCH"]);
    }
  });

  it("puts the most urgent first, and the oldest of them", async () => {
    const { URGENT, LOW } = Priority;
    const low = await scene.create({ priority: LOW });
    const urgent = [await scene.create({ priority: URGENT }), await scene.create({ priority: URGENT })];
    const expected = [...urgent, ...pending, assigned, low].map(({ id }) => id);
    const order = TripOrder.MOST_URGENT_FIRST;
    expect(await idsFor(scene.center, {}, order)).toEqual(expected);
    expect(await idsFor(scene.mercy, { priorities: [URGENT, LOW] }, order)).toEqual([
      urgent[0]?.id,
      urgent[1]?.id,
      low.id,
    ]);
    expect(await idsFor(scene.rival, { statuses: [TransportStatus.PENDING] }, order)).toEqual(
      expected.filter((id) => id !== assigned.id),
    );
    for (const trip of [low, ...urgent]) await scene.mercy.trips.cancelTrip({ tripId: trip.id, reason: "why" });
  });

  it("knows the urgency of open trips only", async () => {
    const order = TripOrder.MOST_URGENT_FIRST;
    const filter = { statuses: [TransportStatus.PENDING, TransportStatus.COMPLETED] };
    expect(await refusalOf(scene.mercy.trips.listTrips({ filter, order }))).toBe("VALIDATION_FAILED");
  });

  it("binds a page token to the order and the time", async () => {
    const { nextPageToken: pageToken } = await scene.mercy.trips.listTrips({ pageSize: 2 });
    const order = TripOrder.OLDEST_FIRST;
    expect(await refusalOf(scene.mercy.trips.listTrips({ pageSize: 2, pageToken, order }))).toBe("PAGE_TOKEN_MISMATCH");
    const asOfTime = present(assigned.updateTime);
    expect(await refusalOf(scene.mercy.trips.listTrips({ pageSize: 2, pageToken, asOfTime }))).toBe(
      "PAGE_TOKEN_MISMATCH",
    );
  });

  it("loses an agency's offers when the agency is switched off", async () => {
    await scene.test.knowAgency({ id: "rival", active: false }, 2);
    expect(await idsFor(scene.rival)).toEqual([]);
  });

  it("leaves an audit entry that names every trip it showed", async () => {
    await scene.test.query("truncate audit_entry");
    const { trips } = await scene.mercy.trips.listTrips({});
    const entries = await scene.test.query<{ action: string; entities: { id: string }[] }>("select * from audit_entry");
    expect(entries).toHaveLength(1);
    expect(entries[0]?.action).toBe("medport.hospital.v1.TripService/ListTrips");
    expect(entries[0]?.entities.map(({ id }) => id)).toEqual(trips.map(({ id }) => id));
  });
});
