import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { claimTrip, isClaimable, mayClaim, setTripUnit } from "./claim.ts";
import { milestoneTypes } from "./milestone.ts";
import { openPause, pauseSla, resumeSla } from "./sla-pause.ts";
import { awardPolicies, canServe, dispositions, priorities, transportLevels, unitTypes } from "./transport.ts";
import {
  aCancelledTrip,
  aCompletedTrip,
  anAssignedTrip,
  aPause,
  aPendingTrip,
  at,
  aTripInProgress,
  blair,
  overseer,
  owner,
  receiver,
  rival,
  terms,
} from "./trip.builder.ts";
import { reopenBidding } from "./trip-bidding.ts";
import { abortTrip, amendTrip, cancelTrip } from "./trip-ending.ts";
import { completeTrip, recordMilestone, startTransport } from "./trip-progress.ts";
import { consentToTrip, releaseLapsed, releaseTrip } from "./trip-release.ts";
import {
  awardOf,
  type Decision,
  granted,
  isClosed,
  pickedUpAtOf,
  type TransportStatus,
  transportStatuses,
  type Trip,
  type TripChange,
} from "./trip.ts";
import type { TripActor } from "./trip-actor.ts";
import { updateTrip } from "./trip-update.ts";

type Deciding = Decision<TripChange | undefined>;
type Command = (trip: Trip, actor: TripActor, now: Date) => Deciding;

const overrideReason = "told by radio";
const actors = { owner, receiver, blair, rival, overseer };
type ActorName = keyof typeof actors;

/** Each command as it succeeds where it may. */
const commands = {
  cancel: (trip, actor, now) => cancelTrip(trip, { actor, reason: "why", now }),
  abort: (trip, actor, now) => abortTrip(trip, { actor, reason: "why", disposition: "DIVERTED", now }),
  amend: (trip, actor, now) => amendTrip(trip, { actor, amendment: "what was", now }),
  update: (trip, actor, now) => updateTrip(trip, { actor, revision: { priority: "LOW" }, terms, now }),
  raiseLevel: (trip, actor, now) => updateTrip(trip, { actor, revision: { level: "CCT" }, terms, now }),
  reopenBidding: (trip, actor, now) => reopenBidding(trip, { actor, terms, now }),
  consent: (trip, actor, now) => consentToTrip(trip, { actor, overrideReason, now }),
  release: (trip, actor, now) => releaseTrip(trip, { actor, reason: "why", terms, now }),
  pause: (trip, actor, now) => pauseSla({ ...trip, slaPauses: [] }, { actor, overrideReason, reason: "WEATHER", now }),
  resume: (trip, actor, now) => resumeSla({ ...trip, slaPauses: [aPause()] }, { actor, overrideReason, now }),
  start: (trip, actor, now) => startTransport(trip, { actor, overrideReason, now }),
  complete: (trip, actor, now) => completeTrip(trip, { actor, overrideReason, now }),
  setUnit: (trip, actor, now) =>
    setTripUnit(trip, {
      attemptId: "attempt-1",
      unit: { id: "unit-8", type: "CCT" },
      previousUnitId: "unit-7",
      actor,
      now,
    }),
} as const satisfies Readonly<Record<string, Command>>;
type CommandName = keyof typeof commands;

/** Who may do what, and where that leads from each state; from the states that are not named, nowhere. */
const edges: Readonly<
  Record<CommandName, { by: readonly ActorName[]; to: Partial<Record<TransportStatus, TransportStatus>> }>
> = {
  cancel: { by: ["owner", "overseer"], to: { PENDING: "CANCELLED", ASSIGNED: "CANCELLED" } },
  abort: { by: ["overseer"], to: { IN_PROGRESS: "CANCELLED" } },
  amend: { by: ["overseer"], to: { COMPLETED: "COMPLETED", CANCELLED: "CANCELLED" } },
  update: { by: ["owner", "overseer"], to: { PENDING: "PENDING", ASSIGNED: "ASSIGNED" } },
  raiseLevel: { by: ["owner", "overseer"], to: { PENDING: "PENDING", ASSIGNED: "PENDING" } },
  reopenBidding: { by: ["owner", "overseer"], to: { PENDING: "PENDING" } },
  consent: { by: ["blair", "overseer"], to: { ASSIGNED: "ASSIGNED" } },
  release: { by: ["blair", "overseer"], to: { ASSIGNED: "PENDING" } },
  pause: { by: ["owner", "blair", "overseer"], to: { PENDING: "PENDING", ASSIGNED: "ASSIGNED" } },
  resume: { by: ["owner", "blair", "overseer"], to: { PENDING: "PENDING", ASSIGNED: "ASSIGNED" } },
  start: { by: ["blair", "overseer"], to: { ASSIGNED: "IN_PROGRESS" } },
  complete: { by: ["blair", "overseer"], to: { IN_PROGRESS: "COMPLETED" } },
  setUnit: { by: ["blair", "overseer"], to: { ASSIGNED: "ASSIGNED" } },
};

