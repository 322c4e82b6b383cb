import fc from "fast-check";
import type { Mood } from "./mood.ts";
import {
  type Actor,
  actors,
  agencies,
  type AgencyName,
  fleet,
  type Level,
  levels,
  type Milestone,
  milestones,
  policies,
  type Policy,
  priorities,
  type Priority,
  requirements,
  type Route,
  routes,
} from "./world.ts";

/** Something that somebody does. Trips and bids are named by numbers that wrap around those there are. */
export type Command =
  | {
      readonly kind: "createTrip";
      readonly actor: Actor;
      readonly route: Route;
      readonly level: Level;
      readonly priority: Priority;
      readonly policy: Policy;
    }
  | {
      readonly kind: "updateTrip";
      readonly actor: Actor;
      readonly trip: number;
      readonly change:
        | { readonly field: "level"; readonly value: Level }
        | { readonly field: "priority"; readonly value: Priority }
        | { readonly field: "policy"; readonly value: Policy }
        | { readonly field: "requirements"; readonly value: string };
    }
  | { readonly kind: TripOnly; readonly actor: Actor; readonly trip: number }
  | { readonly kind: "reportMilestone"; readonly actor: Actor; readonly trip: number; readonly type: Milestone }
  | {
      readonly kind: "submitBid";
      readonly actor: Actor;
      /** For whom Center bids. */
      readonly agency: AgencyName;
      readonly trip: number;
      readonly unit: string | undefined;
      readonly eta: number | undefined;
      readonly amount: number | undefined;
    }
  | { readonly kind: "amendBid"; readonly actor: Actor; readonly bid: number; readonly eta: number | undefined }
  | { readonly kind: "withdrawBid" | "rejectBid" | "acceptBid"; readonly actor: Actor; readonly bid: number }
  | { readonly kind: "acceptTrip"; readonly actor: Actor; readonly trip: number; readonly unit: string | undefined }
  | { readonly kind: "assignUnit" | "swapUnit"; readonly actor: Actor; readonly trip: number; readonly unit: string }
  | {
      readonly kind: "setUnit";
      readonly actor: Actor;
      readonly unit: string;
      readonly to: "AVAILABLE" | "OUT_OF_SERVICE" | "MAINTENANCE" | "ON_BREAK" | "BACK" | "OFF_SHIFT" | "NO_SHIFT";
    }
  | { readonly kind: "disableAgency" | "enableAgency"; readonly actor: Actor; readonly agency: AgencyName }
  | { readonly kind: "letTimePass" };

/** Commands that name a trip and nothing else. */
export type TripOnly =
  | "cancelTrip"
  | "abortTrip"
  | "amendTrip"
  | "releaseTrip"
  | "consentToTrip"
  | "reopenBidding"
  | "pauseSla"
  | "resumeSla"
  | "startTransport"
  | "completeTrip"
  | "declineTrip";

const level = fc.constantFrom(...levels);
const priority = fc.constantFrom(...priorities);
const policy = fc.constantFrom(...policies);
const route = fc.constantFrom<Route>(...(Object.keys(routes) as Route[]));
const anyone = fc.constantFrom(...actors);
const hospitals = fc.constantFrom<Actor>("altoona", "altoona", "nittany", "center");
const crews = fc.constantFrom<Actor>("blair", "blair", "juniata", "juniata", "centre", "center");
// Mostly somebody who may, so that something happens; now and then anybody.
const mostly = (likely: fc.Arbitrary<Actor>): fc.Arbitrary<Actor> =>
  fc.oneof({ weight: 5, arbitrary: likely }, { weight: 1, arbitrary: anyone });
const trip = fc.nat(5);
const bid = fc.nat(7);
const unit = fc.constantFrom(...fleet.map(({ number }) => number));
const perhapsUnit = fc.option(unit, { nil: undefined });
const eta = fc.option(fc.integer({ min: 600, max: 5_000 }), { nil: undefined });
const amount = fc.option(fc.integer({ min: 100, max: 5_000 }), { nil: undefined });
const of = <K extends Command["kind"]>(kind: K): fc.Arbitrary<K> => fc.constant(kind);

