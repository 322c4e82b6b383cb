import type { Command, TripOnly } from "./commands.ts";
import {
  type Actor,
  type AgencyName,
  canServe,
  hospitalOf,
  isAgency,
  type Milestone,
  milestones,
  type ModelBid,
  type ModelTrip,
  type ModelUnit,
  preferred,
  relation,
  routes,
  serving,
  ttlMinutes,
  type World,
} from "./world.ts";

/** What must come of a command: it is carried out, or refused with one of these reasons. */
export interface Expectation {
  /** Every rule that the command breaks, by its reason; none if it must be carried out. */
  readonly reasons: ReadonlySet<string>;
  /**
   * Changes the world as the command must.
   * @param settled what became of trips whose award depends on which of them came first.
   */
  readonly carryOut: (settled?: Winners) => void;
}

/** The bids that have won trips, by the trips' numbers; undefined where none has. */
export type Winners = ReadonlyMap<number, ModelBid | undefined>;

const minute = 60_000;

/** Says what must come of a command in this world. */
export function expectationOf(world: World, command: Command): Expectation {
  switch (command.kind) {
    case "createTrip":
      if (!mayWorkOnTrips.includes(command.actor)) return refusedWith("METHOD_NOT_ALLOWED");
      return { reasons: new Set(), carryOut: () => void world.trips.push(newTrip(world, command)) };
    case "updateTrip":
      return updateTrip(world, command);
    case "reportMilestone":
      return report(world, command, command.type);
    case "submitBid":
      return submitBid(world, command);
    case "amendBid":
    case "withdrawBid":
    case "rejectBid":
    case "acceptBid":
      return onBid(world, command);
    case "acceptTrip":
      return acceptTrip(world, command);
    case "assignUnit":
    case "swapUnit":
      return nameUnit(world, command);
    case "setUnit":
      return setUnit(world, command);
    case "disableAgency":
    case "enableAgency":
      return switchAgency(world, command);
    case "letTimePass":
      return { reasons: new Set(), carryOut: (settled) => letTimePass(world, settled) };
    default:
      return onTrip(world, command);
  }
}

/** Collects the reasons whose conditions hold. An empty reason is none. */
function reasonsOf(conditions: Readonly<Record<string, boolean>>): ReadonlySet<string> {
  return new Set(Object.entries(conditions).flatMap(([reason, holds]) => (holds && reason !== "" ? [reason] : [])));
}

function expect(
  isWrong: boolean,
  reason: string,
  others: Readonly<Record<string, boolean>>,
  carryOut: () => void,
): Expectation {
  return { reasons: new Set([...(isWrong ? [reason] : []), ...reasonsOf(others)]), carryOut };
}

function refusedWith(...reasons: readonly string[]): Expectation {
  return { reasons: new Set(reasons), carryOut: () => undefined };
}

function newTrip(world: World, command: Extract<Command, { kind: "createTrip" }>): ModelTrip {
  const { actor, route, level, priority, policy } = command;
  return {
    route,
    // Center asks in the name of the hospital where the trip begins.
    owner: hospitalOf(actor) ?? routes[route].originOf,
    level,
    priority,
    policy,
    requirements: "none",
    status: "PENDING",
    agency: undefined,
    unit: undefined,
    material: 1,
    consentDue: undefined,
    biddingClose: world.now + ttlMinutes * minute,
    paused: false,
    turn: 0,
    reported: [],
  };
}

/** The trip that a command names. */
export function tripOf(world: World, index: number): ModelTrip {
  const trip = world.trips[index % world.trips.length];
  if (!trip) throw new Error("there is no trip yet");
  return trip;
}

export function bidOf(world: World, index: number): ModelBid | undefined {
  return world.bids.length === 0 ? undefined : world.bids[index % world.bids.length];
}

export function unitOf(world: World, number: string): ModelUnit {
  const unit = world.units.find((candidate) => candidate.number === number);
  if (!unit) throw new Error(`there is no unit ${number}`);
  return unit;
}

const mayWorkOnTrips: readonly Actor[] = ["altoona", "nittany", "center"];

function isOwnerOrCenter(world: World, trip: ModelTrip, actor: Actor): boolean {
  const what = relation(world, trip, actor);
  return what === "OWNER" || what === "OVERSEER";
}

