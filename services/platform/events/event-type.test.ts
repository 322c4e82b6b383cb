import { readdir } from "node:fs/promises";
import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { EventTypeSchema } from "#gen/medport/events/v1/envelope_pb.ts";
import { TripAcceptedSchema } from "#gen/medport/events/v1/trip_events_pb.ts";
import { eventTypes } from "./event-registry.ts";
import { eventSubject, eventTypeOf, subjectToken } from "./event-type.ts";

describe("an event's type", () => {
  it("is read from its descriptor", () => {
    expect(eventTypeOf(TripAcceptedSchema)).toEqual({
      typeName: "medport.events.v1.TripAccepted",
      producer: "hospital",
      aggregate: "trip",
      name: "accepted",
    });
  });

  it("is refused to a message that is no event", () => {
    expect(() => eventTypeOf(EventTypeSchema)).toThrow("is not an event");
  });

  it("gives the subject", () => {
    expect(eventSubject(eventTypeOf(TripAcceptedSchema), "01-aB_9")).toBe("evt.hospital.trip.01-aB_9.accepted");
  });

  it("makes one safe token of any id, another for each", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", minLength: 1, maxLength: 6 }), (id) => {
        const token = subjectToken(id);
        expect(token).toMatch(/^[^\s.*>]+$/);
        expect(decodeURIComponent(token)).toBe(id);
      }),
    );
    expect(subjectToken("bidding.max-distance")).toBe("bidding%2Emax-distance");
  });

  it("refuses an id that is empty or too long for a subject", () => {
    expect(() => subjectToken("")).toThrow("has no subject");
    expect(() => subjectToken("x".repeat(129))).toThrow("has no subject");
  });

  it("is known for every message of every events file", async () => {
    const files = (await readdir("gen/medport/events/v1")).filter((file) => file.endsWith("_events_pb.ts"));
    const known = new Set([...eventTypes.values()].map(({ aggregate }) => `${aggregate}_events_pb.ts`));
    expect([...known].toSorted()).toEqual(files.toSorted());
  });
});
