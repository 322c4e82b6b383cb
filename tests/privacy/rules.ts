import type { Find, Place } from "./places.ts";
import type { PlantedWords, Suspicion } from "./words.ts";

/** The tables that every silo has: none of them is of its business. */
const platformTables: ReadonlySet<string> = new Set([
  ...["outbox_event", "relay_state", "inbox_event", "inbox_cursor", "inbox_parked", "inbox_dead"],
  ...["idempotency_key", "audit_entry", "published_key"],
]);

/** Where events are on their way. */
const eventColumns: ReadonlySet<string> = new Set([
  "outbox_event.payload",
  "inbox_parked.payload",
  "inbox_dead.payload",
]);

/** What was found where it may not be, in sentences. */
export function breaches(words: PlantedWords, finds: readonly Find[]): readonly string[] {
  const wrong = finds
    .map(({ found, place }) => ({ found, place, suspicion: words.suspicionOf(found) }))
    .filter(({ place, suspicion }) => !mayBeIn(place, suspicion))
    .map(
      ({ found, place, suspicion: { what, outcome = "unanswered" } }) =>
        `${what} (${found}, ${outcome}) is in ${nameOf(place)}`,
    );
  return [...new Set(wrong)].toSorted();
}

function mayBeIn(place: Place, { handling, silo, outcome }: Suspicion): boolean {
  if (outcome !== "taken") return false;
  switch (handling.kind) {
    case "stays":
      return isAnswer(place, handling.in) || (isBusiness(place) && place.silo === handling.in);
    case "travels":
      if (place.kind === "refusal") return handling.isCalledBy === true;
      return isEvent(place) || isBusiness(place) || isAnswer(place);
    case "names the attempt":
      return (
        place.kind === "database" && place.silo === silo && (place.table === "idempotency_key" || isBusiness(place))
      );
    case "vanishes":
    case "is never taken":
      return false;
    default:
      return handling satisfies never;
  }
}

function isBusiness(place: Place): place is Extract<Place, { kind: "database" }> {
  return place.kind === "database" && !platformTables.has(place.table);
}

function isAnswer(place: Place, silo?: string): boolean {
  const isOne = place.kind === "database" && place.table === "idempotency_key" && place.column === "response";
  return isOne && (silo === undefined || place.silo === silo);
}

function isEvent(place: Place): boolean {
  if (place.kind === "stream") return place.part === "payload";
  return place.kind === "database" && eventColumns.has(`${place.table}.${place.column}`);
}

function nameOf(place: Place): string {
  switch (place.kind) {
    case "database":
      return `${place.silo}'s ${place.table}.${place.column}`;
    case "stream":
      return `the ${place.part} of a message in ${place.silo}'s stream`;
    case "log":
      return `the log: ${place.line.trim()}`;
    case "PostgreSQL's log":
      return `${place.kind}: ${place.line.trim()}`;
    case "refusal":
      return `what a caller of ${place.method} was told`;
    default:
      return place satisfies never;
  }
}
