import { AgencyImportedSchema } from "#gen/medport/events/v1/agency_events_pb.ts";
import { FacilityImportedSchema } from "#gen/medport/events/v1/facility_events_pb.ts";
import { HospitalImportedSchema } from "#gen/medport/events/v1/hospital_events_pb.ts";
import { PreferencesImportedSchema } from "#gen/medport/events/v1/preference_events_pb.ts";
import { RouteImportedSchema } from "#gen/medport/events/v1/route_events_pb.ts";
import { ServiceImportedSchema } from "#gen/medport/events/v1/service_events_pb.ts";
import { UnitImportedSchema } from "#gen/medport/events/v1/unit_events_pb.ts";
import { UserImportedSchema } from "#gen/medport/events/v1/user_events_pb.ts";
import { serviceMessage } from "../../../center/src/registry/registered-service.message.ts";
import type { RegisteredService } from "../../../center/src/registry/registered-service.ts";
import { messageFromUnit } from "../../../ems/src/units/unit.message.ts";
import { unitFromRow, type UnitRow } from "../../../ems/src/units/unit.row.ts";
import { importedEvent, importedVersion } from "./imported-events.ts";
import {
  agencyCopyRow,
  agencyDirectoryRow,
  agencyMessageFrom,
  agencyUserRow,
  hospitalCopyRow,
  hospitalMessageFrom,
  hospitalUserRow,
  userMessageFrom,
} from "./projections-people.ts";
import type { TargetRow, TargetTables } from "./target-tables.ts";

// People and organizations live on: their events are told after the cut-over. What they name in other silos is told with
// their rows, by the directory.
const isOver = false;

/** What follows from an agency. */
export function agencyConsequences(row: TargetTables["ems.agency"], importedAt: Date): readonly TargetRow[] {
  const agency = agencyMessageFrom(row);
  return [
    { table: "hospital.agency", row: agencyCopyRow(row, agency, importedAt) },
    { table: "center.agency", row: agencyDirectoryRow(row, agency, importedAt) },
    ...importedEvent({ schema: AgencyImportedSchema, message: { agency }, aggregateId: row.id, isOver, importedAt }),
  ];
}

/** What follows from a unit. Its event does not tell what was recorded of its crew. */
export function unitConsequences(row: TargetTables["ems.unit"], importedAt: Date): readonly TargetRow[] {
  const columns = { ...row, crew: "AVAILABLE" };
  // The type and the status come from rules that make no others; the database checks them once more.
  const unit = messageFromUnit(unitFromRow(columns as unknown as UnitRow), importedAt);
  return importedEvent({ schema: UnitImportedSchema, message: { unit }, aggregateId: row.id, isOver, importedAt });
}

/** What follows from a route. */
export function routeConsequences(row: TargetTables["ems.route"], importedAt: Date): readonly TargetRow[] {
  const message = { routeId: row.id, agencyId: row.agency_id, name: row.route_name };
  return importedEvent({ schema: RouteImportedSchema, message, aggregateId: row.id, isOver, importedAt });
}

/** What follows from a facility. */
export function facilityConsequences(row: TargetTables["hospital.facility"], importedAt: Date): readonly TargetRow[] {
  const { id: facilityId, hospital_id: hospitalId, name, type, city, state, county, active } = row;
  const message = { facilityId, hospitalId, name, type, city, state, county, active };
  return importedEvent({ schema: FacilityImportedSchema, message, aggregateId: facilityId, isOver, importedAt });
}

/** What follows from a hospital's list. @param agencyIds who is on it, most preferred first. */
export function preferenceConsequences(
  { hospital_id: hospitalId }: TargetTables["hospital.preference_list"],
  agencyIds: readonly string[],
  importedAt: Date,
): readonly TargetRow[] {
  const message = { hospitalId, agencyIds: [...agencyIds] };
  return [
    {
      table: "ems.hospital_preference",
      row: { hospital_id: hospitalId, agency_ids: agencyIds, version: importedVersion },
    },
    ...importedEvent({
      schema: PreferencesImportedSchema,
      message,
      aggregateId: hospitalId,
      isOver,
      importedAt,
    }),
  ];
}

/** What follows from a hospital. */
export function hospitalConsequences(row: TargetTables["center.hospital"], importedAt: Date): readonly TargetRow[] {
  const message = { hospital: hospitalMessageFrom(row) };
  return [
    { table: "hospital.hospital", row: hospitalCopyRow(row) },
    ...importedEvent({ schema: HospitalImportedSchema, message, aggregateId: row.id, isOver, importedAt }),
  ];
}

/**
 * What follows from an account: the silo of its organization has a copy. Other people whom Hospital's records name come
 * with the directory (R-HU).
 */
export function userConsequences(row: TargetTables["center.user_account"], importedAt: Date): readonly TargetRow[] {
  const ofHospital = hospitalUserRow(row);
  const ofAgency = agencyUserRow(row);
  const message = { user: userMessageFrom(row) };
  return [
    ...(ofHospital ? [{ table: "hospital.hospital_user", row: ofHospital } as const] : []),
    ...(ofAgency ? [{ table: "ems.agency_user", row: ofAgency } as const] : []),
    ...importedEvent({ schema: UserImportedSchema, message, aggregateId: row.id, isOver, importedAt }),
  ];
}

/** What follows from an agency's entry in the registry. */
export function serviceConsequences(
  row: TargetTables["center.service_registry"],
  importedAt: Date,
): readonly TargetRow[] {
  const service = {
    id: row.id,
    name: row.service_name,
    type: row.service_type,
    status: row.status,
    version: importedVersion,
    createTime: row.created_at,
  };
  // As for units.
  const message = { service: serviceMessage(service as unknown as RegisteredService, importedAt) };
  return importedEvent({ schema: ServiceImportedSchema, message, aggregateId: row.id, isOver, importedAt });
}
