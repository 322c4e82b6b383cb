import { afterEach, describe, expect, it } from "@jest/globals";
import { TripService } from "#gen/medport/hospital/v1/trip_service_pb.ts";
import type { AuditRecord } from "#platform/audit/audit-entry.ts";
import { createMemoryLog } from "#platform/database/database.builder.ts";
import { aHandlerContext } from "#platform/database/handler-context.builder.ts";
import { eventually } from "#platform/testing/eventually.ts";
import { StreamAudit } from "./stream-audit.ts";

const context = aHandlerContext(TripService.method.watchTrips, { requestId: "request-7" });
const trip = (id: string) => ({ type: "trip", id });

describe("the audit entries of streams", () => {
  const batches: (readonly AuditRecord[])[] = [];
  let failures = 0;
  const { log, logged } = createMemoryLog();
  const start = (everyMs = 60_000): StreamAudit =>
    new StreamAudit({
      everyMs,
      log,
      record: async (records) => {
        if (failures > 0) {
          failures -= 1;
          throw new Error("away");
        }
        batches.push(records);
      },
    });
  const ids = (): readonly (readonly string[])[] =>
    batches.flat().map(({ entities = [] }) => entities.map(({ id }) => id));
  afterEach(() => {
    batches.length = 0;
    failures = 0;
  });

  it("are one at the opening with what is shown at once, and at the end one with the rest", async () => {
    await using audit = start();
    const trail = audit.trailOf(context);
    await trail.open([trip("a"), trip("b")]);
    for (const id of ["c", "c", "d"]) trail.sent(trip(id));
    await trail.close();
    expect(ids()).toEqual([
      ["a", "b"],
      ["c", "d"],
    ]);
    expect(batches.flat()[1]).toMatchObject({
      caller: { user: { userId: "user-1" } },
      action: "medport.hospital.v1.TripService/WatchTrips",
      decision: "ALLOWED",
      requestId: "request-7",
    });
  });

  it("are one for the opening alone if nothing was ever shown", async () => {
    await using audit = start();
    const trail = audit.trailOf(context);
    await trail.open([]);
    await trail.close();
    expect(ids()).toEqual([[]]);
  });

  it("come again and again while a stream goes on sending, and only then", async () => {
    await using audit = start(5);
    const trail = audit.trailOf(context);
    await trail.open([]);
    trail.sent(trip("a"));
    await eventually(() => expect(ids()).toEqual([[], ["a"]]));
    trail.sent(trip("b"));
    await eventually(() => expect(ids()).toEqual([[], ["a"], ["b"]]));
  });

  it("name many records in several entries", async () => {
    await using audit = start();
    const trail = audit.trailOf(context);
    await trail.open(Array.from({ length: 2_500 }, (_, index) => trip(`trip-${index}`)));
    expect(ids().map(({ length }) => length)).toEqual([1_000, 1_000, 500]);
    await trail.close();
  });

  it("of a crowd are added together", async () => {
    await using audit = start();
    await Promise.all(Array.from({ length: 500 }, () => audit.trailOf(context).open([])));
    expect(batches.flat()).toHaveLength(500);
    expect(batches.length).toBeLessThan(5);
  });

  it("keep a stream from showing anything that is not in the log", async () => {
    await using audit = start();
    failures = 1;
    await expect(audit.trailOf(context).open([trip("a")])).rejects.toThrow("away");
    await audit.trailOf(context).open([trip("b")]);
    expect(ids()).toEqual([["b"]]);
  });

  it("are tried again the next minute if they could not be added", async () => {
    await using audit = start(5);
    const trail = audit.trailOf(context);
    await trail.open([]);
    failures = 2;
    trail.sent(trip("a"));
    await eventually(() => expect(ids()).toEqual([[], ["a"]]));
  });

  it("that cannot be added at the end of a stream are in the service's own log", async () => {
    await using audit = start();
    const trail = audit.trailOf(context);
    await trail.open([]);
    trail.sent(trip("unsaid"));
    failures = 1;
    await trail.close();
    expect(logged.find((line) => line.includes("audit.append_failed"))).toContain("unsaid");
  });

  it("of streams that are still open are added when the service stops", async () => {
    const audit = start();
    const trail = audit.trailOf(context);
    await trail.open([]);
    trail.sent(trip("a"));
    await audit[Symbol.asyncDispose]();
    expect(ids()).toEqual([[], ["a"]]);
  });
});