const trips: readonly Trip[] = [
  aPendingTrip(),
  anAssignedTrip({ consentDueAt: at(60) }),
  aTripInProgress(),
  aCompletedTrip(),
  aCancelledTrip(),
  aCancelledTrip({ award: { agencyId: "blair", unitId: "unit-7", attemptId: "attempt-1", acceptedAt: at(10) } }),
];

const cases = (Object.keys(edges) as CommandName[]).flatMap((command) =>
  trips.flatMap((trip) =>
    (Object.keys(actors) as ActorName[]).map((actor) => ({
      command,
      trip,
      actor,
      had: awardOf(trip) ? "with an agency" : "without",
      outcome: outcomeOf(command, trip, actor),
    })),
  ),
);

/** The state that a command leads to, or why it leads nowhere: a wrong actor is told so before a wrong state. */
function outcomeOf(command: CommandName, trip: Trip, actor: ActorName): string {
  const { by, to } = edges[command];
  // An agency that does not have the trip is one of many.
  if (!by.includes(actor) || (actor === "blair" && !awardOf(trip))) return "ACTION_NOT_ALLOWED";
  return to[trip.status] ?? "NOT_FROM_HERE";
}

describe("the state machine", () => {
  it.each(cases)("$command by $actor of a trip that is $trip.status $had: $outcome", (row) => {
    const { command, trip, actor, outcome } = row;
    const decision = commands[command](trip, actors[actor], at(40));
    if (decision.ok) {
      expect(decision.value?.after.status).toBe(outcome);
      expect(decision.value?.after.version).toBe(trip.version + 1);
    } else if (outcome === "NOT_FROM_HERE") {
      expect(["INVALID_STATE_TRANSITION", "TRIP_CANCELLED"]).toContain(decision.refusal.reason);
    } else {
      expect(decision.refusal.reason).toBe(outcome);
    }
  });

  it("says yes somewhere to every command, and names every state", () => {
    expect(cases.filter(({ outcome }) => (transportStatuses as readonly string[]).includes(outcome))).toHaveLength(38);
    expect(new Set(trips.map(({ status }) => status))).toEqual(new Set(transportStatuses));
  });
});

/** What somebody may try, with everything that can be different about it. */
interface Step {
  readonly kind: (typeof kinds)[number];
  readonly actor: TripActor;
  readonly agency: "blair" | "rival";
  readonly unit: { readonly id: string; readonly type: (typeof unitTypes)[number] };
  readonly level: (typeof transportLevels)[number];
  readonly priority: (typeof priorities)[number];
  readonly policy: (typeof awardPolicies)[number];
  readonly milestone: (typeof milestoneTypes)[number];
  readonly disposition: (typeof dispositions)[number];
  /** When it happened, from the acceptance on, as the reporter says. */
  readonly minute: number | undefined;
  /** How far the clock of the instance that answers is off. */
  readonly skew: number;
}

const kinds = [
  ...["award", "setUnit", "raise", "release", "lapse", "reopen", "pause", "resume", "cancel", "abort", "amend"],
  // Without more of these, hardly a trip would come far.
  ...["claim", "claim", "claim", "claim", "update", "update", "consent", "consent", "milestone", "milestone"],
  ...["milestone", "start", "start", "complete", "complete"],
] as const;

const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom(...kinds),
  actor: fc.constantFrom(...Object.values(actors), blair, overseer, overseer),
  agency: fc.constantFrom("blair", "blair", "rival"),
  unit: fc.record({
    id: fc.constantFrom("unit-1", "unit-2"),
    type: fc.constantFrom(...unitTypes, "ALS", "CCT", "CCT"),
  }),
  level: fc.constantFrom(...transportLevels),
  priority: fc.constantFrom(...priorities),
  policy: fc.constantFrom(...awardPolicies),
  milestone: fc.constantFrom(...milestoneTypes),
  disposition: fc.constantFrom(...dispositions),
  minute: fc.option(fc.integer({ min: 0, max: 200 }), { nil: undefined, freq: 1 }),
  skew: fc.integer({ min: -3, max: 3 }),
});

