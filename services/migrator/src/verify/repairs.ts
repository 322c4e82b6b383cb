import type { SourceRow } from "../moved.ts";
import { everythingAboutPeople } from "../capture/note-changes.ts";
import type { SiloClients } from "../cutover/close-silos.ts";
import type { Difference } from "./compare.ts";

/** Tables whose rows are a trip's, keyed by it. */
const ofTrips: readonly string[] = ["hospital.trip", "ems.trip_copy", "ems.available_trip_change", "center.trip_fact"];
/** The same, keyed by the trip and a number. */
const ofTripVersions: readonly string[] = ["hospital.trip_history", "hospital.trip_milestone"];
/** Keyed by the attempt by which a trip was won. */
const ofAttempts: readonly string[] = ["hospital.trip_claim", "ems.assignment"];

/**
 * The rows of the old database that must be moved anew so that rows which differ are right again.
 * @param silos as they are, which tell what belongs to which trip.
 */
export async function rowsToRepair(
  silos: SiloClients,
  differences: readonly Pick<Difference, "table" | "pk">[],
): Promise<readonly SourceRow[]> {
  const rows = new Map<string, SourceRow>();
  const add = (table: string, pk: string): void => void rows.set(`${table} ${pk}`, { table, pk });
  const [attempts, bids]: [string[], string[]] = [[], []];
  for (const { table, pk } of differences) {
    const [first = "", second = "", third = ""] = pk.split(" ");
    if (table.includes(".archive.")) add(table.slice(table.lastIndexOf(".") + 1), pk);
    else if (table.endsWith(".migration.ledger")) add(first, pk.slice(first.length + 1));
    else if (ofTrips.includes(table)) add("TransportRequest", pk);
    else if (ofTripVersions.includes(table)) add("TransportRequest", first);
    else if (ofAttempts.includes(table)) attempts.push(pk);
    else if (table === "ems.bid") bids.push(pk);
    else {
      // Events and references name kind and record; cursors name the subscriber before.
      const [kind, id] = table.endsWith(".inbox_cursor") ? [second, third] : [first, second];
      if (kind === "trip") add("TransportRequest", id);
      else if (kind === "bid") bids.push(id);
      else add(everythingAboutPeople.table, everythingAboutPeople.pk);
    }
  }
  for (const id of bids) add("TransportBid", id);
  for (const id of await tripsOf(silos, attempts, bids)) add("TransportRequest", id);
  return [...rows.values()];
}

async function tripsOf(
  { hospital, ems }: SiloClients,
  attempts: readonly string[],
  bids: readonly string[],
): Promise<readonly string[]> {
  const won = await hospital.query<{ id: string }>(
    `select id from trip where accepted_attempt_id::text = any($1)
     union select trip_id from trip_claim where attempt_id::text = any($1)`,
    [attempts],
  );
  const known = await ems.query<{ id: string }>(
    `select trip_id as id from assignment where attempt_id::text = any($1) union select trip_id from bid where id = any($2)`,
    [attempts, bids],
  );
  return [...won.rows, ...known.rows].map(({ id }) => id);
}
