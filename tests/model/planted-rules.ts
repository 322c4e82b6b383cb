/** A rule and how it could have been written wrongly. */
export interface PlantedRule extends Planting {
  readonly name: string;
  /** Where the same rule stands a second time, as another silo's own guard: planted together. */
  readonly also?: Planting;
}

/** What is written instead of what. */
export interface Planting {
  /** Below the project. */
  readonly file: string;
  /** Stands in the file exactly once. */
  readonly right: string;
  readonly wrong: string;
}

const trips = "services/hospital/src/trips";
const ems = "services/ems/src";

/** Wrong rules of the silos, each of which a person could have written. */
export const plantedRules: readonly PlantedRule[] = [
  {
    name: "a hospital may change a trip that is brought to it",
    file: `${trips}/trip-update.ts`,
    right: 'if (!isOwner(trip, actor) && actor.type !== "CENTER") {',
    wrong: 'if (actor.type === "EMS") {',
  },
  {
    name: "a trip may be changed while it is under way",
    file: `${trips}/trip-update.ts`,
    right: 'return trip.status === "PENDING" || trip.status === "ASSIGNED" ? granted(trip)',
    wrong: 'return trip.status !== "COMPLETED" && trip.status !== "CANCELLED" ? granted(trip as OpenTrip)',
  },
  {
    name: "a change of the requirements is not material",
    file: `${trips}/trip-update.ts`,
    right: "special_requirements: before.specialRequirements !== after.specialRequirements,",
    wrong: "special_requirements: false,",
  },
  {
    name: "raising the level above the unit releases nothing",
    file: `${trips}/trip-update.ts`,
    right: 'if (isBeyondUnit) return { name: "released"',
    wrong: 'if (isBeyondUnit && facts.priority === undefined) return { name: "released"',
  },
  {
    name: "the award policy may change after the award",
    file: `${trips}/trip-update.ts`,
    right: 'if (changedFields.includes("award_policy") && trip.status !== "PENDING") {',
    wrong: 'if (changedFields.includes("award_policy") && trip.status === undefined) {',
  },
  {
    name: "a trip may be given back while the patient is on board",
    file: `${trips}/trip-release.ts`,
    right: 'if (trip.status !== "ASSIGNED") return refusedInState(trip, "be released");',
    wrong: 'if (trip.status === "PENDING") return refusedInState(trip, "be released");',
  },
  {
    name: "a lapsed consent releases nothing",
    file: `${trips}/trip-release.ts`,
    right: "!trip.consentDueAt || trip.consentDueAt >= now) return undefined;",
    wrong: "!trip.consentDueAt || trip.consentDueAt < now) return undefined;",
  },
  {
    name: "a released trip keeps its old closing time",
    file: `${trips}/trip-release.ts`,
    right: "biddingClosesAt: biddingCloseAfter(now, trip.priority, terms) };",
    wrong: "};",
  },
  {
    name: "a trip may be cancelled while it is under way",
    file: `${trips}/trip-ending.ts`,
    right: `if (trip.status !== "PENDING" && trip.status !== "ASSIGNED") {
    return refused("INVALID_STATE_TRANSITION", \`a trip that is \${trip.status} cannot be cancelled\`);`,
    wrong: `if (trip.status === "COMPLETED" || trip.status === "CANCELLED") {
    return refused("INVALID_STATE_TRANSITION", \`a trip that is \${trip.status} cannot be cancelled\`);`,
  },
  {
    name: "an agency sees trips of any county",
    file: `${trips}/trip-scope.ts`,
    right: 'return trip.status === "PENDING" && reaches(actor.reach, trip.origin.county) ? "OFFERED" : undefined;',
    wrong: 'return trip.status === "PENDING" && actor.reach.isActive ? "OFFERED" : undefined;',
  },
  {
    name: "an agency reads the free text of a trip that it does not have",
    file: `${trips}/trip-scope.ts`,
    right: 'return relation !== "OFFERED";',
    wrong: "return relation !== undefined;",
  },
  {
    name: "a hospital reports arrival at any facility",
    file: `${trips}/trip-progress.ts`,
    right:
      "if (reportedByHospitals.includes(type) && place.hospitalId === actor.hospitalId) return granted(undefined);",
    wrong: "if (reportedByHospitals.includes(type) && place.facilityId !== actor.userId) return granted(undefined);",
  },
  {
    name: "care may be transferred before the pickup",
    file: `${trips}/trip-progress.ts`,
    right: 'if (type === "TRANSFER_OF_CARE" && trip.status === "ASSIGNED") {',
    wrong: 'if (type === "TRANSFER_OF_CARE" && trip.status === undefined) {',
  },
  {
    name: "an agency takes trips for which the hospital chooses",
    file: `${ems}/dispatch/acceptance.rpc.ts`,
    right: 'if (trip.awardPolicy !== "FIRST_ACCEPT") {',
    wrong: "if (trip.awardPolicy === undefined) {",
    also: {
      file: `${trips}/claim.ts`,
      right: 'if (actor.type === "EMS" && awardPolicy !== "FIRST_ACCEPT") {',
      wrong: 'if (actor.type === "EMS" && awardPolicy === undefined) {',
    },
  },
  {
    name: "an outdated bid may be accepted",
    file: `${ems}/dispatch/acceptance.rpc.ts`,
    right: "if (isOutdated(bid, trip.materialVersion)) throw",
    wrong: "if (isOutdated(bid, 0)) throw",
    also: {
      file: `${trips}/claim.ts`,
      right: "if (trip.materialVersion !== claim.seenMaterialVersion) return",
      wrong: "if (trip.materialVersion < claim.seenMaterialVersion) return",
    },
  },
  {
    name: "bids are taken after bidding has closed",
    file: `${ems}/trip-copies/trip-copy.ts`,
    right: "return isBiddingEnded(terms) || (biddingClosesAt !== undefined && biddingClosesAt <= now);",
    wrong: "return biddingClosesAt !== undefined && biddingClosesAt.getTime() + 3_600_000 <= now.getTime();",
  },
  {
    name: "a wheelchair van may be sent for a BLS trip",
    file: `${ems}/units/unit-type.ts`,
    right: 'WHEELCHAIR: ["OTHER"]',
    wrong: 'WHEELCHAIR: ["BLS", "OTHER"]',
  },
  {
    name: "a unit may be sent while its crew is on a break",
    file: `${ems}/units/unit.ts`,
    right: 'if (unit.crew === "ON_BREAK") return "has its crew on a break";',
    wrong: "",
  },
  {
    name: "the latest bid is the best",
    file: `${ems}/dispatch/award-order.ts`,
    right: "return at === -1 ? 0 : (one[at] ?? 0) - (other[at] ?? 0);",
    wrong: "return at === -1 ? 0 : (other[at] ?? 0) - (one[at] ?? 0);",
  },
  {
    name: "the hospital's preference does not count",
    file: `${ems}/dispatch/award-order.ts`,
    right: "return place === -1 ? preferred.length : place;",
    wrong: "return place === -1 ? preferred.length : preferred.length;",
  },
  {
    name: "the other bids stay open after the award",
    file: `${ems}/dispatch/award.store.ts`,
    right: '  await endOpenBids(change, after.tripId, "TRIP_ASSIGNED");\n  return after;',
    wrong: "  return after;",
    also: {
      file: `${ems}/trip-copies/trip-copy.consumer.ts`,
      right: '  else await endOpenBids(change, id, "TRIP_ASSIGNED");',
      wrong: "",
    },
  },
  {
    name: "a released trip's unit stays in use",
    file: `${ems}/dispatch/award.store.ts`,
    right:
      "  await endBidOf(change, assignment, reason);\n  for (const unitId of unitIdsOf(assignment)) await freeUnit(change, unitId);",
    wrong: "  await endBidOf(change, assignment, reason);",
  },
  {
    name: "a disabled agency keeps its open bids",
    file: `${ems}/agencies/agency.rpc.ts`,
    right: "if (!takesPart(after)) await expireBidsOfAgency(work, agencyId);",
    wrong: "",
  },
];