function isCrewOrCenter(world: World, trip: ModelTrip, actor: Actor): boolean {
  const what = relation(world, trip, actor);
  return what === "ASSIGNED" || what === "OVERSEER";
}

function isOver({ status }: ModelTrip): boolean {
  return status === "COMPLETED" || status === "CANCELLED";
}

/** What a trip that is in the wrong state may be refused with. */
function wrongState(trip: ModelTrip, isWrong: boolean): Readonly<Record<string, boolean>> {
  return { INVALID_STATE_TRANSITION: isWrong, TRIP_CANCELLED: isWrong && trip.status === "CANCELLED" };
}

function updateTrip(
  world: World,
  { actor, trip: index, change }: Extract<Command, { kind: "updateTrip" }>,
): Expectation {
  if (!mayWorkOnTrips.includes(actor)) return refusedWith("METHOD_NOT_ALLOWED");
  const trip = tripOf(world, index);
  if (!relation(world, trip, actor)) return refusedWith("RESOURCE_NOT_FOUND");
  const isBeforePickup = trip.status === "PENDING" || trip.status === "ASSIGNED";
  const isPolicyTooLate = change.field === "policy" && trip.status !== "PENDING" && trip.policy !== change.value;
  const reasons = reasonsOf({
    ...wrongState(trip, !isBeforePickup || isPolicyTooLate),
    ACTION_NOT_ALLOWED: !isOwnerOrCenter(world, trip, actor),
  });
  return { reasons, carryOut: () => changeTrip(world, trip, change) };
}

function changeTrip(world: World, trip: ModelTrip, change: Extract<Command, { kind: "updateTrip" }>["change"]): void {
  if (trip[change.field] === change.value) return;
  Object.assign(trip, { [change.field]: change.value });
  if (change.field === "policy") return;
  trip.material += 1;
  if (trip.status !== "ASSIGNED") return;
  const unit = trip.unit === undefined ? undefined : unitOf(world, trip.unit);
  if (change.field === "level" && unit && !canServe(unit.type, trip.level)) release(world, trip, "WITHDRAWN");
  else trip.consentDue = world.now + ttlMinutes * minute;
}

/** The trip waits again. */
function release(world: World, trip: ModelTrip, bidBecomes: "WITHDRAWN" | "EXPIRED"): void {
  const winner = world.bids.find((bid) => world.trips[bid.trip] === trip && bid.status === "ACCEPTED");
  if (winner) winner.status = bidBecomes;
  freeUnit(world, trip);
  trip.status = "PENDING";
  trip.agency = undefined;
  trip.unit = undefined;
  trip.consentDue = undefined;
  trip.biddingClose = world.now + ttlMinutes * minute;
}

function freeUnit(world: World, trip: ModelTrip): void {
  if (trip.unit !== undefined) unitOf(world, trip.unit).trip = undefined;
}

const policyOf: Readonly<Record<TripOnly, readonly Actor[]>> = {
  cancelTrip: mayWorkOnTrips,
  reopenBidding: mayWorkOnTrips,
  abortTrip: ["center"],
  amendTrip: ["center"],
  releaseTrip: ["blair", "juniata", "centre", "center"],
  consentToTrip: ["blair", "juniata", "centre", "center"],
  startTransport: ["blair", "juniata", "centre", "center"],
  completeTrip: ["blair", "juniata", "centre", "center"],
  declineTrip: ["blair", "juniata", "centre"],
  pauseSla: ["altoona", "nittany", "blair", "juniata", "centre", "center"],
  resumeSla: ["altoona", "nittany", "blair", "juniata", "centre", "center"],
};

