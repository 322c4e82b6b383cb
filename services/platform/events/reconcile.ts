import type { Logger } from "#platform/telemetry/log.ts";
import type { Broker } from "./broker.ts";
import type { PublishedEvent } from "./owed-event.ts";
import type { LostEvents, RelaySession, RelayState, SequenceRange } from "./relay-session.ts";
import { ensureOwnStream, storedEventId, streamAgeDays, type StreamOptions, type StreamState } from "./stream.ts";

export interface ReconcileOptions {
  readonly session: RelaySession;
  readonly broker: Broker;
  readonly stream?: StreamOptions;
  readonly log: Logger;
}

/** What the relay found out about its stream before it writes to it. */
export interface Reconciled {
  readonly epoch: string;
  readonly lastSequence: number;
  /** The stream is not the one we knew: wiped, or made anew. */
  readonly isNewEpoch: boolean;
  /** Published events that are not in the stream, and so are owed again. */
  readonly republished: number;
  /** Of those, how many were missed only by looking at them. Nothing but damage to the broker's files explains one. */
  readonly mismatches: number;
}

/** How many of the newest events are looked at, and how many at random. */
const sampleEach = 100;
const pageSize = 500;

/**
 * Compares the outbox with the stream, makes the stream if it is not there, and owes again whatever the stream has lost:
 * everything, the tail, the head, or something in the middle. Always before the first publish.
 * @throws BrokerAway, JetStreamRefusal, or what PostgreSQL says
 */
export async function reconcile({ session, broker, stream, log }: ReconcileOptions): Promise<Reconciled> {
  const live = await ensureOwnStream(broker, stream);
  const known = await session.findState();
  const losses = lossesBetween(known, live);
  let republished = 0;
  for (const lost of losses) {
    const count = await session.oweAgain(live, lost);
    if (count > 0) log.warn({ event: "relay.stream_lost_events", lost: lost.kind, count });
    republished += count;
  }
  const mismatches = await oweMismatches(session, broker, live);
  if (mismatches > 0) log.error({ event: "relay.stream_differs", count: mismatches });
  return {
    epoch: live.epoch,
    lastSequence: live.lastSequence,
    isNewEpoch: known !== undefined && known.epoch !== live.epoch,
    republished: republished + mismatches,
    mismatches,
  };
}

/** What the stream's own figures say that it has lost. Pure. */
export function lossesBetween(known: RelayState | undefined, live: StreamState): readonly LostEvents[] {
  if (known?.epoch !== live.epoch) return [{ kind: "all of other epochs" }];
  const losses: LostEvents[] = [{ kind: "none" }];
  if (live.lastSequence < known.lastSequence) losses.push({ kind: "after", sequence: live.lastSequence });
  if (live.missing.length > 0) losses.push({ kind: "sequences", sequences: live.missing });
  // A full stream lets the oldest go as it should: putting them back would push out others, without end.
  if (live.firstSequence > 1 && !live.isFull) {
    losses.push({ kind: "before", sequence: live.firstSequence, youngerThanDays: streamAgeDays - 1 });
  }
  return losses;
}

/** Looks at a sample of what should be in the stream; at everything, if the sample is not as it should be. */
async function oweMismatches(session: RelaySession, broker: Broker, live: StreamState): Promise<number> {
  const range: SequenceRange = { first: live.firstSequence, last: live.lastSequence };
  const sample = await session.samplePublished(live.epoch, range, sampleEach);
  if ((await mismatchesAmong(broker, sample)).length === 0) return 0;
  let count = 0;
  for (let first = range.first; ; ) {
    const page = await session.publishedPage(live.epoch, { ...range, first }, pageSize);
    const last = page.at(-1);
    if (!last) return count;
    const sequences = (await mismatchesAmong(broker, page)).map(({ streamSequence }) => streamSequence);
    count += await session.oweAgain(live, { kind: "sequences", sequences });
    first = last.streamSequence + 1;
  }
}

async function mismatchesAmong(broker: Broker, events: readonly PublishedEvent[]): Promise<readonly PublishedEvent[]> {
  const ids = await Promise.all(events.map(({ streamSequence }) => storedEventId(broker, streamSequence)));
  return events.filter(({ eventId }, index) => ids[index] !== eventId);
}
