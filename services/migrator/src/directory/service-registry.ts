import type { TargetRow, TargetTables } from "../target/target-tables.ts";
import { byCreation, idSuffix } from "./moved-rows.ts";

/**
 * Center's registry has an entry for every agency that somebody added, under its name; of several of one name the first that
 * came bears it alone, the others with the end of their id.
 */
export function registryRows(agencies: readonly TargetTables["ems.agency"][], importedAt: Date): readonly TargetRow[] {
  const taken = new Set<string>();
  return agencies
    .filter(({ added_by }) => added_by !== null)
    .toSorted((one, other) =>
      byCreation({ createdAt: one.created_at, id: one.id }, { createdAt: other.created_at, id: other.id }),
    )
    .map((agency) => {
      const name = [agency.name, agency.name + idSuffix(agency.id)].find((candidate) => !taken.has(candidate));
      const serviceName = name ?? `${agency.name} #${agency.id}`;
      taken.add(serviceName);
      return registryRow(agency, serviceName, importedAt);
    });
}

function registryRow(agency: TargetTables["ems.agency"], serviceName: string, importedAt: Date): TargetRow {
  return {
    table: "center.service_registry",
    row: {
      added_at: agency.added_at,
      added_by: agency.added_by,
      address: null,
      configuration: null,
      created_at: agency.created_at,
      id: agency.id,
      imported_at: importedAt,
      last_heartbeat_at: null,
      metadata: null,
      service_name: serviceName,
      service_type: "EMS_AGENCY",
      status: agency.is_active ? agency.status : "INACTIVE",
      updated_at: agency.updated_at,
      version: 1,
    },
  };
}