function onTrip(
  world: World,
  { kind, actor, trip: index }: { readonly kind: TripOnly; readonly actor: Actor; readonly trip: number },
): Expectation {
  // Center declines for an agency that it names, which this model does not play.
  if (kind === "declineTrip" && actor === "center") return refusedWith("VALIDATION_FAILED");
  if (!policyOf[kind].includes(actor)) return refusedWith("METHOD_NOT_ALLOWED");
  const trip = tripOf(world, index);
  if (kind === "declineTrip") return decline(world, trip, actor as AgencyName, index % world.trips.length);
  if (!relation(world, trip, actor)) return refusedWith("RESOURCE_NOT_FOUND");
  const owner = !isOwnerOrCenter(world, trip, actor);
  const crew = !isCrewOrCenter(world, trip, actor);
  const isBeforePickup = trip.status === "PENDING" || trip.status === "ASSIGNED";
  switch (kind) {
    case "cancelTrip":
      return expect(owner, "ACTION_NOT_ALLOWED", wrongState(trip, !isBeforePickup), () =>
        end(world, trip, "CANCELLED"),
      );
    case "abortTrip":
      return expect(false, "", wrongState(trip, trip.status !== "IN_PROGRESS"), () => end(world, trip, "CANCELLED"));
    case "amendTrip":
      return expect(false, "", wrongState(trip, !isOver(trip)), () => undefined);
    case "reopenBidding":
      return expect(owner, "ACTION_NOT_ALLOWED", wrongState(trip, trip.status !== "PENDING"), () => {
        trip.biddingClose = world.now + ttlMinutes * minute;
      });
    case "releaseTrip":
      return expect(crew, "ACTION_NOT_ALLOWED", wrongState(trip, trip.status !== "ASSIGNED"), () =>
        release(world, trip, "WITHDRAWN"),
      );
    case "consentToTrip": {
      const isNothingDue = trip.status !== "ASSIGNED" || trip.consentDue === undefined;
      return expect(crew, "ACTION_NOT_ALLOWED", wrongState(trip, isNothingDue), () => {
        trip.consentDue = undefined;
      });
    }
    case "pauseSla":
    case "resumeSla": {
      const isConcerned = isOwnerOrCenter(world, trip, actor) || relation(world, trip, actor) === "ASSIGNED";
      const isWrong = !isBeforePickup || trip.paused === (kind === "pauseSla");
      return expect(!isConcerned, "ACTION_NOT_ALLOWED", wrongState(trip, isWrong), () => {
        trip.paused = kind === "pauseSla";
      });
    }
    case "startTransport": {
      const reported = report(world, { actor, trip: index }, "LEFT_ORIGIN");
      return {
        ...reported,
        reasons: new Set([...reported.reasons, ...reasonsOf(wrongState(trip, trip.status !== "ASSIGNED"))]),
      };
    }
    case "completeTrip": {
      const reported = report(world, { actor, trip: index }, "TRANSFER_OF_CARE");
      return {
        ...reported,
        reasons: new Set([...reported.reasons, ...reasonsOf(wrongState(trip, trip.status !== "IN_PROGRESS"))]),
      };
    }
    default:
      return kind satisfies never;
  }
}

/** The trip is over: whoever had a unit on it has it back, and nobody bids on it any more. */
function end(world: World, trip: ModelTrip, status: "COMPLETED" | "CANCELLED"): void {
  freeUnit(world, trip);
  endOpenBids(world, trip, "EXPIRED");
  trip.status = status;
  trip.consentDue = undefined;
}

function endOpenBids(world: World, trip: ModelTrip, status: "EXPIRED" | "REJECTED"): void {
  for (const bid of openBids(world, trip)) bid.status = status;
}

function openBids(world: World, trip: ModelTrip): readonly ModelBid[] {
  return world.bids.filter((bid) => world.trips[bid.trip] === trip && bid.status === "PENDING");
}

const reportedByHospitals: readonly Milestone[] = ["AT_ORIGIN", "LEFT_ORIGIN", "AT_DESTINATION"];

