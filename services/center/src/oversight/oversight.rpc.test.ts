import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { create, isFieldSet } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import {
  ListTripsRequestSchema as OwnListTripsRequestSchema,
  OversightService,
} from "#gen/medport/center/v1/oversight_service_pb.ts";
import {
  type ListTripsRequest,
  ListTripsRequestSchema,
  TripService,
} from "#gen/medport/hospital/v1/trip_service_pb.ts";
import { Priority, TransportLevel, TransportStatus, TripOrder } from "#gen/medport/transport/v1/trip_pb.ts";
import { aCenterUser, aUser } from "#platform/auth/auth.builder.ts";
import { type Caller, callerOf } from "#platform/auth/caller.ts";
import { platformTables } from "#platform/database/platform-tables.ts";
import { notFound, reasonOf } from "#platform/rpc/refusal.ts";
import { startTestCenter, type TestCenter } from "../center.builder.ts";

let center: TestCenter;
const asked: { request: ListTripsRequest; caller: Caller }[] = [];

beforeAll(async () => {
  center = await startTestCenter("center oversight", {
    hospital: (router) =>
      router.service(TripService, {
        listTrips: (request, context) => {
          asked.push({ request, caller: callerOf(context) });
          return { trips: [{ id: "trip-1" }, { id: "trip-2" }], nextPageToken: "hospital's own" };
        },
        getTrip: ({ tripId, asOfTime }) => {
          if (tripId !== "trip-1") throw notFound("trip", tripId);
          return { trip: { id: tripId, specialRequirements: "oxygen", version: asOfTime ? asOfTime.seconds : 3n } };
        },
        listTripHistory: ({ tripId }) => {
          if (tripId !== "trip-1") throw notFound("trip", tripId);
          const changes = ["created", "updated", "accepted", "started"];
          return { entries: changes.map((change, index) => ({ version: BigInt(index + 1), change })) };
        },
      }),
  });
});
afterAll(async () => center[Symbol.asyncDispose]());

async function auditOf(method: string) {
  return platformTables(center.database.fork())
    .selectFrom("audit_entry")
    .select(["decision", "entities", "user_id"])
    .where("action", "=", `medport.center.v1.OversightService/${method}`)
    .orderBy("id")
    .execute();
}

describe("overseeing trips", () => {
  it("asks Hospital with the same filter, in the person's name and Center's, and records whose trips were seen", async () => {
    const time = (seconds: number) => timestampFromDate(new Date(seconds * 1_000));
    const [requestedFromTime, requestedUntilTime, asOfTime] = [time(1), time(2), time(3)];
    const kinds = {
      statuses: [TransportStatus.PENDING],
      transportLevels: [TransportLevel.ALS, TransportLevel.CCT],
      priorities: [Priority.URGENT],
    };
    const rest = { hospitalId: "hospital-1", tripNumber: "T-10482", requestedFromTime, requestedUntilTime };
    const page = { order: TripOrder.MOST_URGENT_FIRST, asOfTime, pageSize: 2, pageToken: "from before" };
    const request = create(OwnListTripsRequestSchema, { agencyId: "agency-1", ...kinds, ...rest, ...page });
    const unset = OwnListTripsRequestSchema.fields.filter((field) => !isFieldSet(request, field));
    expect(unset.map(({ name }) => name)).toEqual([]);
    const { trips, nextPageToken } = await center.client(OversightService).listTrips(request);
    expect([trips.map(({ id }) => id), nextPageToken]).toEqual([["trip-1", "trip-2"], "hospital's own"]);
    expect(asked[0]?.request).toEqual(
      create(ListTripsRequestSchema, { filter: { assignedAgencyId: "agency-1", ...kinds, ...rest }, ...page }),
    );
    expect(asked[0]?.caller).toMatchObject({ service: "center", user: { userId: aCenterUser().userId } });
    expect(await auditOf("ListTrips")).toEqual([
      {
        decision: "ALLOWED",
        user_id: aCenterUser().userId,
        entities: [
          { type: "trip", id: "trip-1" },
          { type: "trip", id: "trip-2" },
        ],
      },
    ]);
  });

  it("reads one trip with the history of what it shows, and of nothing that came while it was read", async () => {
    const { trip, history } = await center.client(OversightService).getTrip({ tripId: "trip-1" });
    expect(trip).toMatchObject({ specialRequirements: "oxygen", version: 3n });
    expect(history.map(({ change }) => change)).toEqual(["created", "updated", "accepted"]);
  });

  it("reads one trip as it was, with its history until then", async () => {
    // The stand-in for Hospital has a version for each second.
    const asOfTime = timestampFromDate(new Date(2_000));
    const { trip, history } = await center.client(OversightService).getTrip({ tripId: "trip-1", asOfTime });
    expect(trip?.version).toBe(2n);
    expect(history.map(({ change }) => change)).toEqual(["created", "updated"]);
  });

  it("passes on that Hospital knows no such trip, and records that somebody asked for it", async () => {
    const error: unknown = await center
      .client(OversightService)
      .getTrip({ tripId: "trip-9" })
      .catch((caught: unknown) => caught);
    expect(reasonOf(error)).toBe("RESOURCE_NOT_FOUND");
    expect((await auditOf("GetTrip")).at(-1)).toMatchObject({
      decision: "DENIED",
      entities: [{ type: "trip", id: "trip-9" }],
    });
  });

  it("is for Center alone", async () => {
    for (const user of [aUser(), aUser({ userType: "EMS", organizationId: "agency-1" })]) {
      const error: unknown = await center
        .client(OversightService, user)
        .listTrips({})
        .catch((caught: unknown) => caught);
      expect(reasonOf(error)).toBe("METHOD_NOT_ALLOWED");
    }
  });

  it("says DEPENDENCY_DOWN while Hospital is out of reach", async () => {
    await using alone = await startTestCenter("center without hospital");
    const error: unknown = await alone
      .client(OversightService)
      .listTrips({})
      .catch((caught: unknown) => caught);
    expect(reasonOf(error)).toBe("DEPENDENCY_DOWN");
  });
});
