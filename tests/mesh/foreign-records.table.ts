import type { JsonObject } from "@bufbuild/protobuf";

/** Records that are none of the stranger's business, by id. */
export interface ForeignRecords {
  readonly hospital: string;
  /** It takes part. */
  readonly agency: string;
  /** It was registered and not approved: hospitals must not see it. */
  readonly hiddenAgency: string;
  readonly waitingTrip: string;
  readonly assignedTrip: string;
  readonly bid: string;
  readonly unit: string;
  readonly route: string;
  readonly hospitalPerson: string;
  readonly agencyPerson: string;
  readonly centerPerson: string;
}

/** A call with which a stranger tries to learn of a record, or to change it. */
export interface StrangersCall {
  /** Such as hospital.v1.TripService/GetTrip. */
  readonly door: string;
  readonly field: string;
  readonly by: "hospital" | "ems";
  readonly foreign: string;
  readonly request: (id: string) => JsonObject;
  /** RESOURCE_NOT_FOUND if absent. */
  readonly answer?: "ANSWERED" | "ACTION_NOT_ALLOWED";
  /** The stream ends before it is one, and no audit entry names the record. */
  readonly isFree?: boolean;
}

/** It is no record's: whatever looks at it before it looks at whose the record is, tells that it exists. */
const etag = "77";
const where = { latitude: 40, longitude: -78 };
const span = { fromTime: "2026-01-01T00:00:00Z", untilTime: "2026-01-02T00:00:00Z" };

/** Every call by which a stranger might tell a record from none. */
export function strangersCalls(records: ForeignRecords): readonly StrangersCall[] {
  return [...tripCalls(records), ...bidCalls(records), ...unitCalls(records), ...organizationCalls(records)];
}

type Rest = Readonly<Record<string, JsonObject[string]>>;

/** Calls of methods whose request names the record in one plain field. */
function calls(
  by: StrangersCall["by"],
  field: string,
  foreign: string,
  methods: Readonly<Record<string, Rest>>,
): readonly StrangersCall[] {
  return Object.entries(methods).map(([door, rest]) => ({
    ...{ door, field, by, foreign },
    request: (id) => ({ ...rest, [field]: id }),
  }));
}

function answered(
  all: readonly StrangersCall[],
  answer: StrangersCall["answer"] = "ANSWERED",
): readonly StrangersCall[] {
  return all.map((call) => ({ ...call, answer }));
}

function tripCalls({ waitingTrip, assignedTrip, hospital, agency }: ForeignRecords): readonly StrangersCall[] {
  const service = "hospital.v1.TripService";
  const reads = { [`${service}/GetTrip`]: {}, [`${service}/ListTripHistory`]: {}, [`${service}/CompareTrips`]: span };
  const byAnybody = {
    ...reads,
    [`${service}/RecordMilestone`]: { type: "MILESTONE_TYPE_AT_ORIGIN" },
    [`${service}/PauseSla`]: { etag, reason: "SLA_PAUSE_REASON_WEATHER" },
    [`${service}/ResumeSla`]: { etag },
  };
  const byHospitals = {
    ...byAnybody,
    [`${service}/CancelTrip`]: { etag, reason: "mistake" },
    [`${service}/UpdateTrip`]: { etag, details: { priority: "PRIORITY_LOW" }, updateMask: "priority" },
    [`${service}/ReopenBidding`]: { etag },
  };
  const byAgencies = {
    ...byAnybody,
    [`${service}/StartTransport`]: { etag },
    [`${service}/CompleteTrip`]: { etag },
    [`${service}/ConsentToTrip`]: { etag },
    [`${service}/ReleaseTrip`]: { etag, reason: "breakdown" },
    "ems.v1.BidService/GetAvailableTrip": {},
    "ems.v1.BidService/SubmitBid": {},
    "ems.v1.BidService/DeclineTrip": {},
    "ems.v1.BidService/AcceptTrip": {},
    "ems.v1.DispatchService/AssignUnit": { unitId: "unit" },
    "ems.v1.DispatchService/SwapUnit": { unitId: "unit" },
  };
  const filtered = (door: string): readonly StrangersCall[] =>
    (["hospital", "ems"] as const).flatMap((by) =>
      Object.entries({ hospitalId: hospital, assignedAgencyId: agency }).map(([field, foreign]) => ({
        ...{ door, by, foreign, field: `filter.${field}`, answer: "ANSWERED" as const },
        request: (id) => ({ filter: { [field]: id } }),
      })),
    );
  return [
    ...[waitingTrip, assignedTrip].flatMap((trip) => calls("hospital", "tripId", trip, byHospitals)),
    ...[waitingTrip, assignedTrip].flatMap((trip) => calls("ems", "tripId", trip, byAgencies)),
    ...answered(calls("ems", "tripId", assignedTrip, { "ems.v1.DispatchService/ListAssignments": {} })),
    ...filtered(`${service}/ListTrips`),
    ...filtered(`${service}/WatchTrips`),
  ];
}