function report(
  world: World,
  { actor, trip: index }: { readonly actor: Actor; readonly trip: number },
  type: Milestone,
): Expectation {
  if (actor === "altoonaViewer") return refusedWith("METHOD_NOT_ALLOWED");
  const trip = tripOf(world, index);
  const what = relation(world, trip, actor);
  if (!what) return refusedWith("RESOURCE_NOT_FOUND");
  const by = isAgency(actor) ? "EMS" : actor === "center" ? "CENTER" : "HOSPITAL";
  const { originOf, destinationOf } = routes[trip.route];
  const ownPlace = hospitalOf(actor) === (type === "AT_DESTINATION" ? destinationOf : originOf);
  const mayReport =
    by === "HOSPITAL" ? reportedByHospitals.includes(type) && ownPlace : by === "CENTER" || what === "ASSIGNED";
  const sequence = trip.reported.filter(({ turn }) => turn === sequenceOf(trip));
  const isTooEarly =
    trip.status === "PENDING" ||
    (type === "TRANSFER_OF_CARE" && trip.status === "ASSIGNED") ||
    (type === "BACK_IN_SERVICE" && trip.status !== "COMPLETED");
  const isRepeated = sequence.some((step) => step.type === type && step.by === by);
  const isLate = sequence.some((step) => milestones.indexOf(step.type) > milestones.indexOf(type));
  const starts = type === "LEFT_ORIGIN" && trip.status === "ASSIGNED" && by !== "HOSPITAL";
  const reasons = reasonsOf({
    ACTION_NOT_ALLOWED: !mayReport,
    INVALID_STATE_TRANSITION: isTooEarly || isRepeated,
    TRIP_CANCELLED: trip.status === "CANCELLED",
    TIME_OUT_OF_ORDER: isLate,
    UNIT_NOT_ASSIGNED: starts && trip.unit === undefined,
  });
  return {
    reasons,
    carryOut: () => {
      trip.reported.push({ type, by, turn: sequenceOf(trip) });
      if (starts) Object.assign(trip, { status: "IN_PROGRESS", consentDue: undefined });
      if (type === "TRANSFER_OF_CARE" && trip.status === "IN_PROGRESS" && by !== "HOSPITAL")
        end(world, trip, "COMPLETED");
    },
  };
}

/** With each award, and each unit that is put on the trip, a new sequence of steps begins. */
function sequenceOf({ turn }: ModelTrip): number {
  return turn;
}

/** Why an agency may not have a trip, beside that it may not wait. */
function eligibility(world: World, trip: ModelTrip, agency: AgencyName): Readonly<Record<string, boolean>> {
  const isServing = serving[routes[trip.route].county].includes(agency);
  const isCapable = world.units.some((unit) => unit.agency === agency && canServe(unit.type, trip.level));
  return { AGENCY_NOT_ELIGIBLE: !isServing || !isCapable || world.disabled.has(agency) };
}

function waiting(world: World, trip: ModelTrip): Readonly<Record<string, boolean>> {
  return {
    TRIP_NOT_PENDING: trip.status !== "PENDING",
    TRIP_CANCELLED: trip.status === "CANCELLED",
    BIDDING_CLOSED: trip.status === "PENDING" && world.now >= trip.biddingClose,
  };
}

/** What is wrong with naming a unit in a bid: it is another agency's, or cannot serve the trip. */
function nameable(
  world: World,
  trip: ModelTrip,
  agency: AgencyName,
  number: string | undefined,
): Readonly<Record<string, boolean>> {
  if (number === undefined) return {};
  const unit = unitOf(world, number);
  return { RESOURCE_NOT_FOUND: unit.agency !== agency, UNIT_NOT_CAPABLE: !canServe(unit.type, trip.level) };
}

/** What is wrong with putting a unit on a trip now. */
function assignable(
  world: World,
  trip: ModelTrip,
  agency: AgencyName,
  number: string | undefined,
): Readonly<Record<string, boolean>> {
  if (number === undefined) return {};
  return { ...nameable(world, trip, agency, number), UNIT_NOT_AVAILABLE: !isFree(unitOf(world, number)) };
}

function isFree({ status, trip, onBreak, offShift }: ModelUnit): boolean {
  return status === "AVAILABLE" && trip === undefined && !onBreak && !offShift;
}

