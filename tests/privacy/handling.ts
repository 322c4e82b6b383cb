import type { ServiceName } from "#platform/service-name.ts";

/** What may become of a text that was taken. What was refused may be nowhere, whatever it is. */
export type Handling =
  /** Kept by one silo, in tables of its business and in the answers that it gives again. Nobody else ever has it. */
  | { readonly kind: "stays"; readonly in: ServiceName }
  /**
   * Meant for the other silos, too: told in events, and kept in copies. Not for logs and audits; in the sentences of
   * refusals only what people call a thing by.
   */
  | { readonly kind: "travels"; readonly isCalledBy?: true }
  /** Used and not kept: what to look for, or a secret of which a hash is kept. */
  | { readonly kind: "vanishes" }
  /** Names an attempt: kept beside its answer, by the silo that gave it. */
  | { readonly kind: "names the attempt" }
  /** Nothing that a person wrote is ever taken there. */
  | { readonly kind: "is never taken"; readonly why: string };

const inHospital: Handling = { kind: "stays", in: "hospital" };
const inEms: Handling = { kind: "stays", in: "ems" };
const travels: Handling = { kind: "travels" };
const vanishes: Handling = { kind: "vanishes" };

function each(handling: Handling, message: string, ...fields: readonly string[]): readonly [string, Handling][] {
  return fields.map((field): [string, Handling] => [`${message}.${field}`, handling]);
}

function never(why: string, message: string, ...fields: readonly string[]): readonly [string, Handling][] {
  return each({ kind: "is never taken", why }, message, ...fields);
}

const isMadeHere = "made by a service, and refused if it is not one of its own";
const mustBeRight = "whatever is not the person's own is refused";

