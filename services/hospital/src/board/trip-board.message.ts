import { create, type MessageInitShape, type MessageShape } from "@bufbuild/protobuf";
import { TripOffBoardSchema, TripOnBoardSchema } from "#gen/medport/hospital/v1/trip_service_pb.ts";
import { type Trip as TripMessage, TripSchema } from "#gen/medport/transport/v1/trip_pb.ts";
import type { Clock } from "#platform/clock.ts";
import type { Change } from "#platform/feed/change.ts";
import type { Told } from "#platform/feed/watch.ts";
import { messageFromTrip } from "../trips/trip.message.ts";
import type { TripRelation } from "../trips/trip-scope.ts";
import type { Trip } from "../trips/trip.ts";
import { fateOnBoard, relationOnBoardThen, type TripView } from "./trip-view.ts";

type OnBoard = MessageShape<typeof TripOnBoardSchema>;
type OffBoard = MessageShape<typeof TripOffBoardSchema>;

/** A trip's clocks are read when its message is made; for so many milliseconds that is good enough for everybody. */
const goodForMs = 2_000;

interface Made {
  readonly atMs: number;
  readonly message: TripMessage;
}

/**
 * What watchers are told of trips. A trip's message is made once for all who are the same to it, not for each of
 * thousands. A class because it remembers the messages for as long as the trips are there.
 */
export class TripBoardMessages {
  readonly #clock: Clock;
  readonly #made = new WeakMap<Trip, Map<TripRelation, Made>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A trip of a snapshot; undefined if it is not on the viewer's board. */
  show(trip: Trip, view: TripView, now: Trip): OnBoard | undefined {
    const relation = relationOnBoardThen(trip, view, now);
    return relation && create(TripOnBoardSchema, { trip: this.#messageOf(trip, relation) });
  }

  /** What a viewer is told of a change; undefined if nothing. */
  tell(change: Change<Trip>, view: TripView, now: Trip): Told<OnBoard, OffBoard> | undefined {
    const { after, name } = change;
    const fate = fateOnBoard(change, view, now);
    switch (fate.kind) {
      case "ON_BOARD":
        return {
          case: "trip",
          value: create(TripOnBoardSchema, { trip: this.#messageOf(after, fate.relation), change: name }),
        };
      case "OFF_BOARD": {
        const { relation } = fate;
        // Whoever may no longer see the trip is not told what has become of it, either.
        const seen = relation && { trip: this.#messageOf(after, relation), change: name };
        const gone: MessageInitShape<typeof TripOffBoardSchema> = {
          tripId: after.id,
          version: BigInt(after.version),
          ...seen,
        };
        return { case: "gone", value: create(TripOffBoardSchema, gone) };
      }
      case "UNSEEN":
        return undefined;
    }
  }

  #messageOf(trip: Trip, relation: TripRelation): TripMessage {
    const byRelation = this.#made.get(trip) ?? new Map<TripRelation, Made>();
    this.#made.set(trip, byRelation);
    const known = byRelation.get(relation);
    const now = this.#clock();
    if (known && now.getTime() - known.atMs < goodForMs) return known.message;
    const message = create(TripSchema, messageFromTrip(trip, relation, now));
    byRelation.set(relation, { atMs: now.getTime(), message });
    return message;
  }
}