function submitBid(world: World, command: Extract<Command, { kind: "submitBid" }>): Expectation {
  const { actor, trip: index, unit, eta, amount } = command;
  if (!isAgency(actor) && actor !== "center") return refusedWith("METHOD_NOT_ALLOWED");
  const agency = isAgency(actor) ? actor : command.agency;
  const at = index % world.trips.length;
  const trip = tripOf(world, index);
  const isUnknown = !serving[routes[trip.route].county].includes(agency);
  const reasons = new Set([
    ...reasonsOf(waiting(world, trip)),
    ...reasonsOf(eligibility(world, trip, agency)),
    ...reasonsOf(nameable(world, trip, agency, unit)),
    ...reasonsOf({
      RESOURCE_NOT_FOUND: isUnknown,
      OPEN_BID_EXISTS: openBids(world, trip).some((bid) => bid.agency === agency),
    }),
  ]);
  return {
    reasons,
    carryOut: () => {
      const order = world.bids.length;
      world.bids.push({ trip: at, agency, unit, eta, amount, seen: trip.material, status: "PENDING", order });
    },
  };
}

function decline(world: World, trip: ModelTrip, agency: AgencyName, at: number): Expectation {
  const isUnknown = !serving[routes[trip.route].county].includes(agency);
  const hasBid = openBids(world, trip).some((bid) => bid.agency === agency);
  const key = `${agency} ${at}`;
  const { AGENCY_NOT_ELIGIBLE = false } = eligibility(world, trip, agency);
  return {
    reasons: reasonsOf({
      ...waiting(world, trip),
      AGENCY_NOT_ELIGIBLE,
      RESOURCE_NOT_FOUND: isUnknown,
      INVALID_STATE_TRANSITION: hasBid,
      OPEN_BID_EXISTS: hasBid,
    }),
    carryOut: () => {
      if (world.declined.has(key)) return;
      world.declined.add(key);
      const order = world.bids.length;
      const nothing = { unit: undefined, eta: undefined, amount: undefined };
      world.bids.push({ trip: at, agency, ...nothing, seen: trip.material, status: "WITHDRAWN", order });
    },
  };
}

type OnBid = Extract<Command, { kind: "amendBid" | "withdrawBid" | "rejectBid" | "acceptBid" }>;

function onBid(world: World, command: OnBid): Expectation {
  const { kind, actor } = command;
  const isByAgency = kind === "amendBid" || kind === "withdrawBid";
  const mayCall = actor === "center" || (isByAgency ? isAgency(actor) : actor === "altoona" || actor === "nittany");
  if (!mayCall) return refusedWith("METHOD_NOT_ALLOWED");
  const bid = bidOf(world, command.bid);
  if (!bid) return refusedWith("RESOURCE_NOT_FOUND");
  const trip = tripOf(world, bid.trip);
  const isOwn = actor === "center" || (isByAgency ? bid.agency === actor : hospitalOf(actor) === trip.owner);
  if (!isOwn) return refusedWith("RESOURCE_NOT_FOUND");
  const notPending = { BID_NOT_PENDING: bid.status !== "PENDING" };
  switch (kind) {
    case "withdrawBid":
      return expect(false, "", notPending, () => void (bid.status = "WITHDRAWN"));
    case "rejectBid":
      return expect(false, "", notPending, () => void (bid.status = "REJECTED"));
    case "amendBid": {
      const unfit = reasonsOf(nameable(world, trip, bid.agency, bid.unit));
      const reasons = new Set([
        ...unfit,
        ...reasonsOf(notPending),
        ...reasonsOf(waiting(world, trip)),
        ...reasonsOf(eligibility(world, trip, bid.agency)),
      ]);
      return {
        reasons,
        carryOut: () => {
          bid.seen = trip.material;
          bid.eta = command.eta;
        },
      };
    }
    case "acceptBid": {
      const reasons = new Set([
        ...reasonsOf(notPending),
        ...reasonsOf(waiting(world, trip)),
        ...reasonsOf({ BID_OUTDATED: bid.seen !== trip.material }),
        ...reasonsOf(eligibility(world, trip, bid.agency)),
        ...reasonsOf(assignable(world, trip, bid.agency, bid.unit)),
      ]);
      return { reasons, carryOut: () => award(world, trip, bid) };
    }
    default:
      return kind satisfies never;
  }
}

/** The bid has won the trip, with the unit that it names or another. */
function award(world: World, trip: ModelTrip, bid: ModelBid, { unit }: Pick<ModelBid, "unit"> = bid): void {
  bid.status = "ACCEPTED";
  endOpenBids(world, trip, "REJECTED");
  trip.status = "ASSIGNED";
  trip.agency = bid.agency;
  trip.unit = unit;
  trip.turn += 1;
  if (unit !== undefined) unitOf(world, unit).trip = bid.trip;
}

