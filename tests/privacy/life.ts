import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { AgencyDirectoryService } from "#gen/medport/center/v1/agency_directory_service_pb.ts";
import { AuthService } from "#gen/medport/center/v1/auth_service_pb.ts";
import { ConfigurationService } from "#gen/medport/center/v1/configuration_service_pb.ts";
import { HospitalDirectoryService } from "#gen/medport/center/v1/hospital_directory_service_pb.ts";
import { OversightService } from "#gen/medport/center/v1/oversight_service_pb.ts";
import { UserService } from "#gen/medport/center/v1/user_service_pb.ts";
import { AgencyService } from "#gen/medport/ems/v1/agency_service_pb.ts";
import { BidService } from "#gen/medport/ems/v1/bid_service_pb.ts";
import { DispatchService } from "#gen/medport/ems/v1/dispatch_service_pb.ts";
import { RouteService, RouteStatus, RouteType } from "#gen/medport/ems/v1/route_service_pb.ts";
import { AvailabilityStatus, UnitStatus } from "#gen/medport/ems/v1/unit_pb.ts";
import { UnitService } from "#gen/medport/ems/v1/unit_service_pb.ts";
import { FacilityService } from "#gen/medport/hospital/v1/facility_service_pb.ts";
import { PreferenceService } from "#gen/medport/hospital/v1/preference_service_pb.ts";
import { TripService } from "#gen/medport/hospital/v1/trip_service_pb.ts";
import { Role, UserType } from "#gen/medport/policy/v1/principal_pb.ts";
import {
  AwardPolicy,
  Disposition,
  MilestoneType,
  Priority,
  SlaPauseReason,
  TransportLevel,
  TransportStatus,
} from "#gen/medport/transport/v1/trip_pb.ts";
import { UnitType } from "#gen/medport/transport/v1/unit_type_pb.ts";
import { eventually } from "#platform/testing/eventually.ts";
import { passwordWith, type Person, type Witness } from "./witness.ts";

/** Who takes part. */
export interface People {
  readonly hospital: Person;
  readonly agency: Person;
  readonly otherAgency: Person;
  readonly center: Person;
}

/** Places of the hospital's county, and how the people are told from one another. */
export interface Scene extends People {
  readonly witness: Witness;
  readonly originId: string;
  readonly destinationId: string;
}

/** What the life has left behind, by the names of fields that ask for it. */
export type Traces = Readonly<Record<string, string>>;

// Every text here is replaced on its way: what it says matters to nobody.
const text = "text";
const patienceMs = 20_000;

/** Registers, describes and changes what trips need: organizations, people, places, units. */
export async function furnish(scene: Scene): Promise<Traces> {
  const organizations = await registerOrganizations(scene);
  const people = await managePeople(scene);
  return { ...organizations, ...people, ...(await describePlaces(scene)), ...(await describeFleet(scene)) };
}

async function registerOrganizations({ center }: Scene): Promise<Traces> {
  const address = { address: text, city: text, state: "PA", zipCode: "16601", phone: text, email: "a@b.example" };
  const admin = { email: "a@b.example", password: text, name: text };
  const hospitals = center.of(HospitalDirectoryService);
  const { hospital } = await hospitals.registerHospital({ name: text, ...address, admin });
  const hospitalId = hospital?.id ?? "";
  const updateMask = { paths: ["name", "address", "city", "phone", "email"] };
  await hospitals.updateHospital({ hospitalId, details: { name: text, ...address }, updateMask });
  const profile = {
    ...{ name: text, contactName: text, ...address, serviceArea: [text], operatingHours: text, capabilities: [text] },
    pricing: { baseFares: { ALS: "250.00" }, perMile: "1.00" },
  };
  const { agency } = await center.of(AgencyDirectoryService).registerAgency({ profile, admin });
  const agencyId = agency?.id ?? "";
  const paths = ["name", "contact_name", "phone", "email", "address", "city"];
  await center.of(AgencyService).updateAgency({
    ...{ agencyId, details: profile },
    updateMask: { paths: [...paths, "service_area", "operating_hours", "capabilities", "pricing"] },
  });
  const setting = { key: "award.max_considered", value: "5", description: text };
  await center.of(ConfigurationService).setConfiguration(setting);
  return { hospital_id: hospitalId, agency_id: agencyId };
}

