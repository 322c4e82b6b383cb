import { setTimeout as sleep } from "node:timers/promises";
import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { ConnectError } from "@connectrpc/connect";
import type { Facility } from "#gen/medport/hospital/v1/facility_service_pb.ts";
import {
  AwardPolicy,
  Disposition,
  MilestoneType,
  Priority,
  SlaPauseReason,
  TransportLevel,
  TransportStatus,
  type Trip,
} from "#gen/medport/transport/v1/trip_pb.ts";
import { UnitType } from "#gen/medport/transport/v1/unit_type_pb.ts";
import { reasonOf } from "#platform/rpc/refusal.ts";
import type { MeshOfUser } from "../../services/client/connect-mesh.ts";
import { whileOutOfReach } from "../../services/client/waiting.ts";
import type { LeapingClock } from "./leaping-clock.ts";
import type { TestMesh } from "./mesh.builder.ts";
import { SeededRandom } from "./seeded-random.ts";

/** How many lives, and how. */
export interface LivesOptions {
  readonly mesh: TestMesh;
  readonly clock: LeapingClock;
  readonly count: number;
  /** How many trips are lived at the same time. */
  readonly atOnce: number;
  readonly seed: number;
  /** Told after each life. */
  readonly onProgress?: (lived: number) => void;
}

/** How often each command was carried out, and how often it was refused and why. */
export type Tally = ReadonlyMap<string, ReadonlyMap<string, number>>;

/** A hospital, who acts for it, and where its trips begin. */
interface HospitalTeam {
  readonly email: string;
  readonly facility: Facility;
  /** Those that serve the facility's county. */
  readonly agencies: readonly AgencyTeam[];
}

/** An agency, who acts for it, and what it sends. */
interface AgencyTeam {
  readonly email: string;
  readonly agencyId: string;
  readonly unitIds: readonly string[];
}

const unitsOfAgency = 40;
/** So many commands each trip sees, more or less, between two leaps of the clock. */
const commandsOfLeap = 9;
const mostSteps = 60;

/**
 * Lives random lives of trips: everything that people may do with one, in any order that the dice give, all at once and
 * while the clock leaps on. What the mesh refuses is left at that. Most trips end; some are left as they are.
 */
export async function liveRandomly(options: LivesOptions): Promise<Tally> {
  const stage = await Stage.open(options);
  let begun = 0;
  let lived = 0;
  const worker = async (): Promise<void> => {
    while (begun < options.count) {
      const random = new SeededRandom(options.seed * 1_000_003 + begun++);
      await new Life(stage, random).live();
      options.onProgress?.(++lived);
    }
  };
  await Promise.all(Array.from({ length: options.atOnce }, worker));
  return stage.tally;
}

/** Where the lives are lived. A class because it remembers who is logged in and what was done. */
class Stage {
  readonly tally = new Map<string, Map<string, number>>();
  readonly #options: LivesOptions;
  readonly #random: SeededRandom;
  readonly #people = new Map<string, MeshOfUser>();
  #commands = 0;
  hospitals: readonly HospitalTeam[] = [];
  facilities: readonly Facility[] = [];
  centerEmail = "";

  private constructor(options: LivesOptions) {
    this.#options = options;
    this.#random = new SeededRandom(options.seed);
  }

  static async open(options: LivesOptions): Promise<Stage> {
    const stage = new Stage(options);
    await stage.#logIn();
    await stage.#look();
    return stage;
  }

  now(): number {
    return this.#options.clock.now().getTime();
  }

  as(email: string): MeshOfUser {
    const person = this.#people.get(email);
    if (!person) throw new Error(`${email} is not logged in`);
    return person;
  }

  get center(): MeshOfUser {
    return this.as(this.centerEmail);
  }