function tried(trip: Trip, one: Step, index: number, now: Date): Deciding {
  const { actor, minute, unit } = one;
  const report = { actor, overrideReason, now, ...(minute !== undefined && { occurredAt: at(minute) }) };
  switch (one.kind) {
    case "claim":
    case "award": {
      const claim = {
        ...{ attemptId: `attempt-${index}`, agencyId: one.agency, bidId: "bid", unit, now },
        seenMaterialVersion: trip.materialVersion,
        ...(one.kind === "claim" && { actor }),
      };
      const allowed = [mayClaim(trip, claim), isClaimable(trip, claim, true)].find(({ ok }) => !ok);
      if (allowed && !allowed.ok) return allowed;
      const verdict = claimTrip(trip, claim);
      return granted(verdict.outcome === "WON" ? verdict.change : undefined);
    }
    case "setUnit": {
      const award = awardOf(trip);
      const { attemptId = "", unitId } = award ?? {};
      return setTripUnit(trip, {
        attemptId,
        unit,
        actor,
        now,
        ...(unitId !== undefined && { previousUnitId: unitId }),
      });
    }
    case "update":
      return updateTrip(trip, { actor, revision: { priority: one.priority, awardPolicy: one.policy }, terms, now });
    case "raise":
      return updateTrip(trip, { actor, revision: { level: one.level }, terms, now });
    case "consent":
      return consentToTrip(trip, { actor, overrideReason, now });
    case "release":
      return releaseTrip(trip, { actor, reason: "why", terms, now });
    case "lapse":
      return granted(releaseLapsed(trip, { terms, now }));
    case "reopen":
      return reopenBidding(trip, { actor, terms, now });
    case "pause":
      return pauseSla(trip, { actor, overrideReason, reason: "WEATHER", now });
    case "resume":
      return resumeSla(trip, { actor, overrideReason, now });
    case "milestone":
      return recordMilestone(trip, { ...report, type: one.milestone });
    case "start":
      return startTransport(trip, report);
    case "complete":
      return completeTrip(trip, report);
    case "cancel":
      return cancelTrip(trip, { actor, reason: "why", now });
    case "abort":
      return abortTrip(trip, { actor, reason: "why", disposition: one.disposition, now });
    default:
      return amendTrip(trip, { actor, amendment: "what was", now });
  }
}

/** Tries steps on trips, one after the other, and says which edges they went along. */
function walk(parameters: fc.Parameters<[(typeof awardPolicies)[number], Step[]]>): ReadonlySet<string> {
  const edgesTaken = new Set<string>();
  const steps = fc.array(step, { minLength: 10, maxLength: 60, size: "max" });
  const property = fc.property(fc.constantFrom(...awardPolicies), steps, (awardPolicy, all) => {
    let trip: Trip = aPendingTrip({ awardPolicy });
    all.forEach((one, index) => {
      const decision = tried(trip, one, index, at(5 + index * 2 + one.skew));
      if (!decision.ok || !decision.value) return;
      expectChange(trip, decision.value);
      edgesTaken.add(`${trip.status} ${decision.value.name} ${decision.value.after.status}`);
      trip = decision.value.after;
    });
  });
  fc.assert(property, parameters);
  return edgesTaken;
}

describe("a trip that anybody does anything to, in any order", () => {
  it("keeps every invariant after every change", () => {
    expect(walk({ numRuns: 300 }).size).toBeGreaterThan(10);
  });

  it("can go along every edge, and along no other", () => {
    expect([...walk({ numRuns: 300, seed: 8 })].toSorted()).toEqual([...allowed].toSorted());
  });
});