async function managePeople({ hospital, witness }: Scene): Promise<Traces> {
  const users = hospital.of(UserService);
  const { user } = await users.createUser({
    ...{ email: "a@b.example", password: text, name: text },
    ...{ userType: UserType.HOSPITAL, roles: [Role.VIEWER] },
  });
  const [userId, email] = [user?.id ?? "", user?.email ?? ""];
  await users.updateUser({ userId, details: { name: text }, updateMask: { paths: ["name"] } });
  const password = passwordWith(witness.words.lastIn("center.v1.CreateUserRequest.password").word);
  await changePassword(witness, email, password);
  await users.resetPassword({ userId, temporaryPassword: text });
  return { user_id: userId, email };
}

async function changePassword(witness: Witness, email: string, currentPassword: string): Promise<void> {
  const person = await witness.logIn(email, currentPassword);
  await person.of(AuthService).changePassword({ currentPassword, newPassword: text });
}

async function describePlaces({ hospital, agency }: Scene): Promise<Traces> {
  const facilities = hospital.of(FacilityService);
  const details = {
    ...{ name: text, type: "HOSPITAL", address: text, city: text, state: "PA", zipCode: "16601", county: text },
    ...{ phone: text, email: text, operatingHours: text, capabilities: [text] },
  };
  const { facility } = await facilities.createFacility(details);
  const facilityId = facility?.id ?? "";
  const paths = ["name", "address", "city", "county", "phone", "email", "operating_hours", "capabilities"];
  await facilities.updateFacility({ facilityId, details, updateMask: { paths } });
  const preferred = { agencyId: agency.user.organizationId, notes: text };
  await hospital.of(PreferenceService).setPreferences({ agencies: [preferred] });
  return { facility_id: facilityId };
}

async function describeFleet({ agency }: Scene): Promise<Traces> {
  const [units, routes] = [agency.of(UnitService), agency.of(RouteService)];
  const details = { unitNumber: text, type: UnitType.ALS, capabilities: [text] };
  const { unit } = await units.createUnit(details);
  const unitId = unit?.id ?? "";
  await units.updateUnit({ unitId, details, updateMask: { paths: ["unit_number", "capabilities"] } });
  await units.setUnitStatus({ unitId, status: UnitStatus.OUT_OF_SERVICE, reason: text });
  await units.setUnitStatus({ unitId, status: UnitStatus.AVAILABLE, reason: text });
  await units.recordAvailability({ unitId, status: AvailabilityStatus.ON_BREAK, notes: text });
  await units.recordAvailability({ unitId, status: AvailabilityStatus.AVAILABLE, notes: text });
  const waypoints = [
    { latitude: 40.5, longitude: -78.4 },
    { latitude: 40.6, longitude: -78.3 },
  ];
  const way = { name: text, type: RouteType.STANDARD, waypoints, distanceMiles: "8.00" };
  const { route } = await routes.createRoute(way);
  const routeId = route?.id ?? "";
  const changed = { ...way, status: RouteStatus.ACTIVE };
  await routes.updateRoute({ routeId, details: changed, updateMask: { paths: ["name"] } });
  return { unit_id: unitId, route_id: routeId };
}

/**
 * Lives whole lives of trips: one that is bid for, given back, awarded again, changed, carried out and amended; one that
 * is cancelled; one that is aborted; one that nobody has taken.
 */
export async function liveTrips(scene: Scene): Promise<Traces> {
  const tripId = await createTrip(scene);
  await changeBeforeAward(scene, tripId);
  await bid(scene, tripId);
  const bidId = await award(scene, tripId);
  await changeUnits(scene, tripId);
  await changeAfterAward(scene, tripId);
  await award(scene, tripId);
  await carryOut(scene, tripId);
  const cancelled = await createTrip(scene);
  await scene.hospital.of(TripService).cancelTrip({ tripId: cancelled, reason: text });
  await abortOne(scene);
  await decline(scene, await createTrip(scene));
  await look(scene, tripId);
  return { trip_id: tripId, bid_id: bidId };
}

