import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { AwardPolicy } from "#gen/medport/transport/v1/trip_pb.ts";
import { reasonOf } from "#platform/rpc/refusal.ts";
import { eventually } from "#platform/testing/eventually.ts";
import { type Cast, assembleCast } from "../../services/cli/src/demo/cast.ts";
import { Recorder } from "../../services/cli/src/demo/step.ts";
import { createTrip, playing, playTripToCompletion } from "../../services/cli/src/demo/trip-to-completion.ts";
import type { BoardItem, WatchControl } from "../../services/client/board-stream.ts";
import { watchAvailableTrips, watchTrips } from "../../services/client/watch-trips.ts";
import { startTestMesh, type TestMesh } from "./mesh.builder.ts";

describe("live boards across restarts", () => {
  let test: TestMesh;
  let cast: Cast;
  const recorder = new Recorder(() => undefined);
  const play = playing(recorder, "live boards");
  const boards: Collected[] = [];
  /** Watches until the test has seen enough, or all of them have. */
  const collect = (watch: Watch): Collected => {
    const board = collected(watch);
    boards.push(board);
    return board;
  };

  beforeAll(async () => {
    test = await startTestMesh();
    cast = await assembleCast(test.mesh, test.accounts, recorder);
  }, 60_000);
  afterAll(async () => {
    await Promise.all(boards.map((board) => board.end()));
    await test[Symbol.asyncDispose]();
  });

  it("every watcher sees every change once and in order while Hospital is stopped and started", async () => {
    const [winner, loser] = cast.agencies;
    const crowd = [cast.coordinator, cast.overseer, winner.mesh, loser.mesh].map((mesh) =>
      collect((control) => watchTrips(mesh, {}, control)),
    );
    for (const { begun } of crowd) await begun;
    const played = playTripToCompletion(cast, recorder, 0);
    await eventually(() => expect(crowd[0]?.changes.length).toBeGreaterThan(3), { withinMs: 30_000 });
    await test.stop("hospital");
    await test.start("hospital");
    const { trip, history } = await played;
    const whole = history.map(({ version, change }) => `${trip.id} ${version} ${change}`);
    const [coordinator, overseer, winning, losing] = crowd.map(({ changes }) => changes);
    await eventually(() => {
      // The last one is the completion, with which the trip leaves the board.
      for (const seen of [coordinator, overseer, winning]) expect(seen).toEqual(whole);
      expect(losing).toEqual([whole[0], expect.stringMatching(`^${trip.id} \\d+ $`)]);
    });
    expect(crowd.every(({ snapshots }) => snapshots.length === 1)).toBe(true);
  }, 90_000);

  it("a client that comes back later goes on from its cursor, also to a service that was started since", async () => {
    const first = collect((control) => watchTrips(cast.coordinator, {}, control));
    await first.begun;
    const trip = await createTrip(cast, play, AwardPolicy.MANUAL);
    await eventually(() => expect(first.changes).toEqual([`${trip.id} 1 created`]));
    await first.end();
    await cast.coordinator.hospital.trips.cancelTrip({ tripId: trip.id, reason: "the patient stays" });
    await test.stop("hospital");
    await test.start("hospital");
    const other = await createTrip(cast, play, AwardPolicy.MANUAL);
    const second = collect((control) => watchTrips(cast.coordinator, {}, { ...control, cursor: first.cursor() }));
    await eventually(() => expect(second.changes).toEqual([`${trip.id} 2 cancelled`, `${other.id} 1 created`]));
    expect(second.snapshots).toEqual([]);
  }, 60_000);

  it("agencies see what is open to them come and go, while EMS is stopped and started", async () => {
    const [agency] = cast.agencies;
    const board = collect((control) => watchAvailableTrips(agency.mesh, {}, control));
    await board.begun;
    const first = await createTrip(cast, play, AwardPolicy.MANUAL);
    // Of the trips before, EMS may hear now.
    const about = (...trips: readonly { readonly id: string }[]): readonly string[] =>
      board.changes.filter((change) => trips.some(({ id }) => change.startsWith(id)));
    await eventually(() => expect(about(first)).toEqual([`${first.id} 1 created`]));
    await test.stop("ems");
    await cast.coordinator.hospital.trips.cancelTrip({ tripId: first.id, reason: "the patient stays" });
    const second = await createTrip(cast, play, AwardPolicy.MANUAL);
    await test.start("ems");
    // Two trips' events may come in either order, but each once.
    const all = [`${first.id} 1 created`, `${first.id} 2 `, `${second.id} 1 created`].toSorted();
    await eventually(() => expect(about(first, second).toSorted()).toEqual(all), { withinMs: 20_000 });
    expect(board.snapshots).toHaveLength(1);
  }, 60_000);

  it("a board goes dark when the session behind it is ended", async () => {
    const account = test.accounts.find(({ email }) => email === cast.coordinator.user.email);
    const own = await test.mesh.login(account?.email ?? "", account?.password ?? "");
    const board = collect((control) => watchTrips(own, {}, control));
    await board.begun;
    await own.center.auth.logout({});
    // Within the time that the silo needs to hear of it, and one sign of life.
    const failure = await eventually(() => board.failure() ?? Promise.reject(new Error("it still shines")), {
      withinMs: 40_000,
    });
    expect(reasonOf(failure)).toBe("SESSION_ENDED");
  }, 60_000);
});

interface Collected {
  /** Resolves with the first snapshot. */
  readonly begun: Promise<void>;
  /** The changes so far, each as `trip version change`; nobody is told what becomes of a trip that is not his any more. */
  readonly changes: readonly string[];
  readonly snapshots: readonly BoardItem<OnBoard, OffBoard>[];
  cursor(): string;
  failure(): unknown;
  end(): Promise<void>;
}

interface OnBoard {
  readonly trip?: { readonly id?: string; readonly tripId?: string; readonly version?: bigint } | undefined;
  readonly version?: bigint;
  readonly change: string;
}
interface OffBoard {
  readonly tripId: string;
  readonly version: bigint;
  readonly change?: string;
}

type Watch = (control: WatchControl) => AsyncIterable<BoardItem<OnBoard, OffBoard>>;

function collected(watch: Watch): Collected {
  const stop = new AbortController();
  const begun = Promise.withResolvers<void>();
  const changes: string[] = [];
  const snapshots: BoardItem<OnBoard, OffBoard>[] = [];
  let cursor = "";
  let failure: unknown;
  const reading = (async () => {
    for await (const item of watch({ signal: stop.signal })) {
      cursor = item.cursor;
      if (item.kind === "snapshot") {
        snapshots.push(item);
        begun.resolve();
      } else changes.push(changeOf(item));
    }
  })().catch((error: unknown) => {
    failure = error;
  });
  return {
    begun: begun.promise,
    changes,
    snapshots,
    cursor: () => cursor,
    failure: () => failure,
    end: async () => {
      stop.abort();
      await reading;
    },
  };
}

function changeOf(item: Exclude<BoardItem<OnBoard, OffBoard>, { kind: "snapshot" }>): string {
  if (item.kind === "gone") return `${item.gone.tripId} ${item.gone.version} ${item.gone.change ?? ""}`;
  const { trip, change, version } = item.trip;
  return `${trip?.id ?? trip?.tripId} ${version ?? trip?.version} ${change}`;
}
