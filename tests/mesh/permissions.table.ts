import type { ServiceName } from "#platform/service-name.ts";

/** Which roles of each kind of people get past the door of a method: v(iewer), b(illing), d(ispatcher), org a(dmin). */
export type Row = readonly [hospital: string, ems: string, center: string];

/** A method that demands a service's token. */
export interface ServiceDoor {
  /** These services, and no others. */
  readonly services: readonly ServiceName[];
  /** They may come with nobody behind them. */
  readonly alone: boolean;
  /** Who may be behind them. */
  readonly row: Row;
}

const nobody = "";
const all = "vbda";
const workers = "da";
const admins = "a";

/** Whom docs/architecture.md and the permission matrix let in, by method. Whoever adds a method decides here, too. */
export const doors: Readonly<Record<string, Row | "public" | ServiceDoor>> = {
  "hospital.v1.FacilityService/CreateFacility": [admins, nobody, admins],
  "hospital.v1.FacilityService/UpdateFacility": [admins, nobody, admins],
  "hospital.v1.FacilityService/GetFacility": [all, all, all],
  "hospital.v1.FacilityService/ListFacilities": [all, all, all],
  "hospital.v1.PreferenceService/ListAvailableAgencies": [all, nobody, all],
  "hospital.v1.PreferenceService/ListPreferences": [all, nobody, all],
  "hospital.v1.PreferenceService/SetPreferences": [workers, nobody, nobody],
  "hospital.v1.TripClaimService/ClaimTrip": { services: ["ems"], alone: true, row: [workers, workers, workers] },
  "hospital.v1.TripClaimService/ResolveClaim": { services: ["ems"], alone: true, row: [all, all, all] },
  "hospital.v1.TripClaimService/SetTripUnit": { services: ["ems"], alone: true, row: [nobody, workers, workers] },
  "hospital.v1.TripService/CreateTrip": [workers, nobody, workers],
  "hospital.v1.TripService/GetTrip": [all, all, all],
  "hospital.v1.TripService/ListTrips": [all, all, all],
  "hospital.v1.TripService/CancelTrip": [workers, nobody, workers],
  "hospital.v1.TripService/StartTransport": [nobody, workers, workers],
  "hospital.v1.TripService/CompleteTrip": [nobody, workers, workers],
  "hospital.v1.TripService/RecordMilestone": [workers, workers, workers],
  "hospital.v1.TripService/ListTripHistory": [all, all, all],
  "hospital.v1.TripService/UpdateTrip": [workers, nobody, workers],
  "hospital.v1.TripService/ConsentToTrip": [nobody, workers, workers],
  "hospital.v1.TripService/ReleaseTrip": [nobody, workers, workers],
  "hospital.v1.TripService/AbortTrip": [nobody, nobody, workers],
  "hospital.v1.TripService/AmendTrip": [nobody, nobody, workers],
  "hospital.v1.TripService/ReopenBidding": [workers, nobody, workers],
  "hospital.v1.TripService/PauseSla": [workers, workers, workers],
  "hospital.v1.TripService/ResumeSla": [workers, workers, workers],
  "hospital.v1.TripService/CompareTrips": [all, all, all],
  "hospital.v1.TripService/WatchTrips": [all, all, all],

  "ems.v1.AgencyService/CreateAgency": { services: ["center"], alone: true, row: [nobody, nobody, admins] },
  "ems.v1.AgencyService/GetAgency": [all, all, all],
  "ems.v1.AgencyService/ListAgencies": [nobody, all, all],
  "ems.v1.AgencyService/UpdateAgency": [nobody, admins, admins],
  "ems.v1.AgencyService/SetAgencyStatus": { services: ["center"], alone: false, row: [nobody, nobody, admins] },
  "ems.v1.BidService/ListAvailableTrips": [nobody, all, all],
  "ems.v1.BidService/GetAvailableTrip": [nobody, all, all],
  "ems.v1.BidService/SubmitBid": [nobody, workers, workers],
  "ems.v1.BidService/WithdrawBid": [nobody, workers, workers],
  "ems.v1.BidService/ListBids": [all, all, all],
  "ems.v1.BidService/AcceptBid": [workers, nobody, workers],
  "ems.v1.BidService/AcceptTrip": [nobody, workers, nobody],
  "ems.v1.BidService/GetBid": [all, all, all],
  "ems.v1.BidService/AmendBid": [nobody, workers, workers],
  "ems.v1.BidService/DeclineTrip": [nobody, workers, workers],
  "ems.v1.BidService/RejectBid": [workers, nobody, workers],
  "ems.v1.BidService/WatchAvailableTrips": [nobody, all, all],
  "ems.v1.DispatchService/AssignUnit": [nobody, workers, workers],
  "ems.v1.DispatchService/ListAssignments": [nobody, all, all],
  "ems.v1.DispatchService/ListAssignedTrips": [nobody, all, nobody],
  "ems.v1.DispatchService/SwapUnit": [nobody, workers, workers],
  "ems.v1.RouteService/CreateRoute": [nobody, workers, nobody],
  "ems.v1.RouteService/ListRoutes": [nobody, all, all],
  "ems.v1.RouteService/GetRoute": [nobody, all, all],
  "ems.v1.RouteService/UpdateRoute": [nobody, workers, nobody],
  "ems.v1.UnitService/CreateUnit": [nobody, workers, admins],
  "ems.v1.UnitService/GetUnit": [nobody, all, all],
  "ems.v1.UnitService/ListUnits": [nobody, all, all],
  "ems.v1.UnitService/UpdateUnit": [nobody, workers, admins],
  "ems.v1.UnitService/SetUnitStatus": [nobody, workers, workers],
  "ems.v1.UnitService/SetUnitShift": [nobody, workers, nobody],
  "ems.v1.UnitService/RecordAvailability": [nobody, workers, nobody],
  "ems.v1.UnitService/ReportUnitLocation": [nobody, workers, nobody],
  "ems.v1.UnitService/ListAvailability": [nobody, all, all],
  "ems.v1.UnitService/SummarizeAvailability": [all, all, all],

  "center.v1.AgencyDirectoryService/RegisterAgency": [nobody, nobody, admins],
  "center.v1.AgencyDirectoryService/ListAgencies": [all, nobody, all],
  "center.v1.AgencyDirectoryService/GetAgency": [all, nobody, all],
  "center.v1.AgencyDirectoryService/ApproveAgency": [nobody, nobody, admins],
  "center.v1.AgencyDirectoryService/DisableAgency": [nobody, nobody, admins],
  "center.v1.AgencyDirectoryService/EnableAgency": [nobody, nobody, admins],
  "center.v1.AgencyDirectoryService/ListRegistrations": [nobody, nobody, all],
  "center.v1.AnalyticsService/CountTrips": [all, all, all],
  "center.v1.AuditService/ListAuditEntries": [admins, admins, all],
  "center.v1.AuthService/Login": "public",
  "center.v1.AuthService/RefreshSession": "public",
  "center.v1.AuthService/Logout": [all, all, all],
  "center.v1.AuthService/VerifyToken": [all, all, all],
  "center.v1.AuthService/ListSigningKeys": "public",
  "center.v1.AuthService/ChangePassword": [all, all, all],
  "center.v1.ConfigurationService/ListConfigurations": [nobody, nobody, all],
  "center.v1.ConfigurationService/SetConfiguration": [nobody, nobody, admins],
  "center.v1.ConfigurationService/ResetConfiguration": [nobody, nobody, admins],
  "center.v1.HospitalDirectoryService/RegisterHospital": [nobody, nobody, admins],
  "center.v1.HospitalDirectoryService/ListHospitals": [all, all, all],
  "center.v1.HospitalDirectoryService/GetHospital": [all, all, all],
  "center.v1.HospitalDirectoryService/UpdateHospital": [admins, nobody, admins],
  "center.v1.HospitalDirectoryService/DisableHospital": [nobody, nobody, admins],
  "center.v1.HospitalDirectoryService/EnableHospital": [nobody, nobody, admins],
  "center.v1.OversightService/ListTrips": [nobody, nobody, all],
  "center.v1.OversightService/GetTrip": [nobody, nobody, all],
  "center.v1.ServiceRegistryService/ReportInstance": {
    services: ["hospital", "ems", "center"],
    alone: true,
    row: [all, all, all],
  },
  "center.v1.ServiceRegistryService/ListServices": [nobody, nobody, all],
  "center.v1.ServiceRegistryService/ListDatabaseReferences": [nobody, nobody, all],
  "center.v1.UserService/CreateUser": [admins, admins, admins],
  "center.v1.UserService/GetUser": [all, all, all],
  "center.v1.UserService/ListUsers": [admins, admins, all],
  "center.v1.UserService/UpdateUser": [admins, admins, admins],
  "center.v1.UserService/DisableUser": [admins, admins, admins],
  "center.v1.UserService/EnableUser": [admins, admins, admins],
  "center.v1.UserService/ResetPassword": [admins, admins, admins],
  "center.v1.UserService/UnlockUser": [admins, admins, admins],

  "audit.v1.AuditLogService/ListEntries": { services: ["center"], alone: false, row: [admins, admins, all] },
};