/** For every field in which a request could carry a sentence, what may become of it. */
export const handlings: ReadonlyMap<string, Handling> = new Map([
  // What people write about trips, which may be about patients.
  ...each(inHospital, "hospital.v1.CreateTripRequest", "special_requirements"),
  ...each(inHospital, "hospital.v1.TripDetails", "special_requirements"),
  ...each(inHospital, "hospital.v1.CancelTripRequest", "reason"),
  ...each(inHospital, "hospital.v1.ReleaseTripRequest", "reason"),
  ...each(inHospital, "hospital.v1.AbortTripRequest", "reason"),
  ...each(inHospital, "hospital.v1.AmendTripRequest", "amendment"),
  ...each(inHospital, "hospital.v1.StartTransportRequest", "override_reason"),
  ...each(inHospital, "hospital.v1.CompleteTripRequest", "override_reason"),
  ...each(inHospital, "hospital.v1.RecordMilestoneRequest", "override_reason"),
  ...each(inHospital, "hospital.v1.ConsentToTripRequest", "override_reason"),
  ...each(inHospital, "hospital.v1.PauseSlaRequest", "override_reason"),
  ...each(inHospital, "hospital.v1.ResumeSlaRequest", "override_reason"),
  ...each(inHospital, "hospital.v1.PreferredAgency", "notes"),
  ...each(inEms, "ems.v1.SubmitBidRequest", "notes", "override_reason"),
  ...each(inEms, "ems.v1.BidOffer", "notes"),
  ...each(inEms, "ems.v1.AmendBidRequest", "override_reason"),
  ...each(inEms, "ems.v1.WithdrawBidRequest", "override_reason"),
  ...each(inEms, "ems.v1.DeclineTripRequest", "reason", "override_reason"),
  ...each(inEms, "ems.v1.AssignUnitRequest", "override_reason"),
  ...each(inEms, "ems.v1.SwapUnitRequest", "override_reason"),
  ...each(inEms, "ems.v1.SetUnitStatusRequest", "reason"),
  ...each(inEms, "ems.v1.RecordAvailabilityRequest", "notes"),

  // What describes places, agencies and people to the whole mesh.
  ...["CreateFacilityRequest", "FacilityDetails"].flatMap((message) => [
    ...each(travels, `hospital.v1.${message}`, "name", "city", "county"),
    ...each(inHospital, `hospital.v1.${message}`, "address", "phone", "email", "operating_hours", "capabilities"),
  ]),
  ...["AgencyProfile", "AgencyDetails"].flatMap((message) => [
    ...each(travels, `ems.v1.${message}`, "name", "contact_name", "phone", "email", "address", "city"),
    ...each(travels, `ems.v1.${message}`, "service_area", "operating_hours", "capabilities"),
  ]),
  ...each(travels, "ems.v1.Pricing", "base_fares"),
  ...["CreateUnitRequest", "UnitDetails"].flatMap((message) => [
    ...each({ kind: "travels", isCalledBy: true }, `ems.v1.${message}`, "unit_number"),
    ...each(travels, `ems.v1.${message}`, "capabilities"),
  ]),
  ...each(travels, "ems.v1.CreateRouteRequest", "name"),
  ...each(travels, "ems.v1.RouteDetails", "name"),
  ...["RegisterHospitalRequest", "HospitalDetails"].flatMap((message) =>
    each(travels, `center.v1.${message}`, "name", "address", "city", "phone", "email"),
  ),
  ...each(travels, "center.v1.FirstAdmin", "email", "name"),
  ...each(travels, "center.v1.CreateUserRequest", "email", "name"),
  ...each(travels, "center.v1.UserDetails", "name"),
  ...each(travels, "center.v1.SetConfigurationRequest", "description"),

  // Secrets.
  ...each(vanishes, "center.v1.FirstAdmin", "password"),
  ...each(vanishes, "center.v1.CreateUserRequest", "password"),
  ...each(vanishes, "center.v1.ResetPasswordRequest", "temporary_password"),
  ...each(vanishes, "center.v1.ChangePasswordRequest", "new_password"),
  ...never(mustBeRight, "center.v1.ChangePasswordRequest", "current_password"),
  ...never(mustBeRight, "center.v1.LoginRequest", "email", "password", "new_password"),
  ...never(isMadeHere, "center.v1.RefreshSessionRequest", "refresh_token"),

  // What people look for.
  ...each(vanishes, "audit.v1.AuditFilter", "user_id", "organization_id", "action", "entity_type", "entity_id"),
  ...each(vanishes, "audit.v1.AuditFilter", "request_id"),
  ...each(vanishes, "center.v1.ListAgenciesRequest", "county"),
  ...each(vanishes, "center.v1.ListConfigurationsRequest", "category"),
  ...each(vanishes, "center.v1.ListDatabaseReferencesRequest", "entity_type", "reference_type"),
  ...each(vanishes, "center.v1.ListTripsRequest", "trip_number"),
  ...each(vanishes, "center.v1.ListUsersRequest", "contains"),
  ...each(vanishes, "ems.v1.ListAvailableTripsRequest", "county"),
  ...each(vanishes, "ems.v1.SummarizeAvailabilityRequest", "county"),
  ...each(vanishes, "hospital.v1.ListAvailableAgenciesRequest", "county"),
  ...each(vanishes, "hospital.v1.ListFacilitiesRequest", "hospital_id", "county", "type", "name_contains"),
  ...each(vanishes, "hospital.v1.TripFilter", "hospital_id", "assigned_agency_id", "trip_number"),
  ...each(vanishes, "hospital.v1.TripFilter", "origin_facility_id", "destination_facility_id"),

  // What no person writes.
  ...never("a setting's value is a number", "center.v1.SetConfigurationRequest", "value"),
  ...never("only the setting's own category is taken", "center.v1.SetConfigurationRequest", "category"),
  ...never("only paths of fields are taken", "google.protobuf.FieldMask", "paths"),
  ...never("for services alone", "center.v1.ReportInstanceRequest", "address", "version"),
  ...never("for services alone", "hospital.v1.ClaimTripRequest", "unit_id", "bid_id"),
  ...never("for services alone", "hospital.v1.SetTripUnitRequest", "previous_unit_id"),
]);

/** What may become of a text in this field; undefined if nobody has thought of it. */
export function handlingOf(field: string): Handling | undefined {
  if (handlings.has(field)) return handlings.get(field);
  const name = field.slice(field.lastIndexOf(".") + 1);
  if (name === "request_id") return { kind: "names the attempt" };
  if (["etag", "page_token", "cursor"].includes(name)) return { kind: "is never taken", why: isMadeHere };
  return undefined;
}