  /** Does something that may be refused. @returns undefined if it was. */
  async attempt<T>(name: string, command: () => Promise<T>): Promise<T | undefined> {
    if (++this.#commands % (commandsOfLeap * this.#options.atOnce) === 0) await this.#leap();
    try {
      const answer = await command();
      this.#note(name, "OK");
      return answer;
    } catch (error) {
      if (!(error instanceof ConnectError)) throw error;
      this.#note(name, reasonOf(error) ?? error.message);
      return undefined;
    }
  }

  #note(name: string, said: string): void {
    const counts = this.tally.get(name) ?? new Map<string, number>();
    this.tally.set(name, counts.set(said, (counts.get(said) ?? 0) + 1));
  }

  /** Time passes; sessions that rest for too long end, so that everybody logs in anew. */
  async #leap(): Promise<void> {
    this.#options.clock.leap(this.#random.whole(1, 14) * 60_000);
    await this.#logIn();
  }

  async #logIn(): Promise<void> {
    const { mesh, accounts } = this.#options.mesh;
    // One after the other: Center takes only few logins at once.
    for (const { email, password } of accounts) {
      this.#people.set(email, await whileOutOfReach(() => mesh.login(email, password)));
    }
  }

  async #look(): Promise<void> {
    const { accounts } = this.#options.mesh;
    this.centerEmail = accounts.find(({ userType }) => userType === "CENTER")?.email ?? "";
    ({ facilities: this.facilities } = await this.center.hospital.facilities.listFacilities({ pageSize: 500 }));
    const { agencies } = await this.center.ems.agencies.listAgencies({ pageSize: 500 });
    const teams = accounts.filter(({ userType }) => userType === "EMS").map(({ email }) => this.#agencyTeam(email));
    const agencyTeams = await Promise.all(teams);
    this.hospitals = accounts
      .filter(({ userType }) => userType === "HOSPITAL")
      .flatMap(({ email }) => {
        const { organizationId } = this.as(email).user;
        const facility = this.facilities.find(({ hospitalId }) => hospitalId === organizationId);
        const serving = agencyTeams.filter(({ agencyId }) =>
          agencies.find(({ id }) => id === agencyId)?.serviceArea.includes(`county:${facility?.county}`),
        );
        return facility && serving.length > 0 ? [{ email, facility, agencies: serving }] : [];
      });
    if (this.hospitals.length === 0) throw new Error("no hospital of the sample region is served by an agency");
  }

  /** Units that can serve every trip, so that units are seldom what a trip waits for. */
  async #agencyTeam(email: string): Promise<AgencyTeam> {
    const { ems, user } = this.as(email);
    const unitIds: string[] = [];
    for (let number = 1; number <= unitsOfAgency; number++) {
      const { unit } = await ems.units.createUnit({ unitNumber: `LIFE-${number}`, type: UnitType.CCT });
      unitIds.push(unit?.id ?? "");
    }
    return { email, agencyId: user.organizationId, unitIds };
  }
}

const levels = [TransportLevel.BLS, TransportLevel.ALS, TransportLevel.CCT, TransportLevel.OTHER];
const priorities = [Priority.LOW, Priority.MEDIUM, Priority.HIGH, Priority.URGENT];
const policies = [
  [6, AwardPolicy.MANUAL],
  [3, AwardPolicy.FIRST_ACCEPT],
  [1, AwardPolicy.BEST_ETA],
  [1, AwardPolicy.LOWEST_COST],
  [1, AwardPolicy.PREFERENCE_THEN_ETA],
] as const;
const milestones = [MilestoneType.EN_ROUTE, MilestoneType.AT_ORIGIN, MilestoneType.AT_DESTINATION];
const reasons = [SlaPauseReason.WEATHER, SlaPauseReason.PATIENT_NOT_READY, SlaPauseReason.DESTINATION_HOLD];
const text = "as the dice fell";

type Step = () => Promise<unknown>;
type Choices = readonly (readonly [number, Step])[];

/** One trip's life. A class because it remembers the trip as it was last seen. */
class Life {
  readonly #stage: Stage;
  readonly #random: SeededRandom;
  readonly #team: HospitalTeam;
  #tripId = "";
  /** As it was last seen; undefined if it may have changed since. */
  #seen: Trip | undefined;
  #bids: { readonly agency: AgencyTeam; readonly bidId: string }[] = [];

