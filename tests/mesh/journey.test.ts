import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { AssignmentState } from "#gen/medport/ems/v1/bid_pb.ts";
import { UnitStatus } from "#gen/medport/ems/v1/unit_pb.ts";
import { eventually } from "#platform/testing/eventually.ts";
import { type Cast, assembleCast } from "../../services/cli/src/demo/cast.ts";
import { playAll } from "../../services/cli/src/demo/play.ts";
import { reportOf } from "../../services/cli/src/demo/report.ts";
import { Recorder } from "../../services/cli/src/demo/step.ts";
import { startTestMesh, type TestMesh } from "./mesh.builder.ts";

describe("a trip across the three silos", () => {
  let test: TestMesh;
  let cast: Cast;
  const recorder = new Recorder(() => undefined);

  beforeAll(async () => {
    test = await startTestMesh();
    cast = await assembleCast(test.mesh, test.accounts, recorder);
  }, 60_000);
  afterAll(async () => {
    await test[Symbol.asyncDispose]();
  });

  it("goes from request to hand-over, can be cancelled, and can be won by one agency alone", async () => {
    const played = await playAll(cast, recorder, { count: 1, concurrency: 1, onTrip: () => undefined });
    const report = reportOf(played, recorder, 1);
    expect(report.disappointments).toEqual([]);
    expect(report.errors).toEqual([]);
    expect(report.trip.status).toBe("COMPLETED");
  });

  it("can be played by many at once on five units, and each comes to its end", async () => {
    const played = await playAll(cast, recorder, { count: 15, concurrency: 15, onTrip: () => undefined });
    const report = reportOf(played, recorder, 1);
    expect(report.errors).toEqual([]);
    expect(report).toMatchObject({ ok: true, trips: { played: 15, completed: 15 } });
  }, 180_000);

  it("leaves no assignment and no unit behind when it is over", async () => {
    // EMS hears of the last completion by an event, a moment after the call that made it.
    await eventually(async () => {
      const { assignments } = await cast.overseer.ems.dispatch.listAssignments({ pageSize: 500 });
      const { units } = await cast.overseer.ems.units.listUnits({ pageSize: 500 });
      const open = assignments.filter(
        ({ state }) => state === AssignmentState.HELD || state === AssignmentState.CONFIRMED,
      );
      const inUse = units.filter(({ status }) => status === UnitStatus.IN_USE);
      expect({ open, inUse }).toEqual({ open: [], inUse: [] });
    });
  });
});
