import { describe, expect, it } from "@jest/globals";
import { aTrip, at } from "./dossier.builder.ts";
import type { TripStatus } from "./dossier.ts";
import { closedAtOf, settleCourse } from "./trip-status.ts";

const [accepted, pickedUp, completed] = [at("09:00"), at("10:00"), at("11:00")];
const allTimes = { acceptedTimestamp: accepted, pickupTimestamp: pickedUp, completionTimestamp: completed };
const never = new Date(Number.NaN);

function timesOf(status: TripStatus, over: Parameters<typeof aTrip>[0], acceptedAt: Date | null = null) {
  const { value } = settleCourse(aTrip(over), { status, acceptedAt });
  return [value.acceptTime, value.pickupTime, value.completionTime];
}

function findingsOf(status: TripStatus, over: Parameters<typeof aTrip>[0]) {
  return settleCourse(aTrip(over), { status, acceptedAt: null }).findings;
}

describe("the times of a trip", () => {
  it.each([
    ["PENDING", [null, null, null]],
    ["ASSIGNED", [accepted, null, null]],
    ["IN_PROGRESS", [accepted, pickedUp, null]],
    ["COMPLETED", [accepted, pickedUp, completed]],
    ["CANCELLED", [accepted, pickedUp, completed]],
  ] as const)("go as far as its status if it is %s", (status, expected) => {
    expect(timesOf(status, allTimes)).toEqual(expected);
  });

  it("are told if they contradict the status and are cleared", () => {
    expect(findingsOf("PENDING", { pickupTimestamp: pickedUp, completionTimestamp: completed })).toEqual([
      {
        ...{ kind: "STATUS_CONTRADICTED", rule: "R-STATUS" },
        detail: { pickupTimestamp: "2025-03-01T10:00:00.000Z", completionTimestamp: "2025-03-01T11:00:00.000Z" },
      },
    ]);
  });

  it.each([
    ["ASSIGNED", ["pickupTimestamp", "completionTimestamp"]],
    ["IN_PROGRESS", ["completionTimestamp"]],
    ["COMPLETED", []],
    ["CANCELLED", []],
  ] as const)("are told as far as they are cleared if it is %s", (status, columns) => {
    const told = findingsOf(status, allTimes).flatMap(({ detail }) => Object.keys(detail ?? {}));
    expect(told).toEqual(columns);
  });

  it("are not made up: only an assigned trip takes the acceptance from elsewhere", () => {
    expect(timesOf("ASSIGNED", {}, accepted)).toEqual([accepted, null, null]);
    expect(timesOf("ASSIGNED", {}, null)).toEqual([null, null, null]);
    expect(timesOf("ASSIGNED", { acceptedTimestamp: pickedUp }, accepted)).toEqual([pickedUp, null, null]);
    expect(timesOf("IN_PROGRESS", {}, accepted)).toEqual([null, null, null]);
    expect(timesOf("COMPLETED", {}, accepted)).toEqual([null, null, null]);
  });

  it.each([
    ["ahead of the request", { acceptedTimestamp: at("07:00") }],
    ["not in order", { acceptedTimestamp: pickedUp, pickupTimestamp: accepted }],
    ["not in order with a gap between", { acceptedTimestamp: completed, completionTimestamp: pickedUp }],
  ])("are kept, and told, if they are %s", (_, over) => {
    expect(timesOf("COMPLETED", over)).toContainEqual(over.acceptedTimestamp);
    expect(findingsOf("COMPLETED", over)).toEqual([{ kind: "TIMES_NOT_MONOTONIC", rule: "R-STATUS" }]);
  });

  it("may be the same", () => {
    expect(findingsOf("COMPLETED", { acceptedTimestamp: at("08:00"), pickupTimestamp: at("08:00") })).toEqual([]);
  });

  it.each(["COMPLETED", "PENDING"] as const)("are dropped, and told, if no message could carry them: %s", (status) => {
    const over = { acceptedTimestamp: never, pickupTimestamp: never, completionTimestamp: new Date(-1e15) };
    expect(timesOf(status, over)).toEqual([null, null, null]);
    expect(findingsOf(status, over)).toEqual([
      {
        ...{ kind: "TIME_OUT_OF_RANGE", rule: "R-STATUS" },
        detail: { columns: ["acceptedTimestamp", "pickupTimestamp", "completionTimestamp"] },
      },
    ]);
  });
});

describe("the reason of a cancellation", () => {
  const reasonOf = (status: TripStatus, cancellationReason: string | null) =>
    settleCourse(aTrip({ cancellationReason }), { status, acceptedAt: null }).value.cancellationReason;

  it.each([
    ["CANCELLED", "no bed", "no bed"],
    ["CANCELLED", "", ""],
    ["CANCELLED", null, "Migrated: no reason recorded"],
    ["COMPLETED", null, null],
    ["COMPLETED", "no bed", "no bed"],
    ["PENDING", "no bed", null],
  ] as const)("of a trip that is %s with %j is %j", (status, old, expected) => {
    expect(reasonOf(status, old)).toBe(expected);
  });

  it("is free text and not told", () => {
    const over = { cancellationReason: "Jane Doe refused", assignedAgencyId: "swift", assignedUnitId: "swift-1" };
    expect(findingsOf("PENDING", over)).toEqual([
      {
        ...{ kind: "STATUS_CONTRADICTED", rule: "R-STATUS" },
        detail: { assignedAgencyId: "swift", assignedUnitId: "swift-1", cancellationReason: "was recorded" },
      },
    ]);
  });
});

describe("the end of a trip", () => {
  it.each([
    ["is the completion", allTimes, completed],
    [
      "is the pickup if that is the last thing known",
      { pickupTimestamp: pickedUp, acceptedTimestamp: accepted },
      pickedUp,
    ],
    ["is the acceptance if that is the last thing known", { acceptedTimestamp: accepted }, accepted],
    ["is the request if nothing else is known", {}, at("08:00")],
  ])("%s", (_, over, expected) => {
    const trip = aTrip(over);
    const { value } = settleCourse(trip, { status: "CANCELLED", acceptedAt: null });
    expect(closedAtOf(trip, "CANCELLED", value)).toEqual(expected);
  });

  it.each(["PENDING", "ASSIGNED", "IN_PROGRESS"] as const)("has not come if it is %s", (status) => {
    const trip = aTrip(allTimes);
    expect(closedAtOf(trip, status, settleCourse(trip, { status, acceptedAt: null }).value)).toBeNull();
  });
});
