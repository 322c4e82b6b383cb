import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import type { WatchTripsResponse } from "#gen/medport/hospital/v1/trip_service_pb.ts";
import { Priority, type Trip, TransportStatus, TransportStatusSchema } from "#gen/medport/transport/v1/trip_pb.ts";
import { watching, type Watching } from "#platform/feed/watching.builder.ts";
import { enumLabel } from "#platform/rpc/enum-label.ts";
import { reasonOf } from "#platform/rpc/refusal.ts";
import { eventually } from "#platform/testing/eventually.ts";
import { aFacilityRequest } from "../facilities/facility.builder.ts";
import { anAgencyDispatcher, type HospitalClients } from "../hospital.builder.ts";
import { startTripScene, type TripScene } from "../trips/trip-scene.builder.ts";

type Filter = NonNullable<Parameters<HospitalClients["trips"]["watchTrips"]>[0]["filter"]>;

describe("WatchTrips", () => {
  let scene: TripScene;
  beforeAll(async () => {
    scene = await startTripScene();
  });
  afterAll(async () => {
    await scene[Symbol.asyncDispose]();
  });

  const watch = (clients: HospitalClients, filter: Filter = {}, cursor = ""): Watching<WatchTripsResponse> =>
    watching((signal) => clients.trips.watchTrips({ filter, cursor }, { signal }));
  /** A board as it is now, read to the end of its snapshot. */
  const open = async (clients: HospitalClients, filter?: Filter): Promise<Opened> => {
    const board = watch(clients, filter);
    const [started] = await board.next();
    const trips: Trip[] = [];
    for (;;) {
      const [{ item, cursor } = { item: { case: undefined }, cursor: "" }] = await board.next();
      if (item.case === "trip" && item.value.trip) {
        expect(cursor).toBe("");
        trips.push(item.value.trip);
        continue;
      }
      expect(item).toMatchObject({ case: "snapshotCompleted", value: { size: trips.length } });
      return { board, trips, gap: started?.item.case === "snapshotStarted" && started.item.value.gap };
    }
  };
  interface Opened {
    readonly board: Watching<WatchTripsResponse>;
    readonly trips: readonly Trip[];
    readonly gap: boolean;
  }
  const told = async (board: Watching<WatchTripsResponse>, count = 1): Promise<readonly string[]> =>
    (await board.next(count)).map(shortly);

  it("begins with the open trips that the caller may see, as the caller may see them", async () => {
    const trip = await scene.create();
    const assigned = await scene.assigned();
    const cancelled = await scene.create();
    await scene.mercy.trips.cancelTrip({ tripId: cancelled.id, reason: "why" });
    const ids = async (clients: HospitalClients): Promise<readonly string[]> => {
      const { board, trips } = await open(clients);
      await board[Symbol.asyncDispose]();
      return trips.map(({ id }) => id).filter((id) => [trip.id, assigned.id, cancelled.id].includes(id));
    };
    for (const clients of [scene.mercy, scene.general, scene.center, scene.blair]) {
      expect((await ids(clients)).toSorted()).toEqual([trip.id, assigned.id].toSorted());
    }
    expect(await ids(scene.rival)).toEqual([trip.id]);
    expect(await ids(scene.distant)).toEqual([]);
    expect(await ids(scene.elsewhere)).toEqual([]);
    const { board, trips } = await open(scene.rival);
    expect(trips.every(({ specialRequirements, patientId }) => specialRequirements + patientId === "")).toBe(true);
    await board[Symbol.asyncDispose]();
  });

  it("tells every change to those whom it concerns, once and in order", async () => {
    const boards = [scene.mercy, scene.center, scene.blair, scene.rival, scene.elsewhere];
    const opened = await Promise.all(boards.map((clients) => open(clients)));
    const [mercy, center, blair, rival, elsewhere] = opened.map(({ board }) => board);
    const trip = await scene.assigned();
    const tripId = trip.id;
    await scene.blair.trips.startTransport({ tripId });
    await scene.blair.trips.completeTrip({ tripId });
    const last = await scene.create();
    const whole = ["created PENDING", "accepted ASSIGNED", "started IN_PROGRESS", "gone, completed COMPLETED"];
    for (const board of [mercy, center, blair]) {
      expect(board && (await told(board, 5))).toEqual([...whole, "created PENDING"]);
    }
    expect(rival && (await told(rival, 3))).toEqual(["created PENDING", "gone", "created PENDING"]);
    await scene.mercy.trips.cancelTrip({ tripId: last.id, reason: "secret: why" });
    for (const board of [mercy, rival]) expect(board && (await told(board))[0]).toMatch(/^gone/);
    // Of all that somebody who has nothing to do with it is told nothing: the first that comes is the own trip.
    const { trip: own } = await scene.elsewhere.trips.createTrip(scene.request());
    expect(elsewhere && (await elsewhere.next())[0]?.item).toMatchObject({
      case: "trip",
      value: { trip: { id: own?.id } },
    });
    await scene.elsewhere.trips.cancelTrip({ tripId: own?.id ?? "", reason: "why" });
    for (const { board } of opened) await board[Symbol.asyncDispose]();
  });

  it("does not tell an agency what becomes of a trip that it may no longer see", async () => {
    const { board } = await open(scene.rival);
    await scene.assigned();
    await board.next();
    const [message] = await board.next();
    expect(message?.item).toMatchObject({ case: "gone", value: { version: 2n, change: "" } });
    expect(message?.item.case === "gone" && message.item.value.trip).toBeUndefined();
    await board[Symbol.asyncDispose]();
  });

  it("tells a hospital that was away nothing of a trip that has become another hospital's", async () => {
    const { facility } = await scene.elsewhere.facilities.createFacility(aFacilityRequest({ name: "Elsewhere" }));
    const { board } = await open(scene.general);
    await scene.create();
    const [before] = await board.next();
    await board[Symbol.asyncDispose]();
    const trip = await scene.create();
    await scene.mercy.trips.updateTrip({
      tripId: trip.id,
      details: { destinationFacilityId: facility?.id ?? "" },
      updateMask: { paths: ["destination_facility_id"] },
    });
    await using resumed = watch(scene.general, {}, before?.cursor);
    const [next] = await resumed.next();
    expect(next?.item).toMatchObject({ case: "gone", value: { tripId: trip.id, change: "" } });
    expect(next?.item.case === "gone" && next.item.value.trip).toBeUndefined();
  });

  it("offers a trip that waits to other agencies when it turns out to begin in another county", async () => {
    const { facilities } = scene.mercy;
    const { facility } = await facilities.createFacility(aFacilityRequest({ name: "Mercy East", county: "Blair" }));
    const [near, far] = await Promise.all([open(scene.rival), open(scene.distant)]);
    const trip = await scene.create({ originFacilityId: facility?.id ?? "" });
    expect(await told(near.board)).toEqual(["created PENDING"]);
    await facilities.updateFacility({
      facilityId: facility?.id ?? "",
      details: { county: "Centre" },
      updateMask: { paths: ["county"] },
    });
    expect(await told(near.board)).toEqual(["gone"]);
    expect(await told(far.board)).toEqual(["updated PENDING"]);
    expect(await scene.lastEventOf(trip.id)).toMatchObject({
      TripUpdated: { trip: { origin: { county: "Centre" } } },
    });
    for (const { board } of [near, far]) await board[Symbol.asyncDispose]();
    await scene.mercy.trips.cancelTrip({ tripId: trip.id, reason: "why" });
  });

  it("follows what the caller asked for: a trip comes when it fits and goes when it does not", async () => {
    const { board, trips } = await open(scene.mercy, { priorities: [Priority.URGENT] });
    expect(trips).toEqual([]);
    const { id: tripId } = await scene.create();
    const change = (priority: Priority) =>
      scene.mercy.trips.updateTrip({ tripId, details: { priority }, updateMask: { paths: ["priority"] } });
    await change(Priority.URGENT);
    await change(Priority.LOW);
    expect(await told(board, 2)).toEqual(["updated PENDING", "gone, updated PENDING"]);
    await board[Symbol.asyncDispose]();
  });

  it("goes on from a cursor without gap and without repetition", async () => {
    const { board } = await open(scene.mercy);
    const first = await scene.create();
    await board.next();
    await board[Symbol.asyncDispose]();
    await scene.mercy.trips.cancelTrip({ tripId: first.id, reason: "why" });
    await scene.create();
    const resumed = watch(scene.mercy, {}, board.cursor());
    expect(await told(resumed, 2)).toEqual(["gone, cancelled CANCELLED", "created PENDING"]);
    await resumed[Symbol.asyncDispose]();
  });

  it("begins anew, and says so, where a cursor cannot be continued", async () => {
    const { board } = await open(scene.mercy);
    await board[Symbol.asyncDispose]();
    const foreign = board.cursor().replace(/\d+\.[^.]*$/, "999999.other");
    const resumed = watch(scene.mercy, {}, foreign);
    const [started] = await resumed.next();
    expect(started?.item).toMatchObject({ case: "snapshotStarted", value: { gap: true } });
    await resumed[Symbol.asyncDispose]();
  });

  it("binds a cursor to the caller and the filter", async () => {
    const { board } = await open(scene.mercy);
    await board[Symbol.asyncDispose]();
    const refusal = async (clients: HospitalClients, filter?: Filter, cursor = board.cursor()): Promise<unknown> =>
      reasonOf(await watch(clients, filter, cursor).end());
    expect(await refusal(scene.general)).toBe("PAGE_TOKEN_MISMATCH");
    expect(await refusal(scene.mercy, { statuses: [TransportStatus.PENDING] })).toBe("PAGE_TOKEN_MISMATCH");
    expect(await refusal(scene.mercy, {}, "nonsense")).toBe("PAGE_TOKEN_MISMATCH");
  });

  it("makes an agency begin anew when something else is open to it, and never shows it more", async () => {
    await scene.test.knowAgency({ id: "shifting" });
    const shifting = scene.test.as(anAgencyDispatcher("shifting"));
    const { board, trips } = await open(shifting);
    expect(trips.length).toBeGreaterThan(0);
    await scene.test.knowAgency({ id: "shifting", serviceArea: ["county:Elk"] }, 2);
    // It is looked at once a second, and when there is something to tell.
    await eventually(async () => {
      await scene.create();
      const messages = await board.next();
      expect(messages[0]?.item).toMatchObject({ case: "snapshotStarted", value: { gap: false } });
    });
    expect((await board.next())[0]?.item).toMatchObject({ case: "snapshotCompleted", value: { size: 0 } });
    await board[Symbol.asyncDispose]();
    await scene.test.knowAgency({ id: "shifting" }, 3);
    const resumed = watch(shifting, {}, board.cursor());
    expect((await resumed.next())[0]?.item).toMatchObject({ case: "snapshotStarted" });
    await resumed[Symbol.asyncDispose]();
  });

  it("leaves audit entries that name what was shown", async () => {
    const { board, trips } = await open(scene.general);
    const trip = await scene.create();
    await board.next();
    await board[Symbol.asyncDispose]();
    await eventually(async () => {
      const entries = await scene.test.query<{ decision: string; entities: { id: string }[] }>(
        "select decision, entities from audit_entry where action = $1 and user_id = $2 order by occurred_at, id",
        ["medport.hospital.v1.TripService/WatchTrips", "user-of-general"],
      );
      const [opening, rest] = entries.filter(({ decision }) => decision === "ALLOWED").slice(-2);
      expect(opening?.entities.map(({ id }) => id)).toEqual(trips.map(({ id }) => id));
      expect(rest?.entities).toEqual([{ type: "trip", id: trip.id }]);
    });
  });

  it("ends with DRAINING when the service stops, and the last entries are in the log", async () => {
    const { board } = await open(scene.elsewhere);
    const ended = board.end();
    await scene.test.hospital[Symbol.asyncDispose]();
    expect(reasonOf(await ended)).toBe("DRAINING");
  });
});

function shortly({ item }: WatchTripsResponse): string {
  switch (item.case) {
    case "trip":
      return `${item.value.change} ${statusOf(item.value.trip)}`;
    case "gone": {
      const { change, trip } = item.value;
      return trip ? `gone, ${change} ${statusOf(trip)}` : "gone";
    }
    default:
      return item.case ?? "nothing";
  }
}

function statusOf(trip: Trip | undefined): string {
  return trip ? enumLabel(TransportStatusSchema, trip.status) : "";
}
