import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { releaseLapsedTrips } from "./lapsed-consent.sweeper.ts";
import { anAssignedTrip, aPendingTrip, at, owner, terms } from "./trip.builder.ts";
import { openTripDatabase, type TripDatabase } from "./trip-database.builder.ts";
import type { TripChange, TripId } from "./trip.ts";
import { updateTrip } from "./trip-update.ts";

/** A trip that was changed at 8:15, and whose agency is to consent by 8:20. */
function changesOf(id: string): readonly TripChange[] {
  const own = { id: id as TripId, number: id, patientId: id };
  const award = { ...anAssignedTrip().award, attemptId: crypto.randomUUID() };
  const [pending, assigned] = [aPendingTrip(own), anAssignedTrip({ ...own, award })];
  const updated = updateTrip(assigned, { actor: owner, revision: { priority: "LOW" }, terms, now: at(15) });
  if (!updated.ok || !updated.value) throw new Error("nothing changed");
  return [
    { name: "created", after: pending, userId: "user-1" },
    { name: "accepted", before: pending, after: assigned, userId: "user-2" },
    updated.value,
  ];
}

describe("releasing trips whose agency has not consented", () => {
  let now = at(15);
  let trips: TripDatabase;
  const ids = Array.from({ length: 8 }, (_, index) => `trip-${index}`);
  beforeAll(async () => {
    trips = await openTripDatabase(() => now);
    for (const id of ids) await trips.save(...changesOf(id));
  });
  afterAll(async () => {
    await trips[Symbol.asyncDispose]();
  });

  const released = (): Promise<readonly { trip_id: string }[]> =>
    trips.database.fork().execute("select trip_id from trip_history where change = 'released' order by trip_id");

  it("releases nothing while there is time", async () => {
    now = at(20);
    await releaseLapsedTrips(trips.unitOfWork);
    expect(await released()).toEqual([]);
  });

  it("keeps one that fails from the others' way, and says so", async () => {
    now = at(21);
    // Somebody has told of this version already, which no version may be twice.
    await trips.database.fork().execute(
      `insert into outbox_event (event_id, aggregate_type, aggregate_id, aggregate_ver, event_type, subject, payload)
       values (gen_random_uuid(), 'trip', 'trip-0', 4, 'x', 'x', '')`,
    );
    await expect(releaseLapsedTrips(trips.unitOfWork)).rejects.toThrow("1 lapsed trips could not be released");
    expect((await released()).map((row) => row.trip_id)).toEqual(ids.slice(1));
  });

  it("releases each once, however many do it at once", async () => {
    const more = Array.from({ length: 8 }, (_, index) => `more-${index}`);
    for (const id of more) await trips.save(...changesOf(id));
    await Promise.allSettled(Array.from({ length: 5 }, () => releaseLapsedTrips(trips.unitOfWork)));
    expect((await released()).map((row) => row.trip_id)).toEqual([...more, ...ids.slice(1)]);
  });

  it("passes over one that somebody is just changing, and comes back to it", async () => {
    await trips.save(...changesOf("held"));
    await trips.database.transaction(async (tx) => {
      await tx.execute("select from trip where id = 'held' for update");
      // Only the one from above fails: it does not wait for the one that is held until it gives up.
      await expect(releaseLapsedTrips(trips.unitOfWork)).rejects.toThrow("1 lapsed trips could not be released");
    });
    expect(await released()).not.toContainEqual({ trip_id: "held" });
    await Promise.allSettled([releaseLapsedTrips(trips.unitOfWork)]);
    expect(await released()).toContainEqual({ trip_id: "held" });
  });
});