/** A trip that waits, with an open bid. */
export async function waitingTrip(scene: Scene): Promise<Traces> {
  const tripId = await createTrip(scene);
  const { bid: open } = await scene.agency.of(BidService).submitBid({ tripId, notes: text });
  return { trip_id: tripId, bid_id: open?.id ?? "" };
}

/** A trip that an agency has, with a unit. */
export async function assignedTrip(scene: Scene): Promise<Traces> {
  const tripId = await createTrip(scene);
  const bidId = await award(scene, tripId);
  const { units } = await scene.agency.of(UnitService).listUnits({ assignableOnly: true, pageSize: 500 });
  const [first, second] = units.filter(({ type }) => type === UnitType.ALS);
  await scene.agency.of(DispatchService).assignUnit({ tripId, unitId: first?.id ?? "" });
  return { trip_id: tripId, bid_id: bidId, unit_id: second?.id ?? "" };
}

async function createTrip({ hospital, agency, originId, destinationId }: Scene): Promise<string> {
  const { trip } = await hospital.of(TripService).createTrip({
    ...{ originFacilityId: originId, destinationFacilityId: destinationId, specialRequirements: text },
    ...{ transportLevel: TransportLevel.BLS, priority: Priority.LOW, awardPolicy: AwardPolicy.MANUAL },
  });
  const tripId = trip?.id ?? "";
  await eventually(() => agency.of(BidService).getAvailableTrip({ tripId }), { withinMs: patienceMs });
  return tripId;
}

async function changeBeforeAward({ hospital, center }: Scene, tripId: string): Promise<void> {
  const details = { specialRequirements: text };
  await hospital.of(TripService).updateTrip({ tripId, details, updateMask: { paths: ["special_requirements"] } });
  const clocks = center.of(TripService);
  await clocks.pauseSla({ tripId, reason: SlaPauseReason.WEATHER, overrideReason: text });
  await clocks.resumeSla({ tripId, overrideReason: text });
}

/** Center's last reason for what it did to a bid is kept with the bid: each of these ends with another. */
async function bid({ otherAgency, center }: Scene, tripId: string): Promise<void> {
  const [own, forOther] = [otherAgency.of(BidService), center.of(BidService)];
  const agencyId = otherAgency.user.organizationId;
  const submitForOther = () => forOther.submitBid({ tripId, agencyId, notes: text, overrideReason: text });
  const offer = { offer: { notes: text }, updateMask: { paths: ["notes"] } };
  const first = await submitForOther();
  await own.withdrawBid({ bidId: first.bid?.id ?? "" });
  const second = await submitForOther();
  await forOther.amendBid({ bidId: second.bid?.id ?? "", ...offer, overrideReason: text });
  await own.amendBid({ bidId: second.bid?.id ?? "", ...offer });
  await own.withdrawBid({ bidId: second.bid?.id ?? "" });
  const third = await own.submitBid({ tripId, notes: text });
  await forOther.withdrawBid({ bidId: third.bid?.id ?? "", overrideReason: text });
}

async function award(scene: Scene, tripId: string): Promise<string> {
  const { agency, hospital } = scene;
  await heardInEms(scene, tripId);
  const { bid: own } = await agency.of(BidService).submitBid({ tripId, notes: text });
  const bidId = own?.id ?? "";
  await hospital.of(BidService).acceptBid({ bidId });
  await untilStatus(hospital, tripId, TransportStatus.ASSIGNED);
  return bidId;
}

/** A bid must be meant for the trip as it is, of which EMS hears by an event. */
async function heardInEms({ hospital, agency }: Scene, tripId: string): Promise<void> {
  const { trip } = await hospital.of(TripService).getTrip({ tripId });
  const hearing = async (): Promise<void> => {
    const { trip: copy } = await agency.of(BidService).getAvailableTrip({ tripId });
    if (copy?.materialVersion !== trip?.materialVersion) throw new Error("EMS has not heard of the trip's change");
  };
  await eventually(hearing, { withinMs: patienceMs });
}

