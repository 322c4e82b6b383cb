import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { AvailabilityStatus, UnitStatus } from "#gen/medport/ems/v1/unit_pb.ts";
import { UnitType } from "#gen/medport/transport/v1/unit_type_pb.ts";
import { newId } from "#platform/id.ts";
import { anAgencyDispatcher, anOverseer, type EmsClients, startTestEms, type TestEms } from "../ems.builder.ts";
import { refusalOf } from "../refusal.builder.ts";

describe("a unit", () => {
  let test: TestEms;
  let blair: EmsClients;
  let rival: EmsClients;
  let center: EmsClients;
  beforeAll(async () => {
    test = await startTestEms();
    blair = await test.agency("blair");
    rival = await test.agency("rival");
    center = test.as(anOverseer());
  });
  afterAll(async () => {
    await test[Symbol.asyncDispose]();
  });

  const busyUnit = async (): Promise<string> => {
    const [unitId, tripId] = [await test.unit("blair"), await test.trip()];
    await blair.bids.acceptTrip({ tripId, unitId });
    return unitId;
  };
  const lastEvent = async (unitId: string): Promise<string> => {
    const [row] = await test.query<{ event_type: string; aggregate_ver: string }>(
      "select event_type, aggregate_ver from outbox_event where aggregate_id = $1 order by seq desc limit 1",
      [unitId],
    );
    return `${row?.event_type.split(".").at(-1)} ${row?.aggregate_ver}`;
  };
  const inHours = (hours: number) => timestampFromDate(new Date(Date.now() + hours * 3_600_000));

  describe("changes", () => {
    it("in what the mask names, is told, and audited", async () => {
      const unitId = await test.unit("blair");
      const unitNumber = newId();
      const details = { unitNumber, type: UnitType.CCT, capabilities: ["ventilator"], active: false };
      const updateMask = { paths: ["unit_number", "capabilities"] };
      const headers = { "x-request-id": `update-${unitId}` };
      const { unit } = await blair.units.updateUnit({ unitId, etag: '"1"', details, updateMask }, { headers });
      expect(unit).toMatchObject({ unitNumber, capabilities: ["ventilator"], type: UnitType.ALS, active: true });
      expect((await blair.units.getUnit({ unitId })).unit).toEqual(unit);
      expect(await lastEvent(unitId)).toBe("UnitUpdated 2");
      const [audited] = await test.query("select decision, entities from audit_entry where request_id = $1", [
        `update-${unitId}`,
      ]);
      expect(audited).toMatchObject({ decision: "ALLOWED", entities: [{ type: "unit", id: unitId }] });
      const stale = blair.units.updateUnit({ unitId, etag: '"1"', details, updateMask });
      expect(await refusalOf(stale)).toBe("ETAG_MISMATCH");
    });

    it("not at all if all is as it was", async () => {
      const unitId = await test.unit("blair");
      const same = { unitId, details: { active: true }, updateMask: { paths: ["active"] } };
      expect((await blair.units.updateUnit(same)).unit?.etag).toBe('"1"');
      expect(await lastEvent(unitId)).toBe("UnitCreated 1");
    });

    it("not to a number that another unit of its agency has", async () => {
      const [unitId, other] = [await test.unit("blair"), await test.unit("blair")];
      const unitNumber = (await blair.units.getUnit({ unitId: other })).unit?.unitNumber ?? "";
      const change = { details: { unitNumber }, updateMask: { paths: ["unit_number"] } };
      expect(await refusalOf(blair.units.updateUnit({ unitId, ...change }))).toBe("RESOURCE_EXISTS");
      const ofRival = await test.unit("rival");
      expect((await rival.units.updateUnit({ unitId: ofRival, ...change })).unit?.unitNumber).toBe(unitNumber);
    });

    it.each([
      ["unit_number", {}],
      ["type", {}],
      ["status", {}],
    ])("not in %s to what says nothing, or is not its to say", async (path, details) => {
      const unitId = await test.unit("blair");
      const changing = blair.units.updateUnit({ unitId, details, updateMask: { paths: [path] } });
      expect(await refusalOf(changing)).toBe("VALIDATION_FAILED");
    });

    it("neither its type nor whether it is switched on while it is on a trip", async () => {
      const unitId = await busyUnit();
      const change = (details: object, path: string) =>
        blair.units.updateUnit({ unitId, details, updateMask: { paths: [path] } });
      expect(await refusalOf(change({ type: UnitType.CCT }, "type"))).toBe("UNIT_IN_USE");
      expect(await refusalOf(change({ active: false }, "active"))).toBe("UNIT_IN_USE");
      expect((await change({ capabilities: ["bariatric"] }, "capabilities")).unit?.status).toBe(UnitStatus.IN_USE);
    });

    it("by Center, too, but by no other agency", async () => {
      const unitId = await test.unit("rival");
      const change = { unitId, details: { active: false }, updateMask: { paths: ["active"] } };
      expect(await refusalOf(blair.units.updateUnit(change))).toBe("RESOURCE_NOT_FOUND");
      expect((await center.units.updateUnit(change)).unit).toMatchObject({ active: false, assignable: false });
      const viewer = test.as(anAgencyDispatcher("rival", { roles: ["viewer"] }));
      expect(await refusalOf(viewer.units.updateUnit(change))).toBe("METHOD_NOT_ALLOWED");
    });
  });

  describe("has a status", () => {
    it("that its agency sets, and that keeps it from trips", async () => {
      const unitId = await test.unit("blair");
      const { unit } = await blair.units.setUnitStatus({ unitId, status: UnitStatus.MAINTENANCE });
      expect(unit).toMatchObject({ status: UnitStatus.MAINTENANCE, assignable: false, etag: '"2"' });
      expect(await lastEvent(unitId)).toBe("UnitUpdated 2");
      const tripId = await test.trip();
      expect(await refusalOf(blair.bids.acceptTrip({ tripId, unitId }))).toBe("UNIT_NOT_AVAILABLE");
      await blair.units.setUnitStatus({ unitId, status: UnitStatus.AVAILABLE });
      await blair.bids.acceptTrip({ tripId, unitId });
      expect((await blair.units.getUnit({ unitId })).unit).toMatchObject({
        status: UnitStatus.IN_USE,
        availability: AvailabilityStatus.ASSIGNED,
        assignable: false,
      });
    });

    it("that nobody sets while it is on a trip, and nobody sets to IN_USE", async () => {
      const unitId = await busyUnit();
      for (const status of [UnitStatus.AVAILABLE, UnitStatus.OUT_OF_SERVICE, UnitStatus.MAINTENANCE]) {
        expect(await refusalOf(blair.units.setUnitStatus({ unitId, status }))).toBe("UNIT_IN_USE");
      }
      const free = { unitId: await test.unit("blair"), status: UnitStatus.IN_USE };
      expect(await refusalOf(blair.units.setUnitStatus(free))).toBe("VALIDATION_FAILED");
    });

    it("that Center sets to OUT_OF_SERVICE alone, and says why, which no event tells", async () => {
      const unitId = await test.unit("blair");
      const off = { unitId, status: UnitStatus.OUT_OF_SERVICE };
      expect(await refusalOf(center.units.setUnitStatus(off))).toBe("VALIDATION_FAILED");
      const reason = "failed the inspection of its brakes";
      expect((await center.units.setUnitStatus({ ...off, reason })).unit?.status).toBe(UnitStatus.OUT_OF_SERVICE);
      const back = center.units.setUnitStatus({ unitId, status: UnitStatus.AVAILABLE, reason: "repaired" });
      expect(await refusalOf(back)).toBe("ACTION_NOT_ALLOWED");
      const [row] = await test.query("select status_reason from unit where id = $1", [unitId]);
      expect(row).toEqual({ status_reason: reason });
      const told = await test.query("select from outbox_event where position($1::bytea in payload) > 0", [
        Buffer.from("brakes"),
      ]);
      expect(told).toEqual([]);
    });
  });

  describe("has a shift", () => {
    it("within which it can be put on a trip", async () => {
      const unitId = await test.unit("blair");
      const over = { startTime: inHours(-2), endTime: inHours(-1) };
      const { unit } = await blair.units.setUnitShift({ unitId, shift: over });
      expect(unit).toMatchObject({ assignable: false, shiftStartTime: over.startTime, shiftEndTime: over.endTime });
      expect(await lastEvent(unitId)).toBe("UnitUpdated 2");
      const tripId = await test.trip();
      expect(await refusalOf(blair.bids.acceptTrip({ tripId, unitId }))).toBe("UNIT_NOT_AVAILABLE");
      const running = { startTime: inHours(-1), endTime: inHours(1) };
      expect((await blair.units.setUnitShift({ unitId, shift: running })).unit?.assignable).toBe(true);
      const cleared = await blair.units.setUnitShift({ unitId });
      expect(cleared.unit?.shiftStartTime).toBeUndefined();
      expect((await blair.units.setUnitShift({ unitId })).unit?.etag).toBe(cleared.unit?.etag);
    });

    it("that ends after it starts, and is its own agency's to set", async () => {
      const unitId = await test.unit("blair");
      const backwards = { startTime: inHours(1), endTime: inHours(-1) };
      expect(await refusalOf(blair.units.setUnitShift({ unitId, shift: backwards }))).toBe("VALIDATION_FAILED");
      expect(await refusalOf(rival.units.setUnitShift({ unitId }))).toBe("RESOURCE_NOT_FOUND");
      expect(await refusalOf(center.units.setUnitShift({ unitId }))).toBe("METHOD_NOT_ALLOWED");
    });
  });

  describe("is somewhere", () => {
    it("as was last reported", async () => {
      const unitId = await test.unit("blair");
      const location = { latitude: 40.5, longitude: -78.4 };
      const { unit } = await blair.units.reportUnitLocation({ unitId, location });
      expect(unit).toMatchObject({ location, etag: '"2"' });
      expect(await lastEvent(unitId)).toBe("UnitUpdated 2");
      expect((await blair.units.reportUnitLocation({ unitId, location })).unit?.etag).toBe('"2"');
      expect(await refusalOf(rival.units.reportUnitLocation({ unitId, location }))).toBe("RESOURCE_NOT_FOUND");
      const nowhere = blair.units.reportUnitLocation({ unitId, location: { latitude: 91, longitude: 0 } });
      expect(await refusalOf(nowhere)).toBe("VALIDATION_FAILED");
    });

    it("or nowhere, if the former system noted it in words; and those stay", async () => {
      const unitId = await test.unit("blair");
      await test.query("update unit set current_location = $2 where id = $1", [unitId, JSON.stringify("Main Street")]);
      await blair.units.setUnitStatus({ unitId, status: UnitStatus.MAINTENANCE });
      expect((await blair.units.getUnit({ unitId })).unit?.location).toBeUndefined();
      const [row] = await test.query("select current_location from unit where id = $1", [unitId]);
      expect(row).toEqual({ current_location: "Main Street" });
    });
  });

  it("changes once for one request_id", async () => {
    const request = { unitId: await test.unit("blair"), requestId: newId(), status: AvailabilityStatus.ON_BREAK };
    const first = await blair.units.recordAvailability(request);
    expect(await blair.units.recordAvailability(request)).toEqual(first);
    const { availabilities } = await blair.units.listAvailability({ unitId: request.unitId });
    expect(availabilities).toHaveLength(1);
  });
});
