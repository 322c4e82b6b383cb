import { create, type MessageInitShape, type MessageShape, toBinary } from "@bufbuild/protobuf";
import { AgencySchema } from "#gen/medport/ems/v1/agency_pb.ts";
import { agencyFromMessage } from "../../../center/src/agencies/agency.message.ts";
import type { UserRow } from "../../../center/src/users/user.entity.ts";
import { userMessage } from "../../../center/src/users/user.message.ts";
import { userFromRow } from "../../../center/src/users/user.store.ts";
import type { UserSchema } from "#gen/medport/center/v1/user_pb.ts";
import type { HospitalSchema } from "#gen/medport/center/v1/hospital_directory_service_pb.ts";
import type { HospitalRow } from "../../../center/src/hospitals/hospital.entity.ts";
import { hospitalMessage } from "../../../center/src/hospitals/hospital.message.ts";
import { hospitalFromRow } from "../../../center/src/hospitals/hospital.store.ts";
import type { AgencyRow } from "../../../ems/src/agencies/agency.entity.ts";
import { messageFromAgency } from "../../../ems/src/agencies/agency.message.ts";
import { agencyFromRow } from "../../../ems/src/agencies/agency.store.ts";
import { camelCased } from "./entity-rows.ts";
import { importedVersion } from "./imported-events.ts";
import type { TargetTables } from "./target-tables.ts";

/** What is told of an agency in its event. Prices of a shape of their own stay in EMS's row alone. */
export function agencyMessageFrom(row: TargetTables["ems.agency"]): MessageShape<typeof AgencySchema> {
  return create(AgencySchema, messageFromAgency(agencyFromRow(camelCased<AgencyRow>(row))));
}

/** Hospital's copy of an agency. */
export function agencyCopyRow(
  row: TargetTables["ems.agency"],
  message: MessageShape<typeof AgencySchema>,
  importedAt: Date,
): TargetTables["hospital.agency"] {
  return {
    active: row.is_active,
    id: row.id,
    message: toBinary(AgencySchema, message),
    name: row.name,
    service_area: row.service_area,
    status: row.status,
    told_at: importedAt,
    version: importedVersion,
  };
}

/** An agency in Center's directory, which knows who added it, as EMS does. */
export function agencyDirectoryRow(
  row: TargetTables["ems.agency"],
  message: MessageShape<typeof AgencySchema>,
  importedAt: Date,
): TargetTables["center.agency"] {
  const agency = agencyFromMessage(message, importedVersion);
  return {
    added_at: row.added_at,
    added_by: row.added_by,
    address: agency.address,
    capabilities: agency.capabilities,
    city: agency.city,
    contact_name: agency.contactName,
    created_at: agency.createTime,
    email: agency.email,
    heard_at: importedAt,
    id: agency.id,
    imported_at: importedAt,
    is_active: agency.active,
    name: agency.name,
    operating_hours: agency.operatingHours,
    phone: agency.phone,
    pricing_structure: agency.pricing ? { ...agency.pricing } : null,
    service_area: agency.serviceArea,
    state: agency.state,
    status: agency.status,
    updated_at: agency.updateTime,
    version: agency.version,
    zip_code: agency.zipCode,
  };
}

/** What is told of a hospital in its event. */
export function hospitalMessageFrom(row: TargetTables["center.hospital"]): MessageInitShape<typeof HospitalSchema> {
  return hospitalMessage(hospitalFromRow(camelCased<HospitalRow>(row)));
}

/** Hospital's copy of a hospital. */
export function hospitalCopyRow(row: TargetTables["center.hospital"]): TargetTables["hospital.hospital"] {
  return {
    active: row.is_active,
    address: row.address,
    city: row.city,
    created_at: row.created_at,
    email: row.email ?? "",
    id: row.id,
    name: row.name,
    phone: row.phone ?? "",
    state: row.state,
    updated_at: row.updated_at,
    version: importedVersion,
    zip_code: row.zip_code,
  };
}

/** What is told of an account in its event: nothing of its credentials. */
export function userMessageFrom(row: TargetTables["center.user_account"]): MessageInitShape<typeof UserSchema> {
  return userMessage(userFromRow(camelCased<UserRow>(row)));
}

/** Hospital's copy of a hospital's person; undefined for others, and if nobody knows the hospital (R-HU). */
export function hospitalUserRow(
  row: TargetTables["center.user_account"],
): TargetTables["hospital.hospital_user"] | undefined {
  if (row.user_type !== "HOSPITAL" || row.hospital_id === null) return undefined;
  return {
    active: row.is_active,
    created_at: row.created_at,
    email: row.email,
    hospital_id: row.hospital_id,
    id: row.id,
    name: row.name,
    updated_at: row.updated_at,
    version: importedVersion,
  };
}

/** EMS's copy of an agency's person; undefined for others, and if nobody knows the agency. */
export function agencyUserRow(row: TargetTables["center.user_account"]): TargetTables["ems.agency_user"] | undefined {
  if (row.user_type !== "EMS" || row.agency_id === null) return undefined;
  return {
    agency_id: row.agency_id,
    created_at: row.created_at,
    email: row.email,
    id: row.id,
    is_active: row.is_active,
    name: row.name,
    updated_at: row.updated_at,
    version: importedVersion,
  };
}
