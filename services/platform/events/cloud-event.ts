import { parseServiceName, type ServiceName } from "#platform/service-name.ts";
import { type EventContext, eventContext } from "./event-context.ts";

/** Everything about an event but what it says. On the wire these are CloudEvents 1.0 headers in binary mode. */
export interface Envelope {
  /** A UUIDv7: the same for every copy of the event, wherever it is. */
  readonly eventId: string;
  /** The full name of its message. It may be one that this version does not know. */
  readonly typeName: string;
  readonly producer: ServiceName;
  readonly aggregateId: string;
  /** The aggregate's version after the change. The first is 1, and there are no gaps. */
  readonly version: bigint;
  readonly occurredAt: Date;
  readonly context: EventContext;
}

/** Headers as the broker and the inbox keep them: names in lower case, one value each. */
export type EventHeaders = Readonly<Record<string, string>>;

/** Writes the envelope as headers. */
export function headersFromEnvelope(envelope: Envelope): EventHeaders {
  const { user, organization, requestId, causationId, traceparent, tracestate } = envelope.context;
  const attributes: Readonly<Record<string, string | undefined>> = {
    "ce-specversion": "1.0",
    "ce-id": envelope.eventId,
    "ce-source": `/medport/${envelope.producer}`,
    "ce-type": envelope.typeName,
    "ce-subject": envelope.aggregateId,
    "ce-time": envelope.occurredAt.toISOString(),
    // CloudEvents compares `sequence` as text, so it is padded.
    "ce-sequence": envelope.version.toString().padStart(20, "0"),
    "ce-user": user,
    "ce-organization": organization,
    "ce-requestid": requestId,
    "ce-causationid": causationId,
    traceparent,
    tracestate,
  };
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== "") headers[name] = percentEncoded(value);
  }
  return headers;
}

/** Reads the envelope back from headers; undefined if they are not those of one of our events. */
export function envelopeFromHeaders(headers: EventHeaders): Envelope | undefined {
  const text = (name: string): string | undefined => percentDecoded(headers[name]);
  const eventId = text("ce-id");
  const typeName = text("ce-type");
  const producer = parseServiceName(text("ce-source")?.replace("/medport/", "") ?? "");
  const aggregateId = text("ce-subject");
  const sequence = text("ce-sequence");
  const occurredAt = new Date(text("ce-time") ?? Number.NaN);
  if (!eventId || !uuidPattern.test(eventId) || !typeName || !producer || !aggregateId) return undefined;
  if (!sequence || !sequencePattern.test(sequence) || Number.isNaN(occurredAt.getTime())) return undefined;
  const version = BigInt(sequence);
  if (version < 1n || version > largestVersion) return undefined;
  const context = eventContext({
    user: text("ce-user"),
    organization: text("ce-organization"),
    requestId: text("ce-requestid"),
    causationId: text("ce-causationid"),
    traceparent: text("traceparent"),
    tracestate: text("tracestate"),
  });
  return { eventId, typeName, producer, aggregateId, version, occurredAt, context };
}

const uuidPattern = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const sequencePattern = /^\d{1,20}$/;
/** What a bigint of PostgreSQL holds, less one, so that "the next version" exists too. */
const largestVersion = 2n ** 63n - 2n;

/** CloudEvents' rule for header values: spaces, quotes, percent signs and whatever is not printable ASCII. */
function percentEncoded(text: string): string {
  return text.toWellFormed().replaceAll(/[^\x21\x23\x24\x26-\x7e]/gu, (sign) => encodeURIComponent(sign));
}

function percentDecoded(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  try {
    return decodeURIComponent(text);
  } catch {
    // Not encoded by us, so not one of our events; the caller refuses what lacks a value.
    return undefined;
  }
}
