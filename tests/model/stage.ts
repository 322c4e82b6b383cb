import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { ConnectError } from "@connectrpc/connect";
import { AvailabilityStatus, UnitStatus } from "#gen/medport/ems/v1/unit_pb.ts";
import { Role, UserType } from "#gen/medport/policy/v1/principal_pb.ts";
import {
  AwardPolicy,
  Disposition,
  MilestoneType,
  Priority,
  SlaPauseReason,
  TransportLevel,
} from "#gen/medport/transport/v1/trip_pb.ts";
import { newId } from "#platform/id.ts";
import { reasonOf } from "#platform/rpc/refusal.ts";
import { newPassword } from "../../services/cli/src/sample/accounts.ts";
import type { MeshOfUser } from "../../services/client/connect-mesh.ts";
import { startTestMesh, type TestMesh } from "../mesh/mesh.builder.ts";
import type { Command } from "./commands.ts";
import { bidOf } from "./rules.ts";
import { Silos } from "./silos.ts";
import { type Actor, agencies, type AgencyName, fleet, type Route, routes, ttlMinutes, type World } from "./world.ts";

const organizationOf: Readonly<Record<Exclude<Actor, "altoonaViewer">, string>> = {
  altoona: "UPMC Altoona",
  nittany: "Mount Nittany Medical Center",
  blair: "Blair Valley EMS",
  juniata: "Juniata Ridge Ambulance",
  centre: "Nittany Transfer Service",
  center: "Center",
};

const placesOf: Readonly<Record<Route, readonly [string, string]>> = {
  altoonaToNittany: ["UPMC Altoona", "Mount Nittany Medical Center"],
  altoonaToRehab: ["UPMC Altoona", "Encompass Health Rehabilitation Hospital of Altoona"],
  nittanyToAltoona: ["Mount Nittany Medical Center", "UPMC Altoona"],
};

/** A little more than every deadline of the world. */
const leapMs = (ttlMinutes + 0.5) * 60_000;

/** Where the model's people act: a real mesh with a clock that can leap. */
export class Stage implements AsyncDisposable {
  readonly #mesh: TestMesh;
  readonly #people: Readonly<Record<Actor, MeshOfUser>>;
  readonly #facilityIds: ReadonlyMap<string, string>;
  readonly #unitIds: ReadonlyMap<string, string>;
  readonly #clock: LeapingClock;
  readonly silos: Silos;
  /** The ids of the world's trips and bids, in its order. */
  tripIds: string[] = [];
  bidIds: string[] = [];

  private constructor(parts: StageParts) {
    this.#mesh = parts.mesh;
    this.#people = parts.people;
    this.#facilityIds = parts.facilityIds;
    this.#unitIds = parts.unitIds;
    this.#clock = parts.clock;
    this.silos = parts.silos;
  }

  /** Starts the mesh, logs everybody in and sets the deadlines of the world. */
  static async open(): Promise<Stage> {
    const clock = new LeapingClock();
    await using parts = new AsyncDisposableStack();
    const mesh = parts.use(await startTestMesh({ clock: () => clock.now() }));
    const people = await logInEverybody(mesh);
    const center = people.center;
    for (const priority of ["urgent", "high", "medium", "low"]) {
      await center.center.configurations.setConfiguration({
        key: `bidding.ttl_minutes.${priority}`,
        value: String(ttlMinutes),
      });
    }
    await center.center.configurations.setConfiguration({ key: "consent.window_minutes", value: String(ttlMinutes) });
    const agencyId = (agency: AgencyName): string => people[agency].user.organizationId;
    await people.altoona.hospital.preferences.setPreferences({
      agencies: [{ agencyId: agencyId("juniata") }, { agencyId: agencyId("blair") }],
    });
    const { facilities } = await center.hospital.facilities.listFacilities({ pageSize: 500 });
    const { units } = await center.ems.units.listUnits({ pageSize: 500 });
    const silos = parts.use(Silos.open(mesh.databases));
    await silos.settle(clock.now());
    const owned = parts.move();
    const stage = new Stage({
      mesh,
      people,
      silos,
      clock,
      facilityIds: new Map(facilities.map(({ name, id }) => [name, id])),
      unitIds: new Map(units.map(({ unitNumber, id }) => [unitNumber, id])),
    });
    stage.#owned = owned;
    return stage;
  }

