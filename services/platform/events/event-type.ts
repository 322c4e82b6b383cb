import { type DescMessage, getOption, hasOption } from "@bufbuild/protobuf";
import { event } from "#gen/medport/events/v1/envelope_pb.ts";
import { Silo } from "#gen/medport/policy/v1/principal_pb.ts";
import type { ServiceName } from "#platform/service-name.ts";

/** What kind of event a message is, as its proto file says. */
export interface EventType {
  /** The message's full name, such as medport.events.v1.TripAccepted. */
  readonly typeName: string;
  /** The only service that may publish it. */
  readonly producer: ServiceName;
  /** What changed, such as trip. */
  readonly aggregate: string;
  /** What happened, such as accepted. */
  readonly name: string;
}

const known = new WeakMap<DescMessage, EventType>();

/** Whether a message is an event, that is, carries the option (medport.events.v1.event). */
export function isEventType(schema: DescMessage): boolean {
  return hasOption(schema, event);
}

/**
 * Reads an event's type from its descriptor.
 * @throws Error if the message is not an event, or its option is incomplete: a mistake in the proto file.
 */
export function eventTypeOf(schema: DescMessage): EventType {
  const before = known.get(schema);
  if (before) return before;
  if (!isEventType(schema)) throw new Error(`${schema.typeName} is not an event: it lacks (medport.events.v1.event)`);
  const { producer, aggregate, name } = getOption(schema, event);
  const service = serviceOfSilo(producer);
  if (!service || !tokenPattern.test(aggregate) || !tokenPattern.test(name)) {
    throw new Error(`${schema.typeName} needs a producer, an aggregate and a name, each in [a-z_]`);
  }
  const type: EventType = { typeName: schema.typeName, producer: service, aggregate, name };
  known.set(schema, type);
  return type;
}

/**
 * The subject of one event: evt.<producer>.<aggregate>.<id>.<name>.
 * @throws Error if the id is empty or longer than 128 bytes once it is safe for a subject.
 */
export function eventSubject({ producer, aggregate, name }: EventType, aggregateId: string): string {
  return `evt.${producer}.${aggregate}.${subjectToken(aggregateId)}.${name}`;
}

/**
 * Makes an aggregate's id fit for one token of a subject. Ordinary ids stay as they are. Other text, such as the dotted
 * key of a setting, is percent-encoded, so two ids never share a token. The true id travels in the header ce-subject.
 * @throws Error if nothing is left, or more than 128 bytes.
 */
export function subjectToken(aggregateId: string): string {
  const token = encodeURIComponent(aggregateId).replaceAll(
    /[.*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  if (token.length === 0 || token.length > 128)
    throw new Error(`an aggregate id of ${token.length} bytes has no subject`);
  return token;
}

const tokenPattern = /^[a-z_]+$/;

function serviceOfSilo(silo: Silo): ServiceName | undefined {
  switch (silo) {
    case Silo.HOSPITAL:
      return "hospital";
    case Silo.EMS:
      return "ems";
    case Silo.CENTER:
      return "center";
    default:
      return undefined;
  }
}
