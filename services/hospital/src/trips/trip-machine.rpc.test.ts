import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { Disposition, MilestoneType, Priority, SlaPauseReason, type Trip } from "#gen/medport/transport/v1/trip_pb.ts";
import { UnitType } from "#gen/medport/transport/v1/unit_type_pb.ts";
import { anAgencyDispatcher, anOverseer, type HospitalClients } from "../hospital.builder.ts";
import { refusalOf } from "../refusal.builder.ts";
import { present, startTripScene, type TripScene } from "./trip-scene.builder.ts";

const overrideReason = "told by radio";
const updateMask = { paths: ["priority"] };

/** Every change of an existing trip that a person may ask for. */
const commands = {
  CancelTrip: ({ trips }, { id: tripId }) => trips.cancelTrip({ tripId, reason: "why" }),
  UpdateTrip: ({ trips }, { id: tripId }) =>
    trips.updateTrip({ tripId, details: { priority: Priority.LOW }, updateMask }),
  ReopenBidding: ({ trips }, { id: tripId }) => trips.reopenBidding({ tripId }),
  ConsentToTrip: ({ trips }, { id: tripId }) => trips.consentToTrip({ tripId, overrideReason }),
  ReleaseTrip: ({ trips }, { id: tripId }) => trips.releaseTrip({ tripId, reason: "why" }),
  StartTransport: ({ trips }, { id: tripId }) => trips.startTransport({ tripId, overrideReason }),
  CompleteTrip: ({ trips }, { id: tripId }) => trips.completeTrip({ tripId, overrideReason }),
  AbortTrip: ({ trips }, { id: tripId }) =>
    trips.abortTrip({ tripId, reason: "why", disposition: Disposition.DIVERTED }),
  AmendTrip: ({ trips }, { id: tripId }) => trips.amendTrip({ tripId, amendment: "what was" }),
  PauseSla: ({ trips }, { id: tripId }) => trips.pauseSla({ tripId, reason: SlaPauseReason.WEATHER, overrideReason }),
  ResumeSla: ({ trips }, { id: tripId }) => trips.resumeSla({ tripId, overrideReason }),
  // What is reported late comes with its time.
  RecordMilestone: ({ trips }, { id: tripId, acceptTime: occurTime }) =>
    trips.recordMilestone({
      tripId,
      type: MilestoneType.ACKNOWLEDGED,
      overrideReason,
      ...(occurTime && { occurTime }),
    }),
} as const satisfies Readonly<
  Record<string, (clients: HospitalClients, trip: Trip) => Promise<{ trip?: Trip | undefined }>>
>;
type CommandName = keyof typeof commands;

/** In the order of the columns below. */
const people = ["mercy", "general", "elsewhere", "blair", "rival", "center"] as const;
type Person = (typeof people)[number];

/** What a call answers: granted, refused for the state, for the actor, for not seeing the trip, or for the method. */
const words = { y: "granted", s: "state", a: "ACTION_NOT_ALLOWED", n: "RESOURCE_NOT_FOUND", m: "METHOD_NOT_ALLOWED" };

const statuses = ["PENDING", "ASSIGNED", "IN_PROGRESS", "COMPLETED", "CANCELLED"] as const;
type Status = (typeof statuses)[number];

/**
 * For each state, in the order above, what each of the people is answered, in the order above. mercy asked for the trips,
 * general is where they go; blair has, or had, those that somebody has, and rival drives in the county of all of them. A
 * trip that waits is cancelled without an agency.
 */
const table: Readonly<Record<CommandName, string>> = {
  CancelTrip: "yanmmy yanmmy sanmms sanmms sanmms",
  UpdateTrip: "yanmmy yanmmy sanmms sanmms sanmms",
  ReopenBidding: "yanmmy sanmms sanmms sanmms sanmms",
  ConsentToTrip: "mmmaas mmmyny mmmsns mmmsns mmmnns",
  ReleaseTrip: "mmmaas mmmyny mmmsns mmmsns mmmnns",
  StartTransport: "mmmaas mmmyny mmmsns mmmsns mmmnns",
  CompleteTrip: "mmmaas mmmsns mmmyny mmmsns mmmnns",
  AbortTrip: "mmmmms mmmmms mmmmmy mmmmms mmmmms",
  AmendTrip: "mmmmms mmmmms mmmmms mmmmmy mmmmmy",
  PauseSla: "yanaay yanyny sansns sansns sannns",
  ResumeSla: "yanaay yanyny sansns sansns sannns",
  RecordMilestone: "aanaas aanyny aanyny aanyny aannns",
};