  constructor(stage: Stage, random: SeededRandom) {
    this.#stage = stage;
    this.#random = random;
    this.#team = random.pick(stage.hospitals);
  }

  async live(): Promise<void> {
    await this.#create();
    for (let step = 0; this.#tripId !== "" && step < mostSteps; step++) {
      const trip = await this.#look();
      if (!trip || this.#random.chance(0.006)) return;
      if (trip.status === TransportStatus.COMPLETED || trip.status === TransportStatus.CANCELLED) {
        if (this.#random.chance(0.1)) await this.#amend();
        return;
      }
      await this.#random.weighed(this.#choices(trip))();
    }
  }

  #choices(trip: Trip): Choices {
    switch (trip.status) {
      case TransportStatus.PENDING:
        return this.#whileItWaits(trip);
      case TransportStatus.ASSIGNED:
        return this.#whileAnAgencyHasIt(trip);
      default:
        return this.#onTheWay(trip);
    }
  }

  #whileItWaits(trip: Trip): Choices {
    const closesAt = trip.biddingCloseTime ? timestampMs(trip.biddingCloseTime) : 0;
    if (closesAt <= this.#stage.now()) {
      return [
        [40, () => this.#reopen()],
        [4, () => this.#cancel()],
        [2, () => this.#submitBid(trip)],
      ];
    }
    return [
      [trip.awardPolicy === AwardPolicy.FIRST_ACCEPT ? 40 : 0, () => this.#acceptTrip(trip)],
      [this.#bids.length < this.#team.agencies.length ? 25 : 1, () => this.#submitBid(trip)],
      [this.#bids.length > 0 ? 40 : 0, () => this.#acceptBid()],
      [8, () => this.#update()],
      [4, () => this.#pause()],
      [trip.sla?.pauses.some(({ endTime }) => !endTime) ? 20 : 0, () => this.#resume()],
      [2, () => this.#cancel()],
      [2, () => this.#decline()],
      [2, () => this.#reopen()],
    ];
  }

  #whileAnAgencyHasIt(trip: Trip): Choices {
    const agency = this.#team.agencies.find(({ agencyId }) => agencyId === trip.assignedAgencyId);
    if (!agency) return [[1, () => this.#cancel()]];
    const hasUnit = trip.assignedUnitId !== "";
    return [
      [hasUnit ? 0 : 60, () => this.#assign(agency)],
      [hasUnit ? 4 : 0, () => this.#swap(agency)],
      [hasUnit ? 45 : 0, () => this.#start(agency)],
      [hasUnit ? 10 : 0, () => this.#report(agency)],
      [trip.consentDueTime ? 40 : 0, () => this.#consent(agency)],
      [6, () => this.#release(agency)],
      [7, () => this.#update()],
      [4, () => this.#pause(agency)],
      [trip.sla?.pauses.some(({ endTime }) => !endTime) ? 20 : 0, () => this.#resume()],
      [2, () => this.#cancel()],
    ];
  }

  #onTheWay(trip: Trip): Choices {
    const agency = this.#team.agencies.find(({ agencyId }) => agencyId === trip.assignedAgencyId);
    return [
      [agency ? 60 : 0, () => (agency ? this.#complete(agency) : Promise.resolve())],
      [agency ? 20 : 0, () => (agency ? this.#report(agency) : Promise.resolve())],
      [6, () => this.#abort()],
      [4, () => this.#completeByCenter()],
    ];
  }

  get #hospital(): MeshOfUser["hospital"] {
    return this.#stage.as(this.#team.email).hospital;
  }

  /** Hospital's answers show the trip after the command; EMS's say nothing of it. */
  async #attempt<T extends object>(name: string, command: () => Promise<T>): Promise<T | undefined> {
    const answer = await this.#stage.attempt(name, command);
    this.#seen = answer && "trip" in answer ? (answer.trip as Trip | undefined) : undefined;
    return answer;
  }

  async #look(): Promise<Trip | undefined> {
    const { trips } = this.#hospital;
    if (!this.#seen) await this.#attempt("look", () => trips.getTrip({ tripId: this.#tripId }));
    return this.#seen;
  }

  async #create(): Promise<void> {
    const { facility } = this.#team;
    const others = this.#stage.facilities.filter(({ id }) => id !== facility.id);
    const order = {
      ...{ originFacilityId: facility.id, destinationFacilityId: this.#random.pick(others).id },
      ...{ transportLevel: this.#random.pick(levels), priority: this.#random.pick(priorities) },
      awardPolicy: this.#random.weighed(policies),
      ...(this.#random.chance(0.3) && { pickupWindow: this.#window() }),
    };
    const created = await this.#attempt("create", () => this.#hospital.trips.createTrip(order));
    this.#tripId = created?.trip?.id ?? "";
  }

  #window() {
    const startMs = this.#stage.now() + this.#random.whole(-60, 120) * 60_000;
    const endMs = Math.max(startMs, this.#stage.now()) + this.#random.whole(10, 120) * 60_000;
    return { startTime: timestampFromMs(startMs), endTime: timestampFromMs(endMs) };
  }

  /** EMS hears of trips and their changes by events. */
  async #untilHeard(agency: AgencyTeam, materialVersion: bigint): Promise<void> {
    const { bids } = this.#stage.as(agency.email).ems;
    for (let pauseMs = 20; pauseMs < 3_000; pauseMs *= 2) {
      const answer = await bids.getAvailableTrip({ tripId: this.#tripId }).catch(() => undefined);
      if (answer?.trip && answer.trip.materialVersion >= materialVersion) return;
      await sleep(pauseMs);
    }
  }

  async #submitBid(trip: Trip): Promise<void> {
    const asked = this.#team.agencies.filter((agency) => this.#bids.every((bid) => bid.agency !== agency));
    const agency = this.#random.pick(asked.length > 0 ? asked : this.#team.agencies);
    await this.#untilHeard(agency, trip.materialVersion);
    const offer = {
      tripId: this.#tripId,
      amount: `${this.#random.whole(100, 900)}.00`,
      estimatedPickupTime: timestampFromMs(this.#stage.now() + this.#random.whole(20, 90) * 60_000),
      unitId: this.#random.chance(0.3) ? this.#random.pick(agency.unitIds) : "",
    };
    const made = await this.#attempt("submit bid", () => this.#stage.as(agency.email).ems.bids.submitBid(offer));
    if (made?.bid) this.#bids.push({ agency, bidId: made.bid.id });
  }

  async #acceptBid(): Promise<void> {
    const { agency, bidId } = this.#random.pick(this.#bids);
    const { bids } = this.#stage.as(agency.email).ems;
    if (this.#random.chance(0.3)) await this.#attempt("confirm bid", () => bids.amendBid({ bidId, offer: {} }));
    const accept = () => this.#stage.as(this.#team.email).ems.bids.acceptBid({ bidId });
    const taken = await this.#attempt("accept bid", accept);
    if (!taken) this.#bids = this.#bids.filter((bid) => bid.bidId !== bidId);
  }

  async #acceptTrip(trip: Trip): Promise<void> {
    const agency = this.#random.pick(this.#team.agencies);
    await this.#untilHeard(agency, trip.materialVersion);
    const unitId = this.#random.chance(0.5) ? this.#random.pick(agency.unitIds) : "";
    const { bids } = this.#stage.as(agency.email).ems;
    await this.#attempt("accept trip", () => bids.acceptTrip({ tripId: this.#tripId, unitId }));
  }

  async #update(): Promise<void> {
    const tripId = this.#tripId;
    const change = this.#random.weighed([
      [2, { details: { priority: this.#random.pick(priorities) }, updateMask: { paths: ["priority"] } }],
      [2, { details: { transportLevel: this.#random.pick(levels) }, updateMask: { paths: ["transport_level"] } }],
      [2, { details: { pickupWindow: this.#window() }, updateMask: { paths: ["pickup_window"] } }],
      [1, { details: {}, updateMask: { paths: ["pickup_window"] } }],
      [1, { details: { specialRequirements: text }, updateMask: { paths: ["special_requirements"] } }],
    ]);
    await this.#attempt("update", () => this.#hospital.trips.updateTrip({ tripId, ...change }));
  }

  async #pause(agency?: AgencyTeam): Promise<void> {
    const [tripId, reason] = [this.#tripId, this.#random.pick(reasons)];
    const { trips } = agency && this.#random.chance(0.5) ? this.#stage.as(agency.email).hospital : this.#hospital;
    await this.#attempt("pause", () => trips.pauseSla({ tripId, reason }));
  }

  async #resume(): Promise<void> {
    const [tripId, overrideReason] = [this.#tripId, text];
    await this.#attempt("resume", () => this.#stage.center.hospital.trips.resumeSla({ tripId, overrideReason }));
  }

  async #cancel(): Promise<void> {
    const [tripId, reason] = [this.#tripId, text];
    await this.#attempt("cancel", () => this.#hospital.trips.cancelTrip({ tripId, reason }));
  }

  async #decline(): Promise<void> {
    const [tripId, agency] = [this.#tripId, this.#random.pick(this.#team.agencies)];
    await this.#attempt("decline", () => this.#stage.as(agency.email).ems.bids.declineTrip({ tripId }));
  }

  async #reopen(): Promise<void> {
    await this.#attempt("reopen", () => this.#hospital.trips.reopenBidding({ tripId: this.#tripId }));
  }

  async #assign({ email, unitIds }: AgencyTeam): Promise<void> {
    const [tripId, unitId] = [this.#tripId, this.#random.pick(unitIds)];
    await this.#attempt("assign unit", () => this.#stage.as(email).ems.dispatch.assignUnit({ tripId, unitId }));
  }

  async #swap({ email, unitIds }: AgencyTeam): Promise<void> {
    const [tripId, unitId] = [this.#tripId, this.#random.pick(unitIds)];
    await this.#attempt("swap unit", () => this.#stage.as(email).ems.dispatch.swapUnit({ tripId, unitId }));
  }

  async #start({ email }: AgencyTeam): Promise<void> {
    const tripId = this.#tripId;
    await this.#attempt("start", () => this.#stage.as(email).hospital.trips.startTransport({ tripId }));
  }

  async #report({ email }: AgencyTeam): Promise<void> {
    const [tripId, type] = [this.#tripId, this.#random.pick(milestones)];
    await this.#attempt("report", () => this.#stage.as(email).hospital.trips.recordMilestone({ tripId, type }));
  }

  async #consent({ email }: AgencyTeam): Promise<void> {
    const tripId = this.#tripId;
    await this.#attempt("consent", () => this.#stage.as(email).hospital.trips.consentToTrip({ tripId }));
  }

  async #release({ email }: AgencyTeam): Promise<void> {
    const request = { tripId: this.#tripId, reason: text };
    const { trips } = this.#random.chance(0.7) ? this.#stage.as(email).hospital : this.#stage.center.hospital;
    await this.#attempt("release", () => trips.releaseTrip(request));
  }

  async #complete({ email }: AgencyTeam): Promise<void> {
    const tripId = this.#tripId;
    await this.#attempt("complete", () => this.#stage.as(email).hospital.trips.completeTrip({ tripId }));
  }

  async #completeByCenter(): Promise<void> {
    const request = { tripId: this.#tripId, overrideReason: text };
    await this.#attempt("complete by center", () => this.#stage.center.hospital.trips.completeTrip(request));
  }

  async #abort(): Promise<void> {
    const request = { tripId: this.#tripId, reason: text, disposition: Disposition.RETURNED_TO_ORIGIN };
    await this.#attempt("abort", () => this.#stage.center.hospital.trips.abortTrip(request));
  }

  async #amend(): Promise<void> {
    const request = { tripId: this.#tripId, amendment: text };
    await this.#attempt("amend", () => this.#stage.center.hospital.trips.amendTrip(request));
  }
}
