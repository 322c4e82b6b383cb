import type { DescMessage } from "@bufbuild/protobuf";
import type { Tx } from "#platform/database/database.ts";
import type { PendingEvent } from "#platform/events/outbox.ts";
import { saveReference } from "../references/reference.store.ts";
import { saveAgencyEntry } from "../registry/agency-entry.store.ts";
import { serviceChanged } from "../registry/registered-service.events.ts";
import type { RegisteredService } from "../registry/registered-service.ts";
import { saveAgency } from "./agency.store.ts";
import type { Agency } from "./agency.ts";

/** Where news of an agency arrives: in the answer to a registration, or in an event. */
export interface AgencyArrival {
  readonly tx: Tx;
  readonly now: Date;
  /** The person who registered it, where that is known. */
  readonly addedBy?: string;
  emit<Schema extends DescMessage>(event: PendingEvent<Schema>): void;
}

/**
 * Takes over what EMS says of an agency: into the directory, the registry and the references. May be repeated.
 * @returns the registry's entry if it has changed.
 */
export async function receiveAgency(arrival: AgencyArrival, agency: Agency): Promise<RegisteredService | undefined> {
  const { tx, now, addedBy } = arrival;
  if (!(await saveAgency(tx, agency, now, addedBy))) return undefined;
  const entry = await saveAgencyEntry(tx, agency, { now, ...(addedBy !== undefined && { addedBy }) });
  if (entry) arrival.emit(serviceChanged(entry, now));
  await saveReference(
    tx,
    {
      entityType: "agency",
      entityId: agency.id,
      sourceDatabase: "ems",
      referenceType: "directory_entry",
      referenceId: agency.id,
      targetDatabase: "center",
    },
    now,
  );
  return entry;
}
