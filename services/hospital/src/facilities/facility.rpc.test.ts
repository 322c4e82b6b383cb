import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import {
  aDispatcher,
  anAgencyDispatcher,
  anOverseer,
  startTestHospital,
  type TestHospital,
} from "../hospital.builder.ts";
import { refusalOf } from "../refusal.builder.ts";
import { aFacilityRequest } from "./facility.builder.ts";

describe("FacilityService", () => {
  let test: TestHospital;
  beforeAll(async () => {
    test = await startTestHospital();
    await test.knowHospital("known");
  });
  afterAll(async () => {
    await test[Symbol.asyncDispose]();
  });

  it("adds a facility of the caller's hospital and tells it once", async () => {
    const { facilities } = test.as(aDispatcher("mercy"));
    const coordinates = { latitude: 40.5, longitude: -78.4 };
    const { facility } = await facilities.createFacility(aFacilityRequest({ name: "Mercy General", coordinates }));
    expect(facility).toMatchObject({
      hospitalId: "mercy",
      name: "Mercy General",
      active: true,
      etag: '"1"',
      coordinates,
    });
    const again = await facilities.getFacility({ facilityId: facility?.id ?? "" });
    expect(again.facility).toEqual(facility);
    const events = await test.query("select event_type, aggregate_ver from outbox_event where aggregate_id = $1", [
      facility?.id,
    ]);
    expect(events).toEqual([{ event_type: "medport.events.v1.FacilityCreated", aggregate_ver: "1" }]);
  });

  it("gives the first answer to a request that is repeated", async () => {
    const { facilities } = test.as(aDispatcher("mercy"));
    const request = aFacilityRequest({ name: "Once", requestId: "create-once" });
    const first = await facilities.createFacility(request);
    expect(await facilities.createFacility(request)).toEqual(first);
    expect(await refusalOf(facilities.createFacility({ ...request, name: "Twice" }))).toBe("REQUEST_ID_REUSED");
  });

  it("lets nobody add a facility of another hospital but Center", async () => {
    const request = aFacilityRequest({ hospitalId: "known" });
    expect(await refusalOf(test.as(aDispatcher("mercy")).facilities.createFacility(request))).toBe(
      "ACTION_NOT_ALLOWED",
    );
    const { facility } = await test.as(anOverseer()).facilities.createFacility(request);
    expect(facility?.hospitalId).toBe("known");
  });

  it("demands a known hospital of Center", async () => {
    const { facilities } = test.as(anOverseer());
    expect(await refusalOf(facilities.createFacility(aFacilityRequest()))).toBe("VALIDATION_FAILED");
    const unknown = aFacilityRequest({ hospitalId: "unknown" });
    expect(await refusalOf(facilities.createFacility(unknown))).toBe("RESOURCE_NOT_FOUND");
  });

  it("does not know what it does not know", async () => {
    const { facilities } = test.as(anAgencyDispatcher("agency"));
    expect(await refusalOf(facilities.getFacility({ facilityId: "none" }))).toBe("RESOURCE_NOT_FOUND");
  });

  it("lists by name, page by page, without a gap or a repetition", async () => {
    const own = test.as(aDispatcher("pages")).facilities;
    for (const name of ["Delta", "Alpha", "Charlie", "Alpha", "Bravo"]) {
      await own.createFacility(aFacilityRequest({ name }));
    }
    const names: string[] = [];
    let pageToken = "";
    do {
      const page = await own.listFacilities({ hospitalId: "pages", pageSize: 2, pageToken });
      names.push(...page.facilities.map(({ name }) => name));
      pageToken = page.nextPageToken;
    } while (pageToken !== "");
    expect(names).toEqual(["Alpha", "Alpha", "Bravo", "Charlie", "Delta"]);
  });

  it("refuses a page token for another list", async () => {
    const own = test.as(aDispatcher("pages")).facilities;
    const { nextPageToken } = await own.listFacilities({ hospitalId: "pages", pageSize: 2 });
    expect(await refusalOf(own.listFacilities({ pageSize: 2, pageToken: nextPageToken }))).toBe("PAGE_TOKEN_MISMATCH");
  });
});
