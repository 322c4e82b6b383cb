import type { MessageInitShape } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { BadRequestSchema } from "#gen/google/rpc/error_details_pb.ts";
import type { Facility, ListFacilitiesRequestSchema } from "#gen/medport/hospital/v1/facility_service_pb.ts";
import {
  aDispatcher,
  anAgencyDispatcher,
  anOverseer,
  type HospitalClients,
  startTestHospital,
  type TestHospital,
} from "../hospital.builder.ts";
import { errorOf, refusalOf } from "../refusal.builder.ts";
import { aFacilityRequest } from "./facility.builder.ts";

type FacilityFilter = Exclude<MessageInitShape<typeof ListFacilitiesRequestSchema>, { readonly $typeName: string }>;

const mask = (...paths: readonly string[]): { paths: string[] } => ({ paths: [...paths] });

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

  describe("a change", () => {
    async function added(hospitalId = "mercy"): Promise<Facility> {
      const coordinates = { latitude: 40.5, longitude: -78.4 };
      const request = aFacilityRequest({ phone: "814 555 0100", capabilities: ["CT", "ICU"], coordinates });
      const { facility } = await test.as(aDispatcher(hospitalId)).facilities.createFacility(request);
      if (!facility) throw new Error("no facility was added");
      return facility;
    }

    const change = async (
      facility: Facility,
      details: Parameters<HospitalClients["facilities"]["updateFacility"]>[0]["details"],
      ...paths: readonly string[]
    ): Promise<Facility | undefined> => {
      const request = { facilityId: facility.id, details: details ?? {}, updateMask: mask(...paths) };
      return (await test.as(aDispatcher("mercy")).facilities.updateFacility(request)).facility;
    };

    const eventsOf = async ({ id }: Facility): Promise<readonly string[]> => {
      const rows = await test.query<{ event_type: string; aggregate_ver: string }>(
        "select event_type, aggregate_ver from outbox_event where aggregate_id = $1 order by seq",
        [id],
      );
      return rows.map((row) => `${row.event_type.replace("medport.events.v1.", "")} ${row.aggregate_ver}`);
    };

    it("is made to the fields that the mask names, and told once", async () => {
      const before = await added();
      const details = { name: "New name", county: "Centre", capabilities: ["MRI"], phone: "ignored" };
      const after = await change(before, details, "name", "county", "capabilities");
      expect(after).toMatchObject({
        name: "New name",
        county: "Centre",
        capabilities: ["MRI"],
        phone: "814 555 0100",
        coordinates: before.coordinates,
        etag: '"2"',
        createTime: before.createTime,
      });
      const { facility } = await test.as(anOverseer()).facilities.getFacility({ facilityId: before.id });
      expect(facility).toEqual(after);
      expect(await eventsOf(before)).toEqual(["FacilityCreated 1", "FacilityUpdated 2"]);
    });

    it("may empty what a facility need not have", async () => {
      const facility = await added();
      const after = await change(facility, {}, "phone", "email", "operating_hours", "capabilities", "coordinates");
      expect(after).toMatchObject({ phone: "", capabilities: [] });
      expect(after?.coordinates).toBeUndefined();
    });

    it.each(["name", "type", "address", "city", "state", "zip_code", "county"])("never empties %s", async (path) => {
      const facility = await added();
      const error = await errorOf(change(facility, { name: " ", address: " ", city: " ", county: "\t" }, path));
      expect(error.findDetails(BadRequestSchema)[0]?.fieldViolations).toMatchObject([{ field: `details.${path}` }]);
      expect(await refusalOf(change(facility, {}, "phone", path))).toBe("VALIDATION_FAILED");
      expect(await eventsOf(facility)).toEqual(["FacilityCreated 1"]);
    });

    it("that changes nothing makes no version and is not told", async () => {
      const facility = await added();
      const after = await change(facility, { ...facility, $typeName: undefined } as object, "*");
      expect(after).toEqual(facility);
      expect(await eventsOf(facility)).toEqual(["FacilityCreated 1"]);
    });

    it("is refused to one who has not seen the last one", async () => {
      const facility = await added();
      await change(facility, { phone: "1" }, "phone");
      const request = { facilityId: facility.id, details: { phone: "2" }, updateMask: mask("phone") };
      const { facilities } = test.as(aDispatcher("mercy"));
      expect(await refusalOf(facilities.updateFacility({ ...request, etag: facility.etag }))).toBe("ETAG_MISMATCH");
      const { facility: after } = await facilities.updateFacility({ ...request, etag: '"2"' });
      expect(after?.etag).toBe('"3"');
    });

    it("is not lost when many are made at once", async () => {
      const facility = await added();
      await Promise.all(["1", "2", "3", "4", "5"].map((phone) => change(facility, { phone }, "phone")));
      expect((await eventsOf(facility)).at(-1)).toBe("FacilityUpdated 6");
    });

    it("is made once for a request that is repeated", async () => {
      const facility = await added();
      const { facilities } = test.as(aDispatcher("mercy"));
      const request = {
        requestId: "update-once",
        facilityId: facility.id,
        details: { phone: "1" },
        updateMask: mask("phone"),
      };
      expect(await facilities.updateFacility(request)).toEqual(await facilities.updateFacility(request));
      expect(await eventsOf(facility)).toEqual(["FacilityCreated 1", "FacilityUpdated 2"]);
    });

    it("is the own hospital's to make, and Center's", async () => {
      const facility = await added();
      const request = { facilityId: facility.id, details: { active: false }, updateMask: mask("active") };
      expect(await refusalOf(test.as(aDispatcher("other")).facilities.updateFacility(request))).toBe(
        "ACTION_NOT_ALLOWED",
      );
      const agency = test.as(anAgencyDispatcher("agency")).facilities;
      expect(await refusalOf(agency.updateFacility(request))).toBe("METHOD_NOT_ALLOWED");
      const { facility: after } = await test.as(anOverseer()).facilities.updateFacility(request);
      expect(after?.active).toBe(false);
      expect(await refusalOf(change({ ...facility, id: "none" }, {}, "phone"))).toBe("RESOURCE_NOT_FOUND");
    });

    it("leaves an audit entry", async () => {
      const facility = await added();
      await change(facility, { phone: "1" }, "phone");
      const [entry] = await test.query<{ decision: string; entities: object[] }>(
        "select decision, entities from audit_entry where action like '%/UpdateFacility' order by occurred_at desc, id desc limit 1",
      );
      expect(entry).toEqual({ decision: "ALLOWED", entities: [{ type: "facility", id: facility.id }] });
    });
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

  async function namesOf(filter: FacilityFilter): Promise<readonly string[]> {
    const { facilities } = test.as(anAgencyDispatcher("agency"));
    const names: string[] = [];
    let pageToken = "";
    do {
      const page = await facilities.listFacilities({ ...filter, pageSize: 2, pageToken });
      names.push(...page.facilities.map(({ name }) => name));
      pageToken = page.nextPageToken;
    } while (pageToken !== "");
    return names;
  }

  describe("its filters", () => {
    const hospitalId = "filters";
    beforeAll(async () => {
      const { facilities } = test.as(aDispatcher(hospitalId));
      const add = async (request: Parameters<typeof aFacilityRequest>[0]): Promise<string> =>
        (await facilities.createFacility(aFacilityRequest(request))).facility?.id ?? "";
      await add({ name: "Alpha 100%" });
      await add({ name: "Bravo Home", type: "NURSING_HOME", county: " blair " });
      await add({ name: "Charlie Home", type: "NURSING_HOME", county: "Centre" });
      await add({ name: "Delta", state: "NY", county: "BLAIR" });
      await add({ name: "Echo home" });
      const closed = await add({ name: "Foxtrot" });
      await facilities.updateFacility({ facilityId: closed, details: { active: false }, updateMask: mask("active") });
    });

    it.each<[FacilityFilter, readonly string[]]>([
      [{}, ["Alpha 100%", "Bravo Home", "Charlie Home", "Delta", "Echo home", "Foxtrot"]],
      [{ county: "bLAIR" }, ["Alpha 100%", "Bravo Home", "Delta", "Echo home", "Foxtrot"]],
      [{ county: "Nowhere" }, []],
      [{ state: "NY" }, ["Delta"]],
      [{ type: "NURSING_HOME" }, ["Bravo Home", "Charlie Home"]],
      [{ nameContains: "HOME" }, ["Bravo Home", "Charlie Home", "Echo home"]],
      [{ nameContains: "0%" }, ["Alpha 100%"]],
      [{ nameContains: "_" }, []],
      [{ activeOnly: true }, ["Alpha 100%", "Bravo Home", "Charlie Home", "Delta", "Echo home"]],
      [{ county: "Blair", activeOnly: true, nameContains: "home", type: "NURSING_HOME", state: "PA" }, ["Bravo Home"]],
    ])("%j", async (filter, expected) => {
      expect(await namesOf({ ...filter, hospitalId })).toEqual(expected);
    });

    it("bind the page token", async () => {
      const { facilities } = test.as(aDispatcher(hospitalId));
      const { nextPageToken: pageToken } = await facilities.listFacilities({
        hospitalId,
        county: "Blair",
        pageSize: 2,
      });
      const filters = [{ county: "Centre" }, { county: "Blair", state: "PA" }, { county: "Blair", activeOnly: true }];
      for (const filter of filters) {
        const call = facilities.listFacilities({ hospitalId, ...filter, pageSize: 2, pageToken });
        expect([filter, await refusalOf(call)]).toEqual([filter, "PAGE_TOKEN_MISMATCH"]);
      }
    });
  });

  it("refuses a page token for another list", async () => {
    const own = test.as(aDispatcher("pages")).facilities;
    const { nextPageToken } = await own.listFacilities({ hospitalId: "pages", pageSize: 2 });
    expect(await refusalOf(own.listFacilities({ pageSize: 2, pageToken: nextPageToken }))).toBe("PAGE_TOKEN_MISMATCH");
  });
});
