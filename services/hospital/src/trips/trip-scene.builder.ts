import { fromBinary, type JsonValue, type MessageInitShape, toJson } from "@bufbuild/protobuf";
import { ConfigurationChangedSchema } from "#gen/medport/events/v1/configuration_events_pb.ts";
import { file_medport_events_v1_trip_events } from "#gen/medport/events/v1/trip_events_pb.ts";
import type { ClaimTripRequestSchema } from "#gen/medport/hospital/v1/trip_claim_service_pb.ts";
import type { CreateTripRequestSchema } from "#gen/medport/hospital/v1/trip_service_pb.ts";
import { AwardPolicy, Priority, type Trip, TransportLevel } from "#gen/medport/transport/v1/trip_pb.ts";
import { UnitType } from "#gen/medport/transport/v1/unit_type_pb.ts";
import type { ClaimTripResponse } from "#gen/medport/hospital/v1/trip_claim_service_pb.ts";
import { newId } from "#platform/id.ts";
import { eventually } from "#platform/testing/eventually.ts";
import { aFacilityRequest } from "../facilities/facility.builder.ts";
import {
  aDispatcher,
  anAgencyDispatcher,
  anOverseer,
  type HospitalClients,
  startTestHospital,
  type TestHospital,
  type TestHospitalOptions,
} from "../hospital.builder.ts";

type TripRequest = Exclude<MessageInitShape<typeof CreateTripRequestSchema>, { readonly $typeName: string }>;
type ClaimRequest = Exclude<MessageInitShape<typeof ClaimTripRequestSchema>, { readonly $typeName: string }>;

/** A region to play trips in: Mercy in Blair county, General elsewhere, and agencies on either side. */
export interface TripScene extends AsyncDisposable {
  readonly test: TestHospital;
  /** Of Mercy, which asks for trips. */
  readonly mercy: HospitalClients;
  /** Of General, where patients are brought. */
  readonly general: HospitalClients;
  /** Of a hospital that has nothing to do with it. */
  readonly elsewhere: HospitalClients;
  /** Of an agency that serves Blair county. */
  readonly blair: HospitalClients;
  /** Of another one. */
  readonly rival: HospitalClients;
  /** Of an agency that serves another county. */
  readonly distant: HospitalClients;
  readonly center: HospitalClients;
  readonly originId: string;
  readonly destinationId: string;
  /** What Mercy asks for; name only what the test is about. */
  request(over?: TripRequest): TripRequest;
  create(over?: TripRequest): Promise<Trip>;
  /** What EMS asks in the name of Blair's dispatcher. */
  claimOf(trip: Trip, over?: ClaimRequest): ClaimRequest;
  claim(request: ClaimRequest, agencyId?: string): Promise<ClaimTripResponse>;
  /** A trip that Blair has won with the unit 7. */
  assigned(over?: TripRequest): Promise<Trip>;
  /** A trip whose patient Blair's unit 7 has on board. */
  inProgress(over?: TripRequest): Promise<Trip>;
  completed(over?: TripRequest): Promise<Trip>;
  cancelled(over?: TripRequest): Promise<Trip>;
  /** The trip as its hospital sees it now. */
  now(tripId: string): Promise<Trip>;
  /** Lets Center set one of the system's settings, and waits until it is known. */
  configure(key: string, value: string): Promise<void>;
  /** The events of a trip, oldest first, as `name version`. */
  eventsOf(tripId: string): Promise<readonly string[]>;
  /** The contents of the trip's last event, as JSON. */
  lastEventOf(tripId: string): Promise<JsonValue>;
}