function bidCalls({ bid, waitingTrip, agency }: ForeignRecords): readonly StrangersCall[] {
  const service = "ems.v1.BidService";
  const list = { [`${service}/ListBids`]: {} };
  return [
    ...calls("hospital", "bidId", bid, {
      [`${service}/GetBid`]: {},
      [`${service}/AcceptBid`]: { etag },
      [`${service}/RejectBid`]: { etag },
    }),
    ...calls("ems", "bidId", bid, {
      [`${service}/GetBid`]: {},
      [`${service}/WithdrawBid`]: { etag },
      [`${service}/AmendBid`]: { etag },
    }),
    ...answered([...calls("hospital", "tripId", waitingTrip, list), ...calls("ems", "tripId", waitingTrip, list)]),
    ...answered(calls("ems", "agencyId", agency, list)),
  ];
}

function unitCalls({ unit, route, agency }: ForeignRecords): readonly StrangersCall[] {
  const service = "ems.v1.UnitService";
  const ofAgency = calls("ems", "agencyId", agency, {
    "ems.v1.BidService/SubmitBid": { tripId: "trip" },
    "ems.v1.BidService/DeclineTrip": { tripId: "trip" },
    "ems.v1.BidService/ListAvailableTrips": {},
    "ems.v1.BidService/WatchAvailableTrips": {},
    "ems.v1.RouteService/ListRoutes": {},
    [`${service}/ListUnits`]: {},
    [`${service}/CreateUnit`]: { unitNumber: "X-1", type: "UNIT_TYPE_BLS" },
  });
  return [
    ...calls("ems", "unitId", unit, {
      [`${service}/GetUnit`]: {},
      [`${service}/ListAvailability`]: {},
      [`${service}/UpdateUnit`]: { etag, details: { unitNumber: "X-1" }, updateMask: "unitNumber" },
      [`${service}/SetUnitStatus`]: { etag, status: "UNIT_STATUS_OUT_OF_SERVICE", reason: "brakes" },
      [`${service}/SetUnitShift`]: { etag },
      [`${service}/RecordAvailability`]: { status: "AVAILABILITY_STATUS_ON_BREAK" },
      [`${service}/ReportUnitLocation`]: { location: where },
    }),
    ...calls("ems", "routeId", route, {
      "ems.v1.RouteService/GetRoute": {},
      "ems.v1.RouteService/UpdateRoute": { etag, details: { name: "mine" }, updateMask: "name" },
    }),
    ...ofAgency.map((call) => ({ ...call, isFree: call.door.endsWith("/WatchAvailableTrips") })),
  ];
}

function organizationCalls(records: ForeignRecords): readonly StrangersCall[] {
  const users = "center.v1.UserService";
  const place = { address: "1 Way", city: "Here", state: "PA", zipCode: "16601", county: "Blair" };
  const change = {
    [`${users}/GetUser`]: {},
    [`${users}/UpdateUser`]: { etag, details: { name: "Mine" }, updateMask: "name" },
    [`${users}/DisableUser`]: { etag },
    [`${users}/EnableUser`]: { etag },
    [`${users}/ResetPassword`]: { temporaryPassword: "short" },
    [`${users}/UnlockUser`]: {},
  };
  const newUser = {
    ...{ email: "mine@people.example", password: "seven violet otters", name: "Mine" },
    ...{ userType: "USER_TYPE_HOSPITAL", roles: ["ROLE_VIEWER"] },
  };
  const { hospital, agency, hiddenAgency } = records;
  return [
    ...[records.hospitalPerson, records.agencyPerson, records.centerPerson].flatMap((id) => [
      ...calls("hospital", "userId", id, change),
      ...calls("ems", "userId", id, change),
    ]),
    ...calls("hospital", "hospitalId", hospital, {
      "center.v1.HospitalDirectoryService/UpdateHospital": { etag, details: { name: "Mine" }, updateMask: "name" },
    }),
    ...calls("hospital", "agencyId", hiddenAgency, {
      "center.v1.AgencyDirectoryService/GetAgency": {},
      "ems.v1.AgencyService/GetAgency": {},
    }),
    ...calls("ems", "agencyId", agency, {
      "ems.v1.AgencyService/GetAgency": {},
      "ems.v1.AgencyService/UpdateAgency": { etag, details: { name: "Mine" }, updateMask: "name" },
    }),
    ...answered(
      [
        ...calls("hospital", "organizationId", hospital, {
          [`${users}/ListUsers`]: {},
          [`${users}/CreateUser`]: newUser,
        }),
        ...calls("hospital", "hospitalId", hospital, {
          "center.v1.AnalyticsService/CountTrips": {},
          "hospital.v1.PreferenceService/ListPreferences": {},
          "hospital.v1.FacilityService/CreateFacility": { name: "Mine", type: "HOSPITAL", ...place },
          "hospital.v1.TripService/CreateTrip": {
            ...{ originFacilityId: "one", destinationFacilityId: "other" },
            ...{ transportLevel: "TRANSPORT_LEVEL_BLS", priority: "PRIORITY_LOW" },
          },
        }),
        ...calls("ems", "agencyId", agency, { "center.v1.AnalyticsService/CountTrips": {} }),
        {
          ...{ door: "center.v1.AuditService/ListAuditEntries", field: "filter.organizationId", by: "hospital" },
          ...{ foreign: hospital, request: (id) => ({ filter: { organizationId: id } }) },
        },
      ],
      "ACTION_NOT_ALLOWED",
    ),
    {
      ...{
        door: "center.v1.AuditService/ListAuditEntries",
        field: "filter.userId",
        by: "hospital",
        answer: "ANSWERED",
      },
      ...{ foreign: records.hospitalPerson, request: (id) => ({ filter: { userId: id } }) },
    },
  ];
}