/** I20: the edges T0 to T8, and what changes no state, by the names of their events. */
const allowed = [
  "PENDING accepted ASSIGNED",
  "PENDING updated PENDING",
  "PENDING bidding_reopened PENDING",
  "PENDING sla_paused PENDING",
  "PENDING sla_resumed PENDING",
  "PENDING cancelled CANCELLED",
  "ASSIGNED updated ASSIGNED",
  "ASSIGNED consented ASSIGNED",
  "ASSIGNED unit_assigned ASSIGNED",
  "ASSIGNED milestone_recorded ASSIGNED",
  "ASSIGNED sla_paused ASSIGNED",
  "ASSIGNED sla_resumed ASSIGNED",
  "ASSIGNED released PENDING",
  "ASSIGNED started IN_PROGRESS",
  "ASSIGNED cancelled CANCELLED",
  "IN_PROGRESS milestone_recorded IN_PROGRESS",
  "IN_PROGRESS completed COMPLETED",
  "IN_PROGRESS cancelled CANCELLED",
  "COMPLETED milestone_recorded COMPLETED",
  "COMPLETED amended COMPLETED",
  "CANCELLED amended CANCELLED",
];

function expectChange(before: Trip, { before: said, after, name, milestone }: TripChange): void {
  expect(said).toBe(before);
  expect(allowed).toContain(`${before.status} ${name} ${after.status}`);
  expect(after.version).toBe(before.version + 1);
  expect(after.updatedAt.getTime()).toBeGreaterThanOrEqual(before.updatedAt.getTime());
  expect(after.milestones).toEqual([...before.milestones, ...(milestone ? [milestone] : [])]);
  expect(after.slaTerms).toBe(before.slaTerms);
  expect(after.patientId).toBe(before.patientId);
  expect(after.materialVersion - before.materialVersion).toBe(
    after.level !== before.level || after.priority !== before.priority ? 1 : 0,
  );
  if (isClosed(before)) expect({ ...after, version: 0, milestones: [] }).toMatchObject({ status: before.status });
  expectInvariants(after);
}

function expectInvariants(trip: Trip): void {
  const award = awardOf(trip);
  // I1, I2 and I11
  if (trip.status === "ASSIGNED" || trip.status === "IN_PROGRESS") expect(award?.agencyId).toBeDefined();
  if (trip.status === "IN_PROGRESS") expect(award?.unitId).toBeDefined();
  if (trip.status === "PENDING")
    for (const gone of ["award", "consentDueAt", "pickedUpAt"]) expect(trip).not.toHaveProperty(gone);
  if (award?.unitType && !isClosed(trip)) expect(canServe(award.unitType, trip.level)).toBe(true);
  // I3
  const completedAt = trip.status === "COMPLETED" ? trip.completedAt : undefined;
  const cancelledAt = trip.status === "CANCELLED" ? trip.cancelledAt : undefined;
  const times = [trip.requestedAt, award?.acceptedAt, pickedUpAtOf(trip), completedAt, cancelledAt]
    .filter((time) => time !== undefined)
    .map((time) => time.getTime());
  expect(times).toEqual(times.toSorted((one, other) => one - other));
  // I4
  if (trip.status === "COMPLETED") expect(completedAt).toBeDefined();
  if (trip.status === "CANCELLED") {
    expect(trip.reason).not.toBe("");
    expect(trip.disposition !== undefined).toBe(pickedUpAtOf(trip) !== undefined);
  }
  if (trip.status !== "PENDING" && trip.status !== "ASSIGNED") expect(openPause(trip)).toBeUndefined();
  expectPausesInOrder(trip);
  expectStepsInOrder(trip);
}

function expectPausesInOrder({ slaPauses }: Trip): void {
  const times = slaPauses.flatMap(({ startedAt, ended }) => [startedAt, ...(ended ? [ended.at] : [])]);
  expect(times).toEqual(times.toSorted((one, other) => one.getTime() - other.getTime()));
  expect(slaPauses.slice(0, -1).every(({ ended }) => ended)).toBe(true);
}

/** The steps of each turn, who reported it aside, are in the order in which they happen, each from everybody once. */
function expectStepsInOrder({ milestones }: Trip): void {
  const keys = milestones.map(({ turn, type, reporter }) => `${turn} ${type} ${reporter}`);
  expect(new Set(keys).size).toBe(keys.length);
  for (const one of milestones) {
    for (const other of milestones) {
      const isBefore = milestoneTypes.indexOf(one.type) < milestoneTypes.indexOf(other.type);
      if (one.turn === other.turn && isBefore) {
        expect(one.occurredAt.getTime()).toBeLessThanOrEqual(other.occurredAt.getTime());
      }
    }
  }
}