/** Starts Hospital with the region. */
export async function startTripScene(options: TestHospitalOptions = {}): Promise<TripScene> {
  const test = await startTestHospital(options);
  await test.knowAgency({ id: "blair" });
  await test.knowAgency({ id: "rival" });
  await test.knowAgency({ id: "distant", serviceArea: ["county:Centre"] });
  const as = (id: string): HospitalClients => test.as(aDispatcher(id));
  const [mercy, general] = [as("mercy"), as("general")];
  const originId = await facilityOf(mercy, "Mercy General", "Blair");
  const destinationId = await facilityOf(general, "General", "Centre");
  const center = test.as(anOverseer());
  const blair = test.as(anAgencyDispatcher("blair"));

  const request: TripScene["request"] = (over = {}) => ({
    originFacilityId: originId,
    destinationFacilityId: destinationId,
    transportLevel: TransportLevel.ALS,
    priority: Priority.HIGH,
    specialRequirements: "secret: oxygen",
    awardPolicy: AwardPolicy.FIRST_ACCEPT,
    ...over,
  });
  const create: TripScene["create"] = async (over) => present((await mercy.trips.createTrip(request(over))).trip);
  const claimOf: TripScene["claimOf"] = (trip, over = {}) => ({
    attemptId: newId(),
    tripId: trip.id,
    agencyId: "blair",
    unitId: "unit-7",
    unitType: UnitType.ALS,
    seenMaterialVersion: trip.materialVersion,
    ...over,
  });
  const claim: TripScene["claim"] = (claimed, agencyId = "blair") =>
    test.as(anAgencyDispatcher(agencyId), "ems").claims.claimTrip(claimed);
  const configured = new Map<string, number>();
  const now: TripScene["now"] = async (tripId) => present((await mercy.trips.getTrip({ tripId })).trip);
  const assigned: TripScene["assigned"] = async (over) => {
    const trip = await create(over);
    await claim(claimOf(trip));
    return now(trip.id);
  };
  const inProgress: TripScene["inProgress"] = async (over) => {
    const { id: tripId } = await assigned(over);
    return present((await blair.trips.startTransport({ tripId })).trip);
  };
  return {
    ...{ test, mercy, general, center, originId, destinationId, request, create, claimOf, claim },
    elsewhere: as("elsewhere"),
    blair,
    rival: test.as(anAgencyDispatcher("rival")),
    distant: test.as(anAgencyDispatcher("distant")),
    ...{ assigned, inProgress, now },
    completed: async (over) => {
      const { id: tripId } = await inProgress(over);
      return present((await blair.trips.completeTrip({ tripId })).trip);
    },
    cancelled: async (over) => {
      const { id: tripId } = await create(over);
      return present((await mercy.trips.cancelTrip({ tripId, reason: "secret: why" })).trip);
    },
    configure: async (key, value) => {
      const version = (configured.get(key) ?? 0) + 1;
      configured.set(key, version);
      await test.tell(ConfigurationChangedSchema, { configuration: { key, value } }, key, version);
      await eventually(async () => {
        const [row] = await test.query("select from configuration where key = $1 and value = $2", [key, value]);
        if (!row) throw new Error(`the setting ${key} has not arrived`);
      });
    },
    lastEventOf: async (tripId) => {
      const rows = await test.query<{ event_type: string; payload: Buffer }>(
        "select event_type, payload from outbox_event where aggregate_id = $1 order by aggregate_ver desc limit 1",
        [tripId],
      );
      const { event_type: type, payload } = present(rows[0]);
      const schema = present(file_medport_events_v1_trip_events.messages.find(({ typeName }) => typeName === type));
      return { [schema.name]: toJson(schema, fromBinary(schema, payload)) };
    },
    eventsOf: async (tripId) => {
      const rows = await test.query<{ event_type: string; aggregate_ver: string }>(
        "select event_type, aggregate_ver from outbox_event where aggregate_id = $1 order by seq",
        [tripId],
      );
      return rows.map((row) => `${row.event_type.replace("medport.events.v1.", "")} ${row.aggregate_ver}`);
    },
    [Symbol.asyncDispose]: () => test[Symbol.asyncDispose](),
  };
}

/** The value, which a test can do nothing without. */
export function present<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("the answer is empty");
  return value;
}

async function facilityOf({ facilities }: HospitalClients, name: string, county: string): Promise<string> {
  const { facility } = await facilities.createFacility(aFacilityRequest({ name, county }));
  return present(facility).id;
}
