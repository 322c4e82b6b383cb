import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { ServiceStatus } from "#gen/medport/ems/v1/agency_pb.ts";
import { newId } from "#platform/id.ts";
import {
  aHospitalDispatcher,
  anAgencyDispatcher,
  anOverseer,
  aProfile,
  startTestEms,
  type TestEms,
} from "../ems.builder.ts";
import { refusalOf } from "../refusal.builder.ts";

describe("agencies", () => {
  let test: TestEms;
  beforeAll(async () => {
    test = await startTestEms();
  });
  afterAll(async () => {
    await test[Symbol.asyncDispose]();
  });

  const pricing = { baseFares: { ALS: "250.00" }, perMile: "7.50" };
  const request = (over = {}) => ({
    agencyId: newId(),
    profile: { ...aProfile, pricing },
    status: ServiceStatus.ACTIVE,
    ...over,
  });
  const byCenter = () => test.as(anOverseer(), "center").agencies;

  it("are added by Center, and told", async () => {
    const wanted = request();
    const { agency } = await byCenter().createAgency(wanted);
    expect(agency).toMatchObject({
      ...aProfile,
      id: wanted.agencyId,
      active: true,
      status: ServiceStatus.ACTIVE,
      pricing,
    });
    const events = await test.query("select event_type, aggregate_ver from outbox_event where aggregate_id = $1", [
      wanted.agencyId,
    ]);
    expect(events).toEqual([{ event_type: "medport.events.v1.AgencyRegistered", aggregate_ver: "1" }]);
    const [row] = await test.query("select added_by from agency where id = $1", [wanted.agencyId]);
    expect(row).toEqual({ added_by: "center-1" });
  });

  it("are added once, however often the same is asked", async () => {
    const wanted = request();
    const answers = await Promise.all(Array.from({ length: 5 }, () => byCenter().createAgency(wanted)));
    expect(new Set(answers.map(({ agency }) => agency?.etag)).size).toBe(1);
    const events = await test.query("select from outbox_event where aggregate_id = $1", [wanted.agencyId]);
    expect(events).toHaveLength(1);
  });

  it.each([
    ["name", { profile: { ...aProfile, pricing, name: "Another" } }],
    ["service area", { profile: { ...aProfile, pricing, serviceArea: ["county:Elk"] } }],
    ["prices", { profile: { ...aProfile, pricing: { ...pricing, perMile: "8.00" } } }],
    ["status", { status: ServiceStatus.PENDING }],
  ])("are not taken for others with the same id but another %s", async (_what, over) => {
    const wanted = request();
    await byCenter().createAgency(wanted);
    expect(await refusalOf(byCenter().createAgency({ ...wanted, ...over }))).toBe("RESOURCE_EXISTS");
  });

  it("are added by nobody else: not by Center's people without Center, nor by others through it", async () => {
    const direct = test.as(anOverseer()).agencies.createAgency(request());
    expect(await refusalOf(direct)).toBe("METHOD_NOT_ALLOWED");
    const viaHospital = test.as(anOverseer(), "hospital").agencies.createAgency(request());
    expect(await refusalOf(viaHospital)).toBe("METHOD_NOT_ALLOWED");
    const byAgency = test.as(anAgencyDispatcher("blair"), "center").agencies.createAgency(request());
    expect(await refusalOf(byAgency)).toBe("METHOD_NOT_ALLOWED");
  });

  it("are seen by their own people, by hospitals as far as they take part, and by Center", async () => {
    const active = await byCenter().createAgency(request());
    const waiting = await byCenter().createAgency(request({ status: ServiceStatus.PENDING }));
    const [one, other] = [active.agency?.id ?? "", waiting.agency?.id ?? ""];
    const mercy = test.as(aHospitalDispatcher("mercy")).agencies;
    expect((await mercy.getAgency({ agencyId: one })).agency?.id).toBe(one);
    expect(await refusalOf(mercy.getAgency({ agencyId: other }))).toBe("RESOURCE_NOT_FOUND");
    const own = test.as(anAgencyDispatcher(other)).agencies;
    expect((await own.getAgency({ agencyId: other })).agency?.id).toBe(other);
    expect(await refusalOf(own.getAgency({ agencyId: one }))).toBe("RESOURCE_NOT_FOUND");
    expect((await own.listAgencies({})).agencies.map(({ id }) => id)).toEqual([other]);
    expect((await byCenter().getAgency({ agencyId: other })).agency?.id).toBe(other);
  });

  it("are listed by name, page by page", async () => {
    for (const name of ["Zebra", "Alpha", "Mike"])
      await byCenter().createAgency(request({ profile: { ...aProfile, name } }));
    const seen: string[] = [];
    let pageToken = "";
    do {
      const page = await byCenter().listAgencies({ pageSize: 2, pageToken });
      seen.push(...page.agencies.map(({ name }) => name));
      pageToken = page.nextPageToken;
    } while (pageToken !== "");
    expect(seen).toEqual(seen.toSorted());
    expect(seen).toEqual(expect.arrayContaining(["Alpha", "Mike", "Zebra"]));
  });
});
