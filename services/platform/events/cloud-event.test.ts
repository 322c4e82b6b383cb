import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { envelopeFromHeaders, headersFromEnvelope } from "./cloud-event.ts";
import { eventContext } from "./event-context.ts";
import { anArrival } from "./events.builder.ts";

const text = fc.string({ unit: "grapheme", minLength: 1 });

describe("an event's headers", () => {
  it("say what CloudEvents wants", () => {
    const eventId = "01930000-0000-7000-8000-000000000001";
    expect(anArrival({ eventId, version: 7n, context: { user: "user-1" } }).headers).toEqual({
      "ce-specversion": "1.0",
      "ce-id": eventId,
      "ce-source": "/medport/hospital",
      "ce-type": "medport.events.v1.TripCreated",
      "ce-subject": "trip-1",
      "ce-time": "2026-01-01T00:00:00.000Z",
      "ce-sequence": "00000000000000000007",
      "ce-user": "user-1",
    });
  });

  it("give back any envelope, in printable ASCII without a line break", () => {
    fc.assert(
      fc.property(
        text,
        fc.bigInt({ min: 1n, max: 2n ** 63n - 2n }),
        fc.record({ user: text, requestId: text }),
        (id, version, who) => {
          const {
            subject: _,
            payload: __,
            headers: ___,
            ...envelope
          } = anArrival({
            aggregateId: id,
            version,
            context: eventContext(who),
          });
          const headers = headersFromEnvelope(envelope);
          expect(envelopeFromHeaders(headers)).toEqual(envelope);
          for (const value of Object.values(headers)) expect(value).toMatch(/^[\x21-\x7e]+$/);
        },
      ),
    );
  });

  it.each([
    ["no id", { "ce-id": "" }],
    ["an id that is no UUID", { "ce-id": "1" }],
    ["an unknown producer", { "ce-source": "/medport/elsewhere" }],
    ["no version", { "ce-sequence": "" }],
    ["the version zero", { "ce-sequence": "0" }],
    ["a version that no column holds", { "ce-sequence": "9".repeat(20) }],
    ["no time", { "ce-time": "soon" }],
    ["a broken escape", { "ce-subject": "%E0%A4%A" }],
  ])("are not those of an event with %s", (_case, over) => {
    expect(envelopeFromHeaders({ ...anArrival().headers, ...over })).toBeUndefined();
  });
});