async function untilStatus(person: Person, tripId: string, status: TransportStatus): Promise<void> {
  const looking = async (): Promise<void> => {
    const { trip } = await person.of(TripService).getTrip({ tripId });
    if (trip?.status !== status) throw new Error(`the trip is ${trip?.status}`);
  };
  await eventually(looking, { withinMs: patienceMs });
}

async function changeUnits({ agency, center }: Scene, tripId: string): Promise<void> {
  const { units } = await agency.of(UnitService).listUnits({ assignableOnly: true, pageSize: 500 });
  const [first, second] = units.filter(({ type }) => type === UnitType.BLS || type === UnitType.ALS);
  const dispatch = center.of(DispatchService);
  await dispatch.assignUnit({ tripId, unitId: first?.id ?? "", overrideReason: text });
  const swap = (): Promise<unknown> => dispatch.swapUnit({ tripId, unitId: second?.id ?? "", overrideReason: text });
  await eventually(swap, { withinMs: patienceMs });
}

async function changeAfterAward({ hospital, center, agency }: Scene, tripId: string): Promise<void> {
  const details = { specialRequirements: text };
  const updateMask = { paths: ["special_requirements"] };
  await hospital.of(TripService).updateTrip({ tripId, details, updateMask });
  await center.of(TripService).consentToTrip({ tripId, overrideReason: text });
  await agency.of(TripService).releaseTrip({ tripId, reason: text });
}

async function carryOut({ agency, center }: Scene, tripId: string): Promise<void> {
  const { units } = await agency.of(UnitService).listUnits({ assignableOnly: true, pageSize: 500 });
  const unitId = units.find(({ type }) => type === UnitType.ALS)?.id ?? "";
  await agency.of(DispatchService).assignUnit({ tripId, unitId });
  const trips = center.of(TripService);
  await eventually(() => trips.startTransport({ tripId, overrideReason: text }), { withinMs: patienceMs });
  await trips.recordMilestone({ tripId, type: MilestoneType.AT_DESTINATION, overrideReason: text });
  await trips.completeTrip({ tripId, overrideReason: text });
  await trips.amendTrip({ tripId, amendment: text });
}

async function abortOne(scene: Scene): Promise<void> {
  const tripId = await createTrip(scene);
  await award(scene, tripId);
  const { units } = await scene.agency.of(UnitService).listUnits({ assignableOnly: true, pageSize: 500 });
  const unitId = units.find(({ type }) => type === UnitType.ALS)?.id ?? "";
  await scene.center.of(DispatchService).assignUnit({ tripId, unitId, overrideReason: text });
  const start = (): Promise<unknown> => scene.agency.of(TripService).startTransport({ tripId });
  await eventually(start, { withinMs: patienceMs });
  await scene.center.of(TripService).abortTrip({ tripId, reason: text, disposition: Disposition.DIVERTED });
}

async function decline({ otherAgency, agency, center }: Scene, tripId: string): Promise<void> {
  await otherAgency.of(BidService).declineTrip({ tripId, reason: text });
  const agencyId = agency.user.organizationId;
  await center.of(BidService).declineTrip({ tripId, agencyId, reason: text, overrideReason: text });
}

/** Everybody looks at what there is, the free text of others among it. */
async function look({ hospital, agency, center }: Scene, tripId: string): Promise<void> {
  for (const person of [hospital, agency, center]) {
    await person.of(TripService).getTrip({ tripId });
    await person.of(TripService).listTrips({});
    await person.of(TripService).listTripHistory({ tripId });
    const [fromTime, untilTime] = [timestampFromMs(Date.now() - 60_000), timestampFromMs(Date.now())];
    await person.of(TripService).compareTrips({ fromTime, untilTime });
  }
  await agency.of(DispatchService).listAssignedTrips({ statuses: [TransportStatus.COMPLETED] });
  await hospital.of(BidService).listBids({ tripId });
  await center.of(OversightService).getTrip({ tripId });
  await center.of(OversightService).listTrips({});
}