  #owned = new AsyncDisposableStack();

  [Symbol.asyncDispose](): Promise<void> {
    return this.#owned.disposeAsync();
  }

  now(): number {
    return this.#clock.now().getTime();
  }

  /** The id of a unit by its number, of an agency by its name, of a hospital by its people. */
  unitId(number: string | undefined): string {
    return number === undefined ? "" : (this.#unitIds.get(number) ?? "");
  }

  organizationId(actor: Actor): string {
    return this.#people[actor].user.organizationId;
  }

  /** Lets everything that has been said be heard, and every clock that has run out be obeyed. */
  async settle(): Promise<void> {
    await this.silos.settle(this.#clock.now());
  }

  /** Does what a command says. @returns OK, or the reason of the refusal. */
  async play(command: Command, world: World): Promise<string> {
    if (command.kind === "letTimePass") {
      this.#clock.leap(leapMs);
      return "OK";
    }
    try {
      await this.#act(command, this.#people[command.actor], world);
      return "OK";
    } catch (error) {
      if (!(error instanceof ConnectError)) throw error;
      return reasonOf(error) ?? `${error.code} ${error.message}`;
    }
  }

  /** Ends what a run has left behind, so that the next begins with an empty board and free units. */
  async clear(): Promise<void> {
    const { center } = this.#people;
    for (const agency of agencies) {
      await center.center.agencies.enableAgency({ agencyId: this.organizationId(agency) }).catch(ignoreRefusal);
    }
    for (const tripId of this.tripIds) {
      await center.hospital.trips.cancelTrip({ tripId, reason: "the run is over" }).catch(ignoreRefusal);
      await center.hospital.trips
        .abortTrip({ tripId, reason: "the run is over", disposition: Disposition.OTHER })
        .catch(ignoreRefusal);
    }
    this.tripIds = [];
    this.bidIds = [];
    await this.settle();
    for (const { number, agency } of fleet) {
      const units = this.#people[agency].ems.units;
      const unitId = this.unitId(number);
      await units.setUnitStatus({ unitId, status: UnitStatus.AVAILABLE });
      await units.setUnitShift({ unitId });
      await units.recordAvailability({ unitId, status: AvailabilityStatus.AVAILABLE });
    }
    await this.settle();
  }

  /** What somebody sees of a trip: nothing, all, or all but the free text. */
  async sight(actor: Actor, trip: number): Promise<"nothing" | "all" | "no free text"> {
    const tripId = this.#tripId(trip);
    try {
      const { trip: seen } = await this.#people[actor].hospital.trips.getTrip({ tripId });
      return seen?.patientId === "" && seen.specialRequirements === "" ? "no free text" : "all";
    } catch (error) {
      if (reasonOf(error) === "RESOURCE_NOT_FOUND") return "nothing";
      throw error;
    }
  }

  async #act(command: Exclude<Command, { kind: "letTimePass" }>, me: MeshOfUser, world: World): Promise<void> {
    const { trips } = me.hospital;
    const { bids, dispatch } = me.ems;
    const isCenter = command.actor === "center";
    const overrideReason = isCenter ? "Center steps in" : "";
    switch (command.kind) {
      case "createTrip": {
        const [origin, destination] = placesOf[command.route];
        const { trip } = await trips.createTrip({
          hospitalId: isCenter ? this.organizationId(routes[command.route].originOf) : "",
          originFacilityId: this.#facilityIds.get(origin) ?? "",
          destinationFacilityId: this.#facilityIds.get(destination) ?? "",
          transportLevel: TransportLevel[command.level],
          priority: Priority[command.priority],
          awardPolicy: AwardPolicy[command.policy],
          specialRequirements: "none",
        });
        this.tripIds.push(trip?.id ?? "");
        return;
      }
      case "updateTrip":
        return void (await trips.updateTrip({ tripId: this.#tripId(command.trip), ...updateOf(command.change) }));
      case "cancelTrip":
        return void (await trips.cancelTrip({ tripId: this.#tripId(command.trip), reason: "no longer needed" }));
      case "abortTrip":
        return void (await trips.abortTrip({
          tripId: this.#tripId(command.trip),
          reason: "the road is closed",
          disposition: Disposition.RETURNED_TO_ORIGIN,
        }));
      case "amendTrip":
        return void (await trips.amendTrip({ tripId: this.#tripId(command.trip), amendment: "the level was ALS" }));
      case "releaseTrip":
        return void (await trips.releaseTrip({ tripId: this.#tripId(command.trip), reason: "the unit broke down" }));
      case "consentToTrip":
        return void (await trips.consentToTrip({ tripId: this.#tripId(command.trip), overrideReason }));
      case "reopenBidding":
        return void (await trips.reopenBidding({ tripId: this.#tripId(command.trip) }));
      case "pauseSla":
        return void (await trips.pauseSla({
          tripId: this.#tripId(command.trip),
          reason: SlaPauseReason.WEATHER,
          overrideReason,
        }));
      case "resumeSla":
        return void (await trips.resumeSla({ tripId: this.#tripId(command.trip), overrideReason }));
      case "startTransport":
        return void (await trips.startTransport({ tripId: this.#tripId(command.trip), overrideReason }));
      case "completeTrip":
        return void (await trips.completeTrip({ tripId: this.#tripId(command.trip), overrideReason }));
      case "reportMilestone":
        return void (await trips.recordMilestone({
          tripId: this.#tripId(command.trip),
          type: MilestoneType[command.type],
          overrideReason,
        }));
      case "submitBid": {
        const { bid } = await bids.submitBid({
          tripId: this.#tripId(command.trip),
          unitId: this.unitId(command.unit),
          amount: command.amount === undefined ? "" : `${command.amount}.00`,
          ...this.#pickupAt(command.eta),
          agencyId: isCenter ? this.organizationId(command.agency) : "",
          overrideReason,
        });
        this.bidIds.push(bid?.id ?? "");
        return;
      }
      case "amendBid":
        return void (await bids.amendBid({
          bidId: this.#bidId(world, command.bid),
          offer: this.#pickupAt(command.eta),
          updateMask: { paths: ["estimated_pickup_time"] },
          overrideReason,
        }));
      case "withdrawBid":
        return void (await bids.withdrawBid({ bidId: this.#bidId(world, command.bid), overrideReason }));
      case "rejectBid":
        return void (await bids.rejectBid({ bidId: this.#bidId(world, command.bid) }));
      case "acceptBid":
        return void (await bids.acceptBid({ bidId: this.#bidId(world, command.bid) }));
      case "acceptTrip":
        return void (await bids.acceptTrip({ tripId: this.#tripId(command.trip), unitId: this.unitId(command.unit) }));
      case "declineTrip":
        return void (await bids.declineTrip({ tripId: this.#tripId(command.trip) }));
      case "assignUnit":
        return void (await dispatch.assignUnit({
          tripId: this.#tripId(command.trip),
          unitId: this.unitId(command.unit),
          overrideReason,
        }));
      case "swapUnit":
        return void (await dispatch.swapUnit({
          tripId: this.#tripId(command.trip),
          unitId: this.unitId(command.unit),
          overrideReason,
        }));
      case "setUnit":
        return this.#setUnit(me, this.unitId(command.unit), command.to, isCenter);
      case "disableAgency":
        return void (await me.center.agencies.disableAgency({ agencyId: this.organizationId(command.agency) }));
      case "enableAgency":
        return void (await me.center.agencies.enableAgency({ agencyId: this.organizationId(command.agency) }));
      default:
        command satisfies never;
    }
  }

  async #setUnit(
    me: MeshOfUser,
    unitId: string,
    to: Extract<Command, { kind: "setUnit" }>["to"],
    isCenter: boolean,
  ): Promise<void> {
    const { units } = me.ems;
    switch (to) {
      case "AVAILABLE":
      case "OUT_OF_SERVICE":
      case "MAINTENANCE":
        return void (await units.setUnitStatus({
          unitId,
          status: UnitStatus[to],
          reason: isCenter ? "inspected" : "",
        }));
      case "ON_BREAK":
        return void (await units.recordAvailability({ unitId, status: AvailabilityStatus.ON_BREAK }));
      case "BACK":
        return void (await units.recordAvailability({ unitId, status: AvailabilityStatus.AVAILABLE }));
      case "OFF_SHIFT": {
        const [startTime, endTime] = [-120, -60].map((minutes) =>
          timestampFromDate(new Date(this.now() + minutes * 60_000)),
        );
        if (!startTime || !endTime) throw new Error("a shift has two ends");
        return void (await units.setUnitShift({ unitId, shift: { startTime, endTime } }));
      }
      case "NO_SHIFT":
        return void (await units.setUnitShift({ unitId }));
      default:
        to satisfies never;
    }
  }

  /** The world's minutes count from its beginning; far enough ahead that no leap overtakes them. */
  #pickupAt(eta: number | undefined): { readonly estimatedPickupTime?: ReturnType<typeof timestampFromDate> } {
    if (eta === undefined) return {};
    return { estimatedPickupTime: timestampFromDate(new Date(this.#clock.startedAt + eta * 60_000)) };
  }

  #tripId(index: number): string {
    return this.tripIds[index % this.tripIds.length] ?? "";
  }

  #bidId(world: World, index: number): string {
    const bid = bidOf(world, index);
    return (bid && this.bidIds[world.bids.indexOf(bid)]) ?? "no-such-bid";
  }

  /** Everything that the services have logged, for whoever looks for the cause of a failure. */
  get logged(): readonly string[] {
    return this.#mesh.logged;
  }
}

interface StageParts {
  readonly mesh: TestMesh;
  readonly people: Readonly<Record<Actor, MeshOfUser>>;
  readonly facilityIds: ReadonlyMap<string, string>;
  readonly unitIds: ReadonlyMap<string, string>;
  readonly clock: LeapingClock;
  readonly silos: Silos;
}

/** Goes like any clock, and further when it is told to. */
class LeapingClock {
  readonly startedAt = Date.now();
  #leaptMs = 0;

  now(): Date {
    return new Date(Date.now() + this.#leaptMs);
  }

  leap(ms: number): void {
    this.#leaptMs += ms;
  }
}

async function logInEverybody(test: TestMesh): Promise<Readonly<Record<Actor, MeshOfUser>>> {
  const logIn = async (actor: Exclude<Actor, "altoonaViewer">): Promise<MeshOfUser> => {
    const account = test.accounts.find(({ organization }) => organization === organizationOf[actor]);
    if (!account) throw new Error(`the sample region has nobody of ${organizationOf[actor]}`);
    return test.mesh.login(account.email, account.password);
  };
  const altoona = await logIn("altoona");
  const viewer = { email: `viewer-${newId()}@altoona.example`, password: newPassword(), name: "Vera Viewer" };
  await altoona.center.users.createUser({ ...viewer, userType: UserType.HOSPITAL, roles: [Role.VIEWER] });
  return {
    altoona,
    altoonaViewer: await test.mesh.login(viewer.email, viewer.password),
    nittany: await logIn("nittany"),
    blair: await logIn("blair"),
    juniata: await logIn("juniata"),
    centre: await logIn("centre"),
    center: await logIn("center"),
  };
}

function updateOf(change: Extract<Command, { kind: "updateTrip" }>["change"]) {
  switch (change.field) {
    case "level":
      return { details: { transportLevel: TransportLevel[change.value] }, updateMask: { paths: ["transport_level"] } };
    case "priority":
      return { details: { priority: Priority[change.value] }, updateMask: { paths: ["priority"] } };
    case "policy":
      return { details: { awardPolicy: AwardPolicy[change.value] }, updateMask: { paths: ["award_policy"] } };
    case "requirements":
      return { details: { specialRequirements: change.value }, updateMask: { paths: ["special_requirements"] } };
    default:
      return change satisfies never;
  }
}

function ignoreRefusal(error: unknown): void {
  if (!(error instanceof ConnectError) || reasonOf(error) === undefined) throw error;
}
