import type { Command } from "./commands.ts";
import { expectationOf, unitOf } from "./rules.ts";
import {
  actors,
  agencies,
  canServe,
  fleet,
  levels,
  milestones,
  policies,
  priorities,
  requirements,
  type World,
} from "./world.ts";

/**
 * How a command is given: SENSIBLE by somebody and about something for which it can be carried out, NEARLY so that exactly
 * one rule stands against it, or BLIND as it was drawn. Blind chance seldom meets one rule alone, and a world in which
 * nothing works proves little.
 */
export type Mood = "SENSIBLE" | "NEARLY" | "BLIND";

/**
 * The same kind of command as it is given in this mood.
 * @param pick which one, if there are several.
 * @returns if there is none: what brings some trip on, for a sensible command; otherwise the command as it was drawn.
 */
export function givenIn(mood: Mood, world: World, command: Command, pick: number): Command {
  switch (mood) {
    case "SENSIBLE": {
      const steps = [...prerequisites(world, command), ...nextSteps(pick)];
      // Time passes best when somebody is to consent until then.
      if (command.kind === "letTimePass" && pick % 2 === 1) return steps[0] ?? command;
      const next = steps.flatMap((step) => oneOf(world, step, pick, 0) ?? []);
      return oneOf(world, command, pick, 0) ?? next[0] ?? command;
    }
    case "NEARLY":
      return oneOf(world, command, pick, 1) ?? command;
    case "BLIND":
      return command;
  }
}

/**
 * One of the ways to give a command against which so many rules stand. First the rule is chosen, then a situation, then a way:
 * what seldom happens would otherwise hardly be drawn beside what can be done by many to much.
 */
function oneOf(world: World, command: Command, pick: number, rules: number): Command | undefined {
  const ways = variants(world, command)
    .map((variant) => ({ variant, reasons: expectationOf(world, variant).reasons }))
    // Who may call a method at all has a test of its own, of every method.
    .filter(({ reasons }) => reasons.size === rules && !reasons.has("METHOD_NOT_ALLOWED"));
  const ofRule = chosen(ways, ({ reasons }) => [...reasons].join(), pick);
  const inSituation = chosen(ofRule, ({ variant }) => situationOf(world, variant), Math.floor(pick / 7));
  return inSituation[Math.floor(pick / 49) % inSituation.length]?.variant;
}

/** Those that are alike in a way that the pick chooses. */
function chosen<T>(all: readonly T[], kindOf: (one: T) => string, pick: number): readonly T[] {
  const kinds = Map.groupBy(all, kindOf);
  return [...kinds.values()][pick % kinds.size] ?? [];
}

/** What the rules look at: the state of the trip, whether a unit is on it, and whether it could still serve. */
function situationOf(world: World, command: Command): string {
  const index = "trip" in command ? command.trip : "bid" in command ? world.bids[command.bid]?.trip : undefined;
  const trip = index === undefined ? undefined : world.trips[index];
  if (!trip) return "";
  if ("unit" in command && command.unit !== undefined) {
    return `${trip.status} ${trip.level} by ${unitOf(world, command.unit).type}`;
  }
  const unit = trip.unit === undefined ? undefined : unitOf(world, trip.unit);
  if (command.kind !== "updateTrip") return `${trip.status} ${unit ? "with" : "without"} unit`;
  const { field, value } = command.change;
  const isBeyond = field === "level" && unit !== undefined && !canServe(unit.type, value);
  return `${trip.status} ${field} ${unit ? "with" : "without"} unit${isBeyond ? " that cannot serve" : ""}`;
}

/** What somebody does first so that the command can be carried out at all, where that seldom happens of itself. */
function prerequisites(world: World, command: Command): readonly Command[] {
  const assigned = world.trips.findIndex(({ status }) => status === "ASSIGNED");
  switch (command.kind) {
    case "letTimePass":
    case "consentToTrip": {
      if (world.trips.some(({ consentDue }) => consentDue !== undefined)) return [command];
      const value = world.trips[assigned]?.requirements === "oxygen" ? "stairs" : "oxygen";
      const change = { field: "requirements", value } as const;
      return assigned === -1 ? [command] : [{ kind: "updateTrip", actor: "center", trip: assigned, change }];
    }
    case "enableAgency":
      return [{ kind: "disableAgency", actor: "center", agency: command.agency }];
    case "amendTrip":
      return [{ kind: "cancelTrip", actor: "center", trip: 0 }];
    case "resumeSla":
      return [{ kind: "pauseSla", actor: "center", trip: 0 }];
    default:
      return [];
  }
}

/** What brings a trip on from each of its states, in an order that depends on the pick. */
function nextSteps(pick: number): readonly Command[] {
  const about = { actor: "center", trip: 0 } as const;
  const steps: readonly Command[] = [
    { kind: "acceptBid", actor: "center", bid: 0 },
    { kind: "acceptTrip", ...about, unit: undefined },
    {
      kind: "submitBid",
      ...about,
      agency: "blair",
      unit: "BV-1",
      eta: 600 + (pick % 4_000),
      amount: 100 + (pick % 900),
    },
    { kind: "assignUnit", ...about, unit: "BV-1" },
    { kind: "startTransport", ...about },
    { kind: "completeTrip", ...about },
  ];
  return steps.map((_, index) => steps[(index + pick) % steps.length]).filter((step) => step !== undefined);
}

type Change = Extract<Command, { kind: "updateTrip" }>["change"];

const changes: readonly Change[] = [
  ...levels.map((value) => ({ field: "level", value }) as const),
  ...priorities.map((value) => ({ field: "priority", value }) as const),
  ...policies.map((value) => ({ field: "policy", value }) as const),
  ...requirements.map((value) => ({ field: "requirements", value }) as const),
];

function variants(world: World, command: Command): readonly Command[] {
  if (command.kind === "letTimePass" || command.kind === "createTrip") return [command];
  const byActor = actors.map((actor): Command => ({ ...command, actor }));
  const byTrip = byActor.flatMap((it): readonly Command[] =>
    "trip" in it ? world.trips.map((_, trip) => ({ ...it, trip })) : [it],
  );
  const byBid = byTrip.flatMap((it): readonly Command[] =>
    "bid" in it ? world.bids.map((_, bid) => ({ ...it, bid })) : [it],
  );
  return byBid.flatMap((it): readonly Command[] => {
    if (it.kind === "updateTrip") return changes.map((change) => ({ ...it, change }));
    if (it.kind === "reportMilestone") return milestones.map((type) => ({ ...it, type }));
    if (it.kind === "submitBid")
      return agencies.flatMap((agency) => unitsFor(it).map((unit) => ({ ...it, agency, unit })));
    if (it.kind === "acceptTrip") return unitsFor(it).map((unit) => ({ ...it, unit }));
    if (it.kind === "assignUnit" || it.kind === "swapUnit" || it.kind === "setUnit") {
      return fleet.map(({ number: unit }) => ({ ...it, unit }));
    }
    return [it];
  });
}

/** A command that names no unit stays without one. */
function unitsFor({ unit }: { readonly unit: string | undefined }): readonly (string | undefined)[] {
  return unit === undefined ? [undefined] : fleet.map(({ number }) => number);
}
