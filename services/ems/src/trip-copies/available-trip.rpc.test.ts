import { timestampDate, timestampFromDate } from "@bufbuild/protobuf/wkt";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { ServiceStatus } from "#gen/medport/ems/v1/agency_pb.ts";
import { AnswerSource } from "#gen/medport/transport/v1/answer_source_pb.ts";
import { Priority, TransportLevel, TransportStatus } from "#gen/medport/transport/v1/trip_pb.ts";
import { UnitType } from "#gen/medport/transport/v1/unit_type_pb.ts";
import { aHospitalDispatcher, anOverseer, type EmsClients, startTestEms, type TestEms } from "../ems.builder.ts";
import { refusalOf } from "../refusal.builder.ts";

const { COPY, OWNER } = AnswerSource;

describe("the trips that wait for an agency", () => {
  let test: TestEms;
  let blair: EmsClients;
  let center: EmsClients;
  const ids: Record<string, string> = {};

  beforeAll(async () => {
    test = await startTestEms();
    blair = await test.agency("blair");
    center = test.as(anOverseer());
    await test.unit("blair", UnitType.ALS);
    const at = (minute: number) => timestampFromDate(new Date(Date.UTC(2026, 0, 1, 8, minute)));
    const elk = { facilityId: "f", name: "Elk", city: "Ridgway", state: "PA", county: "Elk" };
    const trips = {
      young: { requestTime: at(9) },
      old: { requestTime: at(1) },
      urgent: { requestTime: at(30), priority: Priority.URGENT },
      basic: { requestTime: at(5), transportLevel: TransportLevel.BLS, priority: Priority.HIGH },
      critical: { transportLevel: TransportLevel.CCT, requestTime: at(2) },
      distant: { origin: elk, requestTime: at(3) },
      gone: { status: TransportStatus.CANCELLED, requestTime: at(4) },
      shouted: { origin: { ...elk, county: " BLAIR" }, requestTime: at(40), priority: Priority.LOW },
    };
    for (const [name, over] of Object.entries(trips)) ids[name] = await test.trip(over);
  });
  afterAll(async () => {
    await test[Symbol.asyncDispose]();
  });

  const named = (tripIds: readonly string[]): readonly (string | undefined)[] =>
    tripIds.map((tripId) => Object.keys(ids).find((name) => ids[name] === tripId));
  const listed = async (clients: EmsClients, request = {}): Promise<readonly (string | undefined)[]> =>
    named((await clients.bids.listAvailableTrips(request)).trips.map(({ tripId }) => tripId));
  const open = ["urgent", "basic", "old", "young", "shouted"];

  it.each([
    ["our own copy", COPY],
    ["Hospital", OWNER],
  ])(
    "are listed from %s: in the agency's counties and within its units' reach, most urgent first, then oldest",
    async (_from, source) => {
      expect(await listed(blair, { source })).toEqual(open);
    },
  );

  it.each([
    ["our own copy", COPY],
    ["Hospital", OWNER],
  ])("go page by page from %s", async (_from, source) => {
    const seen: string[] = [];
    let pageToken = "";
    do {
      const page = await blair.bids.listAvailableTrips({ source, pageSize: 2, pageToken });
      seen.push(...page.trips.map(({ tripId }) => tripId));
      pageToken = page.nextPageToken;
    } while (pageToken !== "");
    expect(named(seen)).toEqual(open);
  });

  it.each([
    ["our own copy", COPY],
    ["Hospital", OWNER],
  ])("can be narrowed to priorities and a county from %s", async (_from, source) => {
    const priorities = [Priority.URGENT, Priority.LOW];
    expect(await listed(blair, { source, priorities })).toEqual(["urgent", "shouted"]);
    expect(await listed(blair, { source, county: " bLair" })).toEqual(open);
    // What is not open to the agency is not shown, whatever county is asked for.
    expect(await listed(blair, { source, county: "Elk" })).toEqual([]);
    expect(await listed(center, { source, county: "elk", priorities: [Priority.MEDIUM] })).toEqual(["distant"]);
  });

  it.each([
    ["our own copy", COPY],
    ["Hospital", OWNER],
  ])("are not listed from %s once bidding on them is over", async (_from, source) => {
    const origin = { facilityId: "f", name: "Elk", city: "Ridgway", state: "PA", county: `closing-${source}` };
    const inMs = (ms: number) => timestampFromDate(new Date(Date.now() + ms));
    const pickupWindow = { startTime: inMs(60_000), endTime: inMs(120_000) };
    const [over, still] = [inMs(-1), inMs(60_000)];
    ids["over"] = await test.trip({ origin, biddingCloseTime: over });
    ids["still"] = await test.trip({ origin, biddingCloseTime: still, pickupWindow });
    const { trips } = await center.bids.listAvailableTrips({ source, county: origin.county });
    expect(trips).toMatchObject([{ tripId: ids["still"], biddingCloseTime: still, pickupWindow, declined: false }]);
    for (const name of ["over", "still"]) {
      const tripId = ids[name] ?? "";
      Object.assign(test.hospital.trips.get(tripId) ?? {}, { status: TransportStatus.CANCELLED, version: 2 });
      await test.tellTrip(tripId);
    }
  });

  it("are asked for with a page token by nobody who then asks for something else", async () => {
    const request = { pageSize: 1, county: "Blair" };
    const { nextPageToken: pageToken } = await blair.bids.listAvailableTrips(request);
    const others = [
      { ...request, county: "Elk" },
      { ...request, priorities: [Priority.LOW] },
      { ...request, hideDeclined: true },
      { ...request, source: OWNER },
    ];
    for (const other of others) {
      expect(await refusalOf(blair.bids.listAvailableTrips({ ...other, pageToken }))).toBe("PAGE_TOKEN_MISMATCH");
    }
    expect((await blair.bids.listAvailableTrips({ ...request, pageToken })).trips).toHaveLength(1);
  });

  it("can be narrowed to levels", async () => {
    expect(await listed(blair, { transportLevels: [TransportLevel.BLS] })).toEqual(["basic"]);
    expect(await listed(blair, { transportLevels: [TransportLevel.CCT] })).toEqual([]);
    expect(await listed(blair, { source: OWNER, transportLevels: [TransportLevel.BLS] })).toEqual(["basic"]);
    const often = Array.from({ length: 70_000 }, () => TransportLevel.BLS);
    expect(await listed(blair, { transportLevels: often })).toEqual(["basic"]);
  });

  it("are asked of Hospital with both tokens", async () => {
    const answer = await blair.bids.listAvailableTrips({ source: OWNER });
    expect(answer.source).toBe(OWNER);
    expect(test.hospital.calls.at(-1)).toMatchObject({
      method: "listTrips",
      caller: { service: "ems", user: { userId: "user-of-blair" } },
    });
  });

  it("say how old our copy is", async () => {
    const { source, asOfTime, trips } = await blair.bids.listAvailableTrips({});
    expect(source).toBe(COPY);
    const asOf = asOfTime ? timestampDate(asOfTime).getTime() : 0;
    expect(Math.abs(Date.now() - asOf)).toBeLessThan(10_000);
    expect(trips[0]?.receiveTime).toBeDefined();
  });

  it("carry no free text, and nothing about the patient", async () => {
    const { trips } = await blair.bids.listAvailableTrips({ source: OWNER });
    const text = JSON.stringify(trips, (_key, value: unknown) => (typeof value === "bigint" ? String(value) : value));
    expect(text).not.toMatch(/patient|requirements|reason/i);
  });

  it("show the agency's own open bid", async () => {
    const tripId = ids["old"] ?? "";
    const { bid } = await blair.bids.submitBid({ tripId });
    for (const source of [COPY, OWNER]) {
      const { trips } = await blair.bids.listAvailableTrips({ source });
      expect(trips.filter(({ ownBidId }) => ownBidId !== "").map((trip) => [trip.tripId, trip.ownBidId])).toEqual([
        [tripId, bid?.id],
      ]);
    }
  });

  it("are all shown to Center, or as one agency sees them", async () => {
    expect(await listed(center)).toEqual(["urgent", "basic", "old", "critical", "distant", "young", "shouted"]);
    expect(await listed(center, { agencyId: "blair" })).toEqual(open);
    expect(await listed(center, { agencyId: "nobody" })).toEqual([]);
  });

  it("are not shown through another agency's eyes, nor to hospitals", async () => {
    expect(await refusalOf(blair.bids.listAvailableTrips({ agencyId: "rival" }))).toBe("RESOURCE_NOT_FOUND");
    const mercy = test.as(aHospitalDispatcher("mercy"));
    expect(await refusalOf(mercy.bids.listAvailableTrips({}))).toBe("METHOD_NOT_ALLOWED");
  });

  it("are none for an agency that does not take part, or has no unit", async () => {
    const waiting = await test.agency("waiting", { status: ServiceStatus.PENDING });
    await test.unit("waiting", UnitType.CCT);
    const idle = await test.agency("idle");
    for (const clients of [waiting, idle]) {
      expect(await listed(clients)).toEqual([]);
      expect(await listed(clients, { source: OWNER })).toEqual([]);
    }
  });

  it("can be read one by one, as far as they are open", async () => {
    const { trip } = await blair.bids.getAvailableTrip({ tripId: ids["urgent"] ?? "" });
    expect(trip).toMatchObject({
      tripId: ids["urgent"],
      hospitalId: "mercy",
      priority: Priority.URGENT,
      materialVersion: 1n,
    });
    for (const name of ["distant", "critical", "gone"]) {
      expect(await refusalOf(blair.bids.getAvailableTrip({ tripId: ids[name] ?? "" }))).toBe("RESOURCE_NOT_FOUND");
    }
  });

  it("do not include one that was just won, though Hospital's event is still on its way", async () => {
    const tripId = await test.trip();
    await blair.bids.acceptTrip({ tripId });
    expect(await refusalOf(blair.bids.getAvailableTrip({ tripId }))).toBe("RESOURCE_NOT_FOUND");
  });

  it("leave an audit entry that names what was shown", async () => {
    await blair.bids.getAvailableTrip({ tripId: ids["basic"] ?? "" });
    const [entry] = await test.query<{ action: string; user_id: string }>(
      "select action, user_id from audit_entry where entities @> $1::jsonb order by occurred_at desc limit 1",
      [JSON.stringify([{ type: "trip", id: ids["basic"] }])],
    );
    expect(entry).toEqual({ action: "medport.ems.v1.BidService/GetAvailableTrip", user_id: "user-of-blair" });
  });
});
