import { AcceptanceState, type Assignment } from "#gen/medport/ems/v1/bid_pb.ts";
import { AwardPolicy, TransportStatus } from "#gen/medport/transport/v1/trip_pb.ts";
import { newId } from "#platform/id.ts";
import { reasonOf } from "#platform/rpc/refusal.ts";
import type { AgencyPlayer, Cast } from "./cast.ts";
import type { Recorder } from "./step.ts";
import { createTrip, drive, playing, seeInEms } from "./trip-to-completion.ts";
import { waitFor, whileRefusedWith } from "../../../client/waiting.ts";

/** A trip that the hospital calls off disappears from the agencies' list. */
export async function playCancelledTrip(cast: Cast, recorder: Recorder): Promise<void> {
  const story = "a cancelled trip";
  const play = playing(recorder, story);
  const agency = cast.agencies[0];
  const trip = await createTrip(cast, play, AwardPolicy.MANUAL);
  await seeInEms(play, trip, agency);
  const cancelled = await play("hospital coordinator", "cancel trip", ["hospital"], () =>
    cast.coordinator.hospital.trips.cancelTrip({ tripId: trip.id, reason: "the patient stays" }),
  );
  recorder.expect(story, "the trip is cancelled", cancelled.trip?.status === TransportStatus.CANCELLED);
  await play(agency.name, "see it disappear", ["ems"], () =>
    waitFor("the trip to disappear from EMS", () => gone(agency, trip.id)),
  );
}

async function gone(agency: AgencyPlayer, tripId: string): Promise<true | undefined> {
  try {
    await agency.mesh.ems.bids.getAvailableTrip({ tripId });
    return undefined;
  } catch (error) {
    if (reasonOf(error) === "RESOURCE_NOT_FOUND") return true;
    throw error;
  }
}

type Answer =
  | { readonly agency: AgencyPlayer; readonly won: Assignment }
  | { readonly agency: AgencyPlayer; readonly refusal: string };

/** What the loser may be told: Hospital decided against it, or EMS already knew. */
const lostTheRace = ["TRIP_ALREADY_ASSIGNED", "TRIP_NOT_PENDING"];

/** Two agencies take a FIRST_ACCEPT trip in the same moment: one has it, the other is told. */
export async function playRace(cast: Cast, recorder: Recorder): Promise<void> {
  const story = "two agencies race for one trip";
  const play = playing(recorder, story);
  const [first, second] = cast.agencies;
  const trip = await createTrip(cast, play, AwardPolicy.FIRST_ACCEPT);
  await Promise.all([seeInEms(play, trip, first), seeInEms(play, trip, second)]);
  await first.units.withUnit((firstUnit) =>
    second.units.withUnit(async (secondUnit) => {
      const answers = await Promise.all([
        play(first.name, "accept the trip", ["ems", "hospital"], () => accept(first, trip.id, firstUnit)),
        play(second.name, "accept the trip", ["ems", "hospital"], () => accept(second, trip.id, secondUnit)),
      ]);
      const winners = answers.filter((answer) => "won" in answer);
      const losers = answers.filter((answer) => "refusal" in answer);
      recorder.expect(story, "exactly one agency wins", winners.length === 1);
      recorder.expect(
        story,
        "the other is told that it lost",
        losers.length === 1 && losers.every((loser) => lostTheRace.includes(loser.refusal)),
      );
      const winner = winners[0];
      if (winner && "won" in winner) await drive(play, winner.agency, trip.id);
    }),
  );
}

async function accept(agency: AgencyPlayer, tripId: string, unitId: string): Promise<Answer> {
  const requestId = newId();
  try {
    const won = await waitFor("the outcome of accepting a trip", async () => {
      const { state, assignment } = await whileRefusedWith(["UNIT_NOT_AVAILABLE"], () =>
        agency.mesh.ems.bids.acceptTrip({ tripId, unitId, requestId }),
      );
      return state === AcceptanceState.CONFIRMED ? assignment : undefined;
    });
    return { agency, won };
  } catch (error) {
    const refusal = reasonOf(error);
    // A refusal is how the loser is told; anything else is a fault.
    if (refusal === undefined) throw error;
    return { agency, refusal };
  }
}
