import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { TransportStatus } from "#gen/medport/transport/v1/trip_pb.ts";
import { waitFor } from "../../../client/waiting.ts";
import type { Cast } from "./cast.ts";
import { playCancelledTrip, playRace } from "./other-ways.ts";
import type { Recorder } from "./step.ts";
import { type PlayedTrip, playTripToCompletion } from "./trip-to-completion.ts";

/** How much to play. */
export interface PlayOptions {
  /** How many trips go from request to hand-over. */
  readonly count: number;
  /** How many of them are under way at once. */
  readonly concurrency: number;
  readonly onTrip: (played: PlayedTrip) => void;
}

/** A trip that did not get to its end, and why. */
export interface BrokenTrip {
  readonly index: number;
  readonly error: unknown;
}

/** Everything that was played. */
export interface Played {
  readonly trips: readonly PlayedTrip[];
  readonly broken: readonly BrokenTrip[];
}

/** Plays the trips, then sees them counted in analytics, then plays the other ways a trip can go. */
export async function playAll(cast: Cast, recorder: Recorder, options: PlayOptions): Promise<Played> {
  const startedAt = new Date();
  const played = await playTrips(cast, recorder, options);
  await seeThemCounted(cast, recorder, startedAt, played.trips.length);
  await playCancelledTrip(cast, recorder);
  await playRace(cast, recorder);
  return played;
}

async function playTrips(cast: Cast, recorder: Recorder, { count, concurrency, onTrip }: PlayOptions): Promise<Played> {
  const trips: PlayedTrip[] = [];
  const broken: BrokenTrip[] = [];
  let next = 0;
  const player = async (): Promise<void> => {
    while (next < count) {
      const index = next++;
      try {
        const trip = await playTripToCompletion(cast, recorder, index);
        trips.push(trip);
        onTrip(trip);
      } catch (error) {
        // The other trips go on; the report names this one, and the demonstration ends with a failure.
        broken.push({ index, error });
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, count) }, player));
  return { trips, broken };
}

async function seeThemCounted(cast: Cast, recorder: Recorder, startedAt: Date, completed: number): Promise<void> {
  const { analytics } = cast.overseer.center;
  // The services stamp their own times; a second's grace covers clocks that differ.
  const fromTime = timestampFromDate(new Date(startedAt.getTime() - 1_000));
  await recorder.step(
    { story: "analytics", name: "count the completed trips", actor: "center", silos: ["center"] },
    () =>
      waitFor(`${completed} completed trips in Center's analytics`, async () => {
        const { byStatus } = await analytics.countTrips({ fromTime });
        const count = byStatus.find(({ status }) => status === TransportStatus.COMPLETED)?.count ?? 0n;
        return count >= BigInt(completed) ? count : undefined;
      }),
  );
}
