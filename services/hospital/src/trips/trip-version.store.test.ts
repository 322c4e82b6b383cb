import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { sql } from "kysely";
import { claimTrip, setTripUnit } from "./claim.ts";
import { pauseSla, resumeSla } from "./sla-pause.ts";
import { aPlace, at, blair, overseer, owner, terms } from "./trip.builder.ts";
import { reopenBidding } from "./trip-bidding.ts";
import { openTripDatabase, type TripDatabase } from "./trip-database.builder.ts";
import { abortTrip, amendTrip } from "./trip-ending.ts";
import { createTrip } from "./trip-order.ts";
import { recordMilestone, startTransport } from "./trip-progress.ts";
import { consentToTrip, releaseTrip } from "./trip-release.ts";
import { findTrip } from "./trip.store.ts";
import type { Decision, Trip, TripChange, TripId } from "./trip.ts";
import { updateTrip } from "./trip-update.ts";
import { selectTripVersions } from "./trip-version.store.ts";

/** The trip as the rules have made it, step by step; everything that can change does. */
function aWholeLife(id: string): readonly TripChange[] {
  const ownTrip = { id: id as TripId, number: `T-${id}`, patientId: `P-${id}` };
  const asked = { hospitalId: "mercy", level: "ALS", priority: "HIGH", awardPolicy: "MANUAL" } as const;
  const places = {
    origin: { place: aPlace(), isActive: true },
    destination: { place: aPlace({ facilityId: "facility-destination", hospitalId: "general" }), isActive: true },
  };
  const unit = { id: "unit-7", type: "CCT" } as const;
  const attempt = "019ab0c8-0000-7000-8000-00000000000";
  const claim = (trip: Trip, try_: number, minutes: number): Decision<TripChange> => {
    const { materialVersion: seenMaterialVersion } = trip;
    const actor = owner;
    const verdict = claimTrip(trip, {
      ...{ attemptId: `${attempt}${try_}`, agencyId: "blair", unit, seenMaterialVersion, actor, now: at(minutes) },
    });
    if (verdict.outcome === "LOST") throw new Error(verdict.reason);
    return { ok: true, value: verdict.change };
  };
  const window = { start: at(60), end: at(90) };
  const newOrigin = { place: aPlace({ facilityId: "facility-new" }), isActive: true };
  const steps: readonly ((trip: Trip) => Decision<TripChange | undefined>)[] = [
    (trip) =>
      updateTrip(trip, {
        ...{ actor: owner, terms, now: at(1) },
        revision: { priority: "URGENT", awardPolicy: "BEST_ETA", window: { to: window }, specialRequirements: "none" },
      }),
    (trip) => pauseSla(trip, { actor: owner, reason: "WEATHER", now: at(2) }),
    (trip) => reopenBidding(trip, { actor: owner, terms, now: at(3) }),
    (trip) => claim(trip, 1, 4),
    (trip) => recordMilestone(trip, { actor: blair, type: "ACKNOWLEDGED", now: at(5) }),
    (trip) => resumeSla(trip, { actor: blair, now: at(6) }),
    (trip) => updateTrip(trip, { actor: owner, revision: { level: "BLS", origin: newOrigin }, terms, now: at(7) }),
    (trip) => consentToTrip(trip, { actor: blair, now: at(8) }),
    (trip) => releaseTrip(trip, { actor: blair, reason: "no fuel", terms, now: at(9) }),
    (trip) => updateTrip(trip, { actor: owner, revision: { window: {} }, terms, now: at(10) }),
    (trip) => claim(trip, 2, 11),
    (trip) =>
      setTripUnit(trip, {
        ...{ attemptId: `${attempt}2`, unit: { id: "unit-8", type: "BLS" }, previousUnitId: "unit-7", actor: blair },
        now: at(12),
      }),
    (trip) => startTransport(trip, { actor: blair, occurredAt: at(12), now: at(13) }),
    (trip) => abortTrip(trip, { actor: overseer, reason: "turned", disposition: "DIVERTED", now: at(14) }),
    (trip) => amendTrip(trip, { actor: overseer, amendment: "it was snow", now: at(15) }),
  ];
  const order = { ...ownTrip, ...asked, ...places, specialRequirements: "oxygen", terms, userId: "user-1", now: at(0) };
  const created = valueOf(createTrip(order));
  return steps.reduce<TripChange[]>(
    (changes, step) => [...changes, valueOf(step(changes.at(-1)?.after ?? created.after))],
    [created],
  );
}

function valueOf<T>(decision: Decision<T | undefined>): T {
  if (!decision.ok) throw new Error(decision.refusal.sentence);
  if (decision.value === undefined) throw new Error("nothing changed");
  return decision.value;
}

describe("the versions of a trip", () => {
  let trips: TripDatabase;
  const [life, other] = [aWholeLife("trip-1"), aWholeLife("trip-2")];
  beforeAll(async () => {
    trips = await openTripDatabase(() => at(600));
    await trips.save(...life, ...other.slice(0, 5));
  });
  afterAll(async () => {
    await trips[Symbol.asyncDispose]();
  });

  it("are each the trip as it was after the change, its steps of that time included", async () => {
    const versions = await selectTripVersions(
      trips.database.fork(),
      sql`where h.trip_id = 'trip-1' order by h.version`,
    );
    expect(versions.map(({ trip }) => trip)).toEqual(life.map(({ after }) => after));
    expect(versions.map(({ change }) => change)).toEqual(life.map(({ name }) => name));
    expect(versions.map(({ recordedAt }) => recordedAt)).toEqual(life.map(({ after }) => after.updatedAt));
  });

  it("end with the trip as it is", async () => {
    for (const changes of [life, other.slice(0, 5)]) {
      const last = changes.at(-1)?.after;
      expect(await findTrip(trips.database.fork(), last?.id ?? "")).toEqual(last);
    }
  });

  it("have their place in the order in which they were written, over all trips", async () => {
    const versions = await selectTripVersions(trips.database.fork(), sql`order by h.seq`);
    const written = [...life, ...other.slice(0, 5)].map(({ after }) => `${after.id} ${after.version}`);
    expect(versions.map(({ trip }) => `${trip.id} ${trip.version}`)).toEqual(written);
    expect(new Set(versions.map(({ seq }) => seq)).size).toBe(written.length);
    expect(versions.every(({ seq }) => typeof seq === "bigint")).toBe(true);
  });

  it("say when the trip was closed, which no amendment moves", async () => {
    const rows = await trips.database
      .fork()
      .execute<{ closed_at: unknown }[]>("select closed_at = ? as is_then from trip where id = 'trip-1'", [at(14)]);
    expect(rows).toEqual([{ is_then: true }]);
  });
});