const rows = Object.entries(table).flatMap(([command, cells]) =>
  cells.split(" ").map((answers, index) => ({
    command: command as CommandName,
    status: statuses[index] ?? "PENDING",
    answers: Array.from(answers, (letter) => words[letter as keyof typeof words]),
  })),
);

describe("every change of a trip, in every state, by everybody", () => {
  let scene: TripScene;
  /** Trips to be refused on, which leaves them as they are. */
  const standing = new Map<Status, Trip>();
  beforeAll(async () => {
    scene = await startTripScene();
    for (const status of statuses) {
      standing.set(status, await tripThat[status]());
    }
  });
  afterAll(async () => {
    await scene[Symbol.asyncDispose]();
  });

  const tripThat: Readonly<Record<Status, () => Promise<Trip>>> = {
    PENDING: () => scene.create(),
    ASSIGNED: () => scene.assigned(),
    IN_PROGRESS: () => scene.inProgress(),
    COMPLETED: () => scene.completed(),
    CANCELLED: () => scene.cancelled(),
  };

  /** A trip on which the command makes sense as far as its state goes. */
  async function aTripFor(command: CommandName, status: Status): Promise<Trip> {
    const trip = await tripThat[status]();
    if (command === "ConsentToTrip") await commands.UpdateTrip(scene.mercy, trip);
    if (command === "ResumeSla") await commands.PauseSla(scene.mercy, trip);
    return scene.now(trip.id);
  }

  async function answerTo(command: CommandName, status: Status, person: Person, expected: string): Promise<string> {
    const isGranted = expected === words.y;
    const before = isGranted ? await aTripFor(command, status) : present(standing.get(status));
    const call = commands[command](scene[person], before);
    if (isGranted) {
      const { trip } = await call;
      expect(trip?.version).toBe(before.version + 1n);
      return words.y;
    }
    const reason = await refusalOf(call);
    expect(await scene.now(before.id)).toMatchObject({ version: before.version });
    return ["INVALID_STATE_TRANSITION", "TRIP_CANCELLED"].includes(reason) ? words.s : reason;
  }

  it.each(rows)("$command of a trip that is $status", async ({ command, status, answers }) => {
    const given: string[] = [];
    for (const [index, person] of people.entries()) {
      given.push(await answerTo(command, status, person, answers[index] ?? ""));
    }
    expect(given).toEqual(answers);
  });

  it("leaves a line of history and an event for every version", async () => {
    const gaps = await scene.test.query(`
      select t.id from trip t
       where t.version <> (select count(*) from trip_history h where h.trip_id = t.id and h.version <= t.version)
          or t.version <> (select count(*) from outbox_event e
                            where e.aggregate_type = 'trip' and e.aggregate_id = t.id and e.aggregate_ver <= t.version)`);
    expect(gaps).toEqual([]);
  });

  it("leaves the unit to EMS, in the name of the agency that has the trip", async () => {
    const { id: tripId, acceptedAttemptId: attemptId } = await scene.assigned();
    const swap = { tripId, attemptId, unitId: "unit-8", unitType: UnitType.CCT, previousUnitId: "unit-7" };
    const direct = scene.test.as(anAgencyDispatcher("blair")).claims.setTripUnit(swap);
    expect(await refusalOf(direct)).toBe("METHOD_NOT_ALLOWED");
    const rival = scene.test.as(anAgencyDispatcher("rival"), "ems").claims.setTripUnit(swap);
    expect(await refusalOf(rival)).toBe("RESOURCE_NOT_FOUND");
    const { tripVersion } = await scene.test.as(anOverseer(), "ems").claims.setTripUnit(swap);
    expect(tripVersion).toBe(3n);
    expect(await scene.now(tripId)).toMatchObject({ assignedUnitId: "unit-8", assignedUnitType: UnitType.CCT });
  });
});