/** The ways in which something can happen, with how often each is drawn. */
const weighted: fc.WeightedArbitrary<Command>[] = [
  {
    weight: 8,
    arbitrary: fc.record({ kind: of("createTrip"), actor: mostly(hospitals), route, level, priority, policy }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: of("updateTrip"),
      actor: mostly(hospitals),
      trip,
      change: fc.oneof(
        fc.record({ field: fc.constant("level" as const), value: level }),
        fc.record({ field: fc.constant("priority" as const), value: priority }),
        fc.record({ field: fc.constant("policy" as const), value: policy }),
        fc.record({ field: fc.constant("requirements" as const), value: fc.constantFrom(...requirements) }),
      ),
    }),
  },
  {
    weight: 10,
    arbitrary: fc.record({
      kind: of("submitBid"),
      actor: mostly(crews),
      agency: fc.constantFrom(...agencies),
      trip,
      unit: perhapsUnit,
      eta,
      amount,
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: of("amendBid"), actor: mostly(crews), bid, eta }) },
  { weight: 2, arbitrary: fc.record({ kind: of("withdrawBid"), actor: mostly(crews), bid }) },
  { weight: 2, arbitrary: fc.record({ kind: of("rejectBid"), actor: mostly(hospitals), bid }) },
  { weight: 8, arbitrary: fc.record({ kind: of("acceptBid"), actor: mostly(hospitals), bid }) },
  { weight: 5, arbitrary: fc.record({ kind: of("acceptTrip"), actor: mostly(crews), trip, unit: perhapsUnit }) },
  { weight: 5, arbitrary: fc.record({ kind: of("assignUnit"), actor: mostly(crews), trip, unit }) },
  { weight: 3, arbitrary: fc.record({ kind: of("swapUnit"), actor: mostly(crews), trip, unit }) },
  ...(
    [
      ["cancelTrip", 3, hospitals],
      ["abortTrip", 2, anyone],
      ["amendTrip", 1, anyone],
      ["releaseTrip", 4, crews],
      ["consentToTrip", 4, crews],
      ["reopenBidding", 2, hospitals],
      ["pauseSla", 2, anyone],
      ["resumeSla", 2, anyone],
      ["startTransport", 7, crews],
      ["completeTrip", 5, crews],
      ["declineTrip", 2, crews],
    ] as const
  ).map(([kind, weight, likely]) => ({
    weight,
    arbitrary: fc.record({ kind: of(kind), actor: mostly(likely), trip }),
  })),
  {
    weight: 6,
    arbitrary: fc.record({
      kind: of("reportMilestone"),
      actor: mostly(fc.oneof(crews, hospitals)),
      trip,
      type: fc.constantFrom(...milestones),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: of("setUnit"),
      actor: mostly(crews),
      unit,
      to: fc.constantFrom(
        ...(["AVAILABLE", "OUT_OF_SERVICE", "MAINTENANCE", "ON_BREAK", "BACK", "OFF_SHIFT", "NO_SHIFT"] as const),
      ),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constantFrom("disableAgency" as const, "enableAgency" as const),
      actor: mostly(fc.constant("center" as const)),
      agency: fc.constantFrom(...agencies),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: of("letTimePass") }) },
];

/** A command as it was drawn, and how it is to be given. */
export interface Draw {
  readonly command: Command;
  readonly mood: Mood;
  readonly pick: number;
}

/** A day at the center: some trips, and then anything. */
export function days(length: number): fc.Arbitrary<readonly Draw[]> {
  const draw = fc.record({
    command: fc.oneof(...weighted),
    // Mostly what somebody would do, so that something happens.
    mood: fc.constantFrom<Mood>("SENSIBLE", "SENSIBLE", "SENSIBLE", "NEARLY", "NEARLY", "BLIND"),
    pick: fc.nat(1_000_000),
  });
  const opening = fc.record({
    command: fc.record({
      kind: of("createTrip"),
      actor: fc.constantFrom<Actor>("altoona", "nittany"),
      ...{ route, level, priority, policy },
    }),
    mood: fc.constant<Mood>("BLIND"),
    pick: fc.constant(0),
  });
  return fc
    .tuple(
      fc.array(opening, { minLength: 2, maxLength: 3 }),
      fc.array(draw, { minLength: Math.ceil(length / 2), maxLength: length, size: "max" }),
    )
    .map(([first, rest]) => [...first, ...rest]);
}
