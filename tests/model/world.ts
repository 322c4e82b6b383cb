/**
 * A small world that obeys the rules of the domain: what the mesh must do, told a second time and as simply as possible. It knows
 * neither databases nor messages, and every command changes it at once.
 */

/** Who acts. Two hospitals, a viewer of the first, three agencies and Center. */
export const actors = ["altoona", "altoonaViewer", "nittany", "blair", "juniata", "centre", "center"] as const;
export type Actor = (typeof actors)[number];
export type Hospital = "altoona" | "nittany";
export const agencies = ["blair", "juniata", "centre"] as const;
export type AgencyName = (typeof agencies)[number];

export const levels = ["BLS", "ALS", "CCT", "OTHER"] as const;
export type Level = (typeof levels)[number];
export const priorities = ["LOW", "MEDIUM", "HIGH", "URGENT"] as const;
export type Priority = (typeof priorities)[number];
export const policies = ["MANUAL", "FIRST_ACCEPT", "BEST_ETA", "LOWEST_COST", "PREFERENCE_THEN_ETA"] as const;
export type Policy = (typeof policies)[number];
/** What trips are changed to demand; they begin with none. */
export const requirements = ["oxygen", "stairs"] as const;
export type Status = "PENDING" | "ASSIGNED" | "IN_PROGRESS" | "COMPLETED" | "CANCELLED";
export type UnitType = "BLS" | "ALS" | "CCT" | "WHEELCHAIR" | "MEDICAL_TAXI";
export type Milestone =
  | "ACKNOWLEDGED"
  | "EN_ROUTE"
  | "AT_ORIGIN"
  | "AT_PATIENT"
  | "LEFT_ORIGIN"
  | "AT_DESTINATION"
  | "TRANSFER_OF_CARE"
  | "BACK_IN_SERVICE";

export const milestones: readonly Milestone[] = [
  "ACKNOWLEDGED",
  "EN_ROUTE",
  "AT_ORIGIN",
  "AT_PATIENT",
  "LEFT_ORIGIN",
  "AT_DESTINATION",
  "TRANSFER_OF_CARE",
  "BACK_IN_SERVICE",
];

/** From where to where: whose facilities they are, and the county where the trip begins. */
export const routes = {
  altoonaToNittany: { originOf: "altoona", destinationOf: "nittany", county: "blair" },
  altoonaToRehab: { originOf: "altoona", destinationOf: undefined, county: "blair" },
  nittanyToAltoona: { originOf: "nittany", destinationOf: "altoona", county: "centre" },
} as const;
export type Route = keyof typeof routes;

/** Which agencies serve the county where a trip begins. */
export const serving: Readonly<Record<"blair" | "centre", readonly AgencyName[]>> = {
  blair: ["blair", "juniata"],
  centre: ["centre"],
};

/** The agencies that Altoona prefers, most preferred first; Nittany prefers none. */
export const preferred: Readonly<Record<Hospital, readonly AgencyName[]>> = {
  altoona: ["juniata", "blair"],
  nittany: [],
};

/** The units of each agency, by the numbers that are painted on them. */
export const fleet: readonly { readonly number: string; readonly agency: AgencyName; readonly type: UnitType }[] = [
  { number: "BV-1", agency: "blair", type: "CCT" },
  { number: "BV-2", agency: "blair", type: "ALS" },
  { number: "BV-3", agency: "blair", type: "BLS" },
  { number: "BV-4", agency: "blair", type: "WHEELCHAIR" },
  { number: "JR-11", agency: "juniata", type: "ALS" },
  { number: "JR-12", agency: "juniata", type: "BLS" },
  { number: "NT-201", agency: "centre", type: "CCT" },
  { number: "NT-203", agency: "centre", type: "BLS" },
];

/** Minutes that bidding and consent are configured to take, so that the same leap of time ends both. */
export const ttlMinutes = 3;

export interface ModelTrip {
  readonly route: Route;
  /** The hospital that asked for it. */
  readonly owner: Hospital;
  level: Level;
  priority: Priority;
  policy: Policy;
  requirements: string;
  status: Status;
  /** Who has it, or had it when it closed. */
  agency: AgencyName | undefined;
  unit: string | undefined;
  material: number;
  /** Milliseconds; the agency must consent until then. */
  consentDue: number | undefined;
  biddingClose: number;
  paused: boolean;
  /** How often it was awarded, or had a unit put on it: steps that were reported before that are over. */
  turn: number;
  readonly reported: { readonly type: Milestone; readonly by: "HOSPITAL" | "EMS" | "CENTER"; readonly turn: number }[];
}

export type BidStatus = "PENDING" | "ACCEPTED" | "REJECTED" | "EXPIRED" | "WITHDRAWN";

export interface ModelBid {
  readonly trip: number;
  readonly agency: AgencyName;
  readonly unit: string | undefined;
  /** Minutes from the beginning of the run; undefined if the bid names none. */
  eta: number | undefined;
  amount: number | undefined;
  seen: number;
  status: BidStatus;
  readonly order: number;
}

export interface ModelUnit {
  readonly number: string;
  readonly agency: AgencyName;
  readonly type: UnitType;
  status: "AVAILABLE" | "OUT_OF_SERVICE" | "MAINTENANCE";
  /** The trip that it is on. */
  trip: number | undefined;
  onBreak: boolean;
  offShift: boolean;
}

/** Everything that the model knows. */
export interface World {
  /** Milliseconds. */
  now: number;
  readonly trips: ModelTrip[];
  readonly bids: ModelBid[];
  readonly units: ModelUnit[];
  readonly disabled: Set<AgencyName>;
  /** The agencies that said that they do not take a trip, as `agency trip`. */
  readonly declined: Set<string>;
}

/** The world before anything happened. */
export function newWorld(now: number): World {
  return {
    now,
    trips: [],
    bids: [],
    units: fleet.map((unit) => ({
      ...unit,
      status: "AVAILABLE",
      trip: undefined,
      onBreak: false,
      offShift: false,
    })),
    disabled: new Set(),
    declined: new Set(),
  };
}

/** The capability ladder: BLS within ALS within CCT; any unit serves OTHER. */
export function canServe(type: UnitType, level: Level): boolean {
  if (level === "OTHER") return true;
  const ladder = ["BLS", "ALS", "CCT"];
  return ladder.includes(type) && ladder.indexOf(type) >= ladder.indexOf(level);
}

export function isAgency(actor: Actor): actor is AgencyName {
  return agencies.some((agency) => agency === actor);
}

/** The hospital that somebody works for. */
export function hospitalOf(actor: Actor): Hospital | undefined {
  if (actor === "altoona" || actor === "altoonaViewer") return "altoona";
  return actor === "nittany" ? "nittany" : undefined;
}

/** What a person is to a trip; undefined if it does not exist for the person. */
export function relation(
  world: World,
  trip: ModelTrip,
  actor: Actor,
): "OWNER" | "INBOUND" | "ASSIGNED" | "OFFERED" | "OVERSEER" | undefined {
  if (actor === "center") return "OVERSEER";
  const { destinationOf, county } = routes[trip.route];
  if (isAgency(actor)) {
    if (trip.agency === actor) return "ASSIGNED";
    const isOffered = trip.status === "PENDING" && serving[county].includes(actor) && !world.disabled.has(actor);
    return isOffered ? "OFFERED" : undefined;
  }
  const hospital = hospitalOf(actor);
  if (hospital === trip.owner) return "OWNER";
  return hospital !== undefined && hospital === destinationOf ? "INBOUND" : undefined;
}