const everybodysFacility = "facilities are listed for everybody";
const everybodysHospital = "hospitals are listed for everybody";
const centersOwn = "only Center's people get past the door, who see every record";
const forServices = "only services get past the door";
const afterTheScope = "it is looked up among the agency's own units, after the other record was found in reach";

/** Fields that name records and tell a stranger nothing, and why. */
export const openFields: Readonly<Record<string, string>> = {
  "hospital.v1.FacilityService/UpdateFacility facilityId": everybodysFacility,
  "hospital.v1.FacilityService/GetFacility facilityId": everybodysFacility,
  "hospital.v1.FacilityService/ListFacilities hospitalId": everybodysHospital,
  "hospital.v1.PreferenceService/SetPreferences agencies.agencyId": "an agency may be on the list before it takes part",
  "hospital.v1.TripService/CreateTrip originFacilityId": everybodysFacility,
  "hospital.v1.TripService/CreateTrip destinationFacilityId": everybodysFacility,
  "hospital.v1.TripService/UpdateTrip details.originFacilityId": everybodysFacility,
  "hospital.v1.TripService/UpdateTrip details.destinationFacilityId": everybodysFacility,
  "hospital.v1.TripService/ListTrips filter.originFacilityId": everybodysFacility,
  "hospital.v1.TripService/ListTrips filter.destinationFacilityId": everybodysFacility,
  "hospital.v1.TripService/WatchTrips filter.originFacilityId": everybodysFacility,
  "hospital.v1.TripService/WatchTrips filter.destinationFacilityId": everybodysFacility,
  "hospital.v1.TripService/AbortTrip tripId": centersOwn,
  "hospital.v1.TripService/AmendTrip tripId": centersOwn,
  "hospital.v1.TripClaimService/ClaimTrip attemptId": forServices,
  "hospital.v1.TripClaimService/ClaimTrip tripId": forServices,
  "hospital.v1.TripClaimService/ClaimTrip agencyId": forServices,
  "hospital.v1.TripClaimService/ClaimTrip unitId": forServices,
  "hospital.v1.TripClaimService/ClaimTrip bidId": forServices,
  "hospital.v1.TripClaimService/ResolveClaim attemptId": forServices,
  "hospital.v1.TripClaimService/ResolveClaim tripId": forServices,
  "hospital.v1.TripClaimService/SetTripUnit attemptId": forServices,
  "hospital.v1.TripClaimService/SetTripUnit tripId": forServices,
  "hospital.v1.TripClaimService/SetTripUnit unitId": forServices,
  "hospital.v1.TripClaimService/SetTripUnit previousUnitId": forServices,
  "ems.v1.AgencyService/CreateAgency agencyId": forServices,
  "ems.v1.AgencyService/SetAgencyStatus agencyId": forServices,
  "ems.v1.BidService/SubmitBid unitId": afterTheScope,
  "ems.v1.BidService/AcceptTrip unitId": afterTheScope,
  "ems.v1.BidService/AmendBid offer.unitId": afterTheScope,
  "ems.v1.DispatchService/AssignUnit unitId": afterTheScope,
  "ems.v1.DispatchService/SwapUnit unitId": afterTheScope,
  "center.v1.AgencyDirectoryService/ApproveAgency agencyId": centersOwn,
  "center.v1.AgencyDirectoryService/DisableAgency agencyId": centersOwn,
  "center.v1.AgencyDirectoryService/EnableAgency agencyId": centersOwn,
  "center.v1.HospitalDirectoryService/GetHospital hospitalId": everybodysHospital,
  "center.v1.HospitalDirectoryService/DisableHospital hospitalId": centersOwn,
  "center.v1.HospitalDirectoryService/EnableHospital hospitalId": centersOwn,
  "center.v1.OversightService/ListTrips hospitalId": centersOwn,
  "center.v1.OversightService/ListTrips agencyId": centersOwn,
  "center.v1.OversightService/GetTrip tripId": centersOwn,
  "center.v1.ServiceRegistryService/ListDatabaseReferences entityId": centersOwn,
  "center.v1.ServiceRegistryService/ListDatabaseReferences referenceId": centersOwn,
  "center.v1.AuditService/ListAuditEntries filter.entityId": "entries are found only if the own people left them",
  "audit.v1.AuditLogService/ListEntries filter.userId": forServices,
  "audit.v1.AuditLogService/ListEntries filter.organizationId": forServices,
  "audit.v1.AuditLogService/ListEntries filter.entityId": forServices,
};