function acceptTrip(world: World, { actor, trip: index, unit }: Extract<Command, { kind: "acceptTrip" }>): Expectation {
  if (!isAgency(actor)) return refusedWith("METHOD_NOT_ALLOWED");
  const trip = tripOf(world, index);
  const isUnknown = !serving[routes[trip.route].county].includes(actor);
  const reasons = new Set([
    ...reasonsOf(waiting(world, trip)),
    ...reasonsOf(eligibility(world, trip, actor)),
    ...reasonsOf(assignable(world, trip, actor, unit)),
    ...reasonsOf({ RESOURCE_NOT_FOUND: isUnknown, AWARD_POLICY_MISMATCH: trip.policy !== "FIRST_ACCEPT" }),
  ]);
  return {
    reasons,
    carryOut: () => {
      const own = openBids(world, trip).find((bid) => bid.agency === actor);
      const bid = own ?? directBid(world, index % world.trips.length, actor, trip.material);
      award(world, trip, bid, { unit });
    },
  };
}

function directBid(world: World, trip: number, agency: AgencyName, seen: number): ModelBid {
  const nothing = { unit: undefined, eta: undefined, amount: undefined };
  const bid: ModelBid = { trip, agency, ...nothing, seen, status: "PENDING", order: world.bids.length };
  world.bids.push(bid);
  return bid;
}

function nameUnit(
  world: World,
  { kind, actor, trip: index, unit }: Extract<Command, { kind: "assignUnit" | "swapUnit" }>,
): Expectation {
  if (!isAgency(actor) && actor !== "center") return refusedWith("METHOD_NOT_ALLOWED");
  const trip = tripOf(world, index);
  const at = index % world.trips.length;
  const agency = isAgency(actor) ? actor : trip.agency;
  const hasHad = world.bids.some((bid) => bid.trip === at && bid.agency === agency);
  if (agency === undefined || trip.agency !== agency) {
    // One that had the trip once may be told that it no longer has it.
    const told = actor === "center" || hasHad ? ["INVALID_STATE_TRANSITION", "TRIP_CANCELLED"] : [];
    return refusedWith("RESOURCE_NOT_FOUND", ...told);
  }
  if (unit === trip.unit && !isOver(trip)) {
    // Asked again: nothing to do, or nothing to swap.
    return kind === "assignUnit"
      ? { reasons: new Set(), carryOut: () => undefined }
      : refusedWith("INVALID_STATE_TRANSITION", "OK");
  }
  const hasUnit = trip.unit !== undefined;
  const isWrong = trip.status !== "ASSIGNED" || (kind === "assignUnit" ? hasUnit : !hasUnit);
  const reasons = new Set([
    ...reasonsOf(wrongState(trip, isWrong)),
    ...reasonsOf({ UNIT_NOT_ASSIGNED: kind === "swapUnit" && !hasUnit }),
    ...reasonsOf(assignable(world, trip, agency, unit)),
  ]);
  return {
    reasons,
    carryOut: () => {
      freeUnit(world, trip);
      trip.unit = unit;
      trip.turn += 1;
      unitOf(world, unit).trip = at;
    },
  };
}

function setUnit(world: World, { actor, unit: number, to }: Extract<Command, { kind: "setUnit" }>): Expectation {
  const isStatus = to === "AVAILABLE" || to === "OUT_OF_SERVICE" || to === "MAINTENANCE";
  if (!isAgency(actor) && !(actor === "center" && isStatus)) return refusedWith("METHOD_NOT_ALLOWED");
  const unit = unitOf(world, number);
  if (isAgency(actor) && unit.agency !== actor) return refusedWith("RESOURCE_NOT_FOUND");
  const isBeyondCenter = actor === "center" && to !== "OUT_OF_SERVICE";
  const reasons = reasonsOf({
    ACTION_NOT_ALLOWED: isBeyondCenter,
    VALIDATION_FAILED: isBeyondCenter,
    UNIT_IN_USE: isStatus && unit.trip !== undefined,
  });
  return {
    reasons,
    carryOut: () => {
      if (isStatus) unit.status = to;
      else if (to === "ON_BREAK" || to === "BACK") unit.onBreak = to === "ON_BREAK";
      else unit.offShift = to === "OFF_SHIFT";
    },
  };
}

