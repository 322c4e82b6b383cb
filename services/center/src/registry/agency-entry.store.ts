import type { Tx } from "#platform/database/database.ts";
import type { Agency } from "../agencies/agency.ts";
import { lockName } from "../name-lock.ts";
import { isServiceNameTaken, lockRegisteredService, saveRegisteredService } from "./registered-service.store.ts";
import type { RegisteredService, RegisteredServiceId } from "./registered-service.ts";

/**
 * Brings an agency's entry in the registry up to date.
 * @returns the entry if it was added or changed, so that the world is told; undefined if it stands as it was.
 */
export async function saveAgencyEntry(
  tx: Tx,
  agency: Agency,
  { now, addedBy }: { readonly now: Date; readonly addedBy?: string },
): Promise<RegisteredService | undefined> {
  const id = agency.id as string as RegisteredServiceId;
  const known = await lockRegisteredService(tx, id);
  // Two agencies may bear one name, and the registry's names are unique: whoever comes second must see the first.
  await lockName(tx, "service", agency.name);
  const name = (await isServiceNameTaken(tx, agency.name, id)) ? `${agency.name} (${id})` : agency.name;
  const status = agency.active ? agency.status : "INACTIVE";
  if (known?.name === name && known.status === status) return undefined;
  const version = (known?.version ?? 0) + 1;
  const entry: RegisteredService = {
    id,
    name,
    type: "EMS_AGENCY",
    status,
    version,
    createTime: known?.createTime ?? now,
  };
  await saveRegisteredService(tx, entry, { now, ...(addedBy !== undefined && { addedBy }) });
  return entry;
}
