import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { UnitStatus } from "#gen/medport/ems/v1/unit_pb.ts";
import { UnitType } from "#gen/medport/transport/v1/unit_type_pb.ts";
import { newId } from "#platform/id.ts";
import { anAgencyDispatcher, anOverseer, type EmsClients, startTestEms, type TestEms } from "../ems.builder.ts";
import { refusalOf } from "../refusal.builder.ts";

describe("units", () => {
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

  it("are added by their agency, and told", async () => {
    const request = { unitNumber: "BV-12", type: UnitType.CCT, capabilities: ["ventilator"] };
    const { unit } = await blair.units.createUnit(request);
    expect(unit).toMatchObject({ ...request, agencyId: "blair", status: UnitStatus.AVAILABLE, active: true });
    const [event] = await test.query("select event_type from outbox_event where aggregate_id = $1", [unit?.id]);
    expect(event).toEqual({ event_type: "medport.events.v1.UnitCreated" });
  });

  it("have a number that is unique within the agency", async () => {
    const unitNumber = newId();
    await blair.units.createUnit({ unitNumber, type: UnitType.BLS });
    expect(await refusalOf(blair.units.createUnit({ unitNumber, type: UnitType.BLS }))).toBe("RESOURCE_EXISTS");
    await rival.units.createUnit({ unitNumber, type: UnitType.BLS });
  });

  it("are added once for one request_id", async () => {
    const request = { unitNumber: newId(), type: UnitType.BLS, requestId: newId() };
    expect(await blair.units.createUnit(request)).toEqual(await blair.units.createUnit(request));
  });

  it("are added by Center for the agency that it names", async () => {
    const request = { unitNumber: newId(), type: UnitType.ALS };
    expect(await refusalOf(center.units.createUnit(request))).toBe("VALIDATION_FAILED");
    expect(await refusalOf(center.units.createUnit({ ...request, agencyId: "nobody" }))).toBe("RESOURCE_NOT_FOUND");
    expect((await center.units.createUnit({ ...request, agencyId: "rival" })).unit?.agencyId).toBe("rival");
  });

  it("are not added to another agency, nor by those who only view", async () => {
    const request = { unitNumber: newId(), type: UnitType.ALS };
    const foreign = blair.units.createUnit(
      { ...request, agencyId: "rival" },
      { headers: { "x-request-id": "foreign" } },
    );
    expect(await refusalOf(foreign)).toBe("RESOURCE_NOT_FOUND");
    const audited = await test.query("select decision, reason from audit_entry where request_id = 'foreign'");
    expect(audited).toEqual([{ decision: "DENIED", reason: "RESOURCE_NOT_FOUND" }]);
    const viewer = test.as(anAgencyDispatcher("blair", { roles: ["viewer"] }));
    expect(await refusalOf(viewer.units.createUnit(request))).toBe("METHOD_NOT_ALLOWED");
    expect(await refusalOf(blair.units.createUnit({ unitNumber: "x" }))).toBe("VALIDATION_FAILED");
  });

  it("are seen by their own agency, and by Center", async () => {
    const unitId = await test.unit("rival");
    expect((await rival.units.getUnit({ unitId })).unit?.id).toBe(unitId);
    expect((await center.units.getUnit({ unitId })).unit?.id).toBe(unitId);
    expect(await refusalOf(blair.units.getUnit({ unitId }))).toBe("RESOURCE_NOT_FOUND");
    expect(await refusalOf(blair.units.listUnits({ agencyId: "rival" }))).toBe("RESOURCE_NOT_FOUND");
    const { units } = await blair.units.listUnits({ pageSize: 500 });
    expect(units.every(({ agencyId }) => agencyId === "blair")).toBe(true);
  });

  it("are listed by number, page by page, in the states that are asked for", async () => {
    const statuses = [UnitStatus.AVAILABLE];
    const seen: string[] = [];
    let pageToken = "";
    do {
      const page = await center.units.listUnits({ statuses, pageSize: 2, pageToken });
      seen.push(...page.units.map(({ unitNumber }) => unitNumber));
      pageToken = page.nextPageToken;
    } while (pageToken !== "");
    expect(seen.length).toBeGreaterThan(4);
    expect(seen).toEqual(seen.toSorted());
    expect((await center.units.listUnits({ statuses: [UnitStatus.IN_USE] })).units).toEqual([]);
    const { units } = await center.units.listUnits({ types: [UnitType.CCT, UnitType.BLS], pageSize: 500 });
    expect(new Set(units.map(({ type }) => type))).toEqual(new Set([UnitType.CCT, UnitType.BLS]));
  });
});