function switchAgency(
  world: World,
  { kind, actor, agency }: Extract<Command, { kind: "disableAgency" | "enableAgency" }>,
): Expectation {
  if (actor !== "center") return refusedWith("METHOD_NOT_ALLOWED");
  const isDisabled = world.disabled.has(agency);
  const isNothing = (kind === "disableAgency") === isDisabled;
  if (isNothing) return refusedWith("INVALID_STATE_TRANSITION", "OK");
  return {
    reasons: new Set(),
    carryOut: () => {
      if (kind === "enableAgency") return void world.disabled.delete(agency);
      world.disabled.add(agency);
      for (const bid of world.bids) if (bid.agency === agency && bid.status === "PENDING") bid.status = "EXPIRED";
    },
  };
}

/** A leap beyond every deadline: consents lapse, and bidding closes with an award where the trip's policy makes one. */
function letTimePass(world: World, settled: Winners = new Map()): void {
  const due = dueTrips(world);
  const lapsed = lapsedTrips(world);
  for (const trip of due) {
    const index = world.trips.indexOf(trip);
    const winner = settled.has(index) ? settled.get(index) : awardable(world, trip)[0];
    if (winner) award(world, trip, winner);
    else endOpenBids(world, trip, "EXPIRED");
  }
  for (const trip of lapsed) release(world, trip, "EXPIRED");
}

/** The trips on which bidding is over. */
export function dueTrips(world: World): readonly ModelTrip[] {
  return world.trips.filter((trip) => trip.status === "PENDING" && trip.biddingClose <= world.now);
}

function lapsedTrips(world: World): readonly ModelTrip[] {
  return world.trips.filter(
    ({ status, consentDue }) => status === "ASSIGNED" && consentDue !== undefined && consentDue <= world.now,
  );
}

/**
 * The trips on which bidding is over and whose award depends on what happens first, because a unit that is offered for
 * them is offered for another such trip as well, or is just coming free.
 */
export function contestedTrips(world: World): readonly ModelTrip[] {
  const offers = dueTrips(world).map((trip) => ({
    trip,
    units: openBids(world, trip).flatMap(({ unit }) => unit ?? []),
  }));
  const freed = new Set(lapsedTrips(world).flatMap(({ unit }) => unit ?? []));
  return offers
    .filter(({ trip, units }) =>
      units.some(
        (unit) => freed.has(unit) || offers.some((other) => other.trip !== trip && other.units.includes(unit)),
      ),
    )
    .map(({ trip }) => trip);
}

/** The bids that a trip's policy may award, the best first. */
export function awardable(world: World, trip: ModelTrip): readonly ModelBid[] {
  const rank = ranking(trip);
  if (!rank) return [];
  return openBids(world, trip)
    .filter((bid) => bid.seen === trip.material)
    .filter(
      (bid) =>
        reasonsOf({ ...eligibility(world, trip, bid.agency), ...assignable(world, trip, bid.agency, bid.unit) })
          .size === 0,
    )
    .toSorted((one, other) => {
      const [a, b] = [rank(one), rank(other)];
      const at = a.findIndex((value, index) => value !== b[index]);
      return at === -1 ? one.order - other.order : (a[at] ?? 0) - (b[at] ?? 0);
    });
}

function ranking(trip: ModelTrip): ((bid: ModelBid) => readonly number[]) | undefined {
  const order = preferred[trip.owner];
  const placeOf = (agency: AgencyName): number => (order.includes(agency) ? order.indexOf(agency) : order.length);
  switch (trip.policy) {
    case "BEST_ETA":
      return ({ eta }) => [eta ?? Number.MAX_SAFE_INTEGER];
    case "LOWEST_COST":
      return ({ amount }) => [amount ?? Number.MAX_SAFE_INTEGER];
    case "PREFERENCE_THEN_ETA":
      return ({ agency, eta }) => [placeOf(agency), eta ?? Number.MAX_SAFE_INTEGER];
    default:
      return undefined;
  }
}
