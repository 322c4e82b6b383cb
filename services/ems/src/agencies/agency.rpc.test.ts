import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { ServiceStatus } from "#gen/medport/ems/v1/agency_pb.ts";
import { AwardPolicy } from "#gen/medport/transport/v1/trip_pb.ts";
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
  const profileOf = (over = {}) => ({ ...aProfile, name: `Agency ${newId()}`, pricing, ...over });
  const request = (over = {}) => ({
    agencyId: newId(),
    profile: profileOf(),
    status: ServiceStatus.ACTIVE,
    ...over,
  });
  const byCenter = () => test.as(anOverseer(), "center").agencies;
  const byAdminOf = (agencyId: string) => test.as(anAgencyDispatcher(agencyId, { roles: ["orgAdmin"] })).agencies;
  const eventsOf = async (agencyId: string): Promise<readonly string[]> => {
    const rows = await test.query<{ event_type: string; aggregate_ver: string }>(
      "select event_type, aggregate_ver from outbox_event where aggregate_id = $1 order by seq",
      [agencyId],
    );
    return rows.map(({ event_type: type, aggregate_ver: version }) => `${type.split(".").at(-1)} ${version}`);
  };

  it("are added by Center, and told", async () => {
    const wanted = request();
    const { agency } = await byCenter().createAgency(wanted);
    expect(agency).toMatchObject({
      ...wanted.profile,
      id: wanted.agencyId,
      active: true,
      status: ServiceStatus.ACTIVE,
    });
    expect(await eventsOf(wanted.agencyId)).toEqual(["AgencyRegistered 1"]);
    const [row] = await test.query("select added_by from agency where id = $1", [wanted.agencyId]);
    expect(row).toEqual({ added_by: "center-1" });
  });

  it("are added once, however often the same is asked", async () => {
    const wanted = request();
    const answers = await Promise.all(Array.from({ length: 5 }, () => byCenter().createAgency(wanted)));
    expect(new Set(answers.map(({ agency }) => agency?.etag)).size).toBe(1);
    expect(await eventsOf(wanted.agencyId)).toEqual(["AgencyRegistered 1"]);
  });

  it("are added once, though Center repeats the command on its own, and long after the agency has changed", async () => {
    const wanted = request({ status: ServiceStatus.PENDING, requestId: newId() });
    const { agencyId } = wanted;
    await byCenter().createAgency(wanted);
    await byCenter().setAgencyStatus({ agencyId, status: ServiceStatus.ACTIVE });
    const changed = { details: { phone: "814-555-0199" }, updateMask: { paths: ["phone"] } };
    await byAdminOf(agencyId).updateAgency({ agencyId, ...changed });
    const bySystem = test.as(undefined, "center").agencies;
    const { agency } = await bySystem.createAgency({ ...wanted, requestId: newId() });
    expect(agency).toMatchObject({ id: agencyId, status: ServiceStatus.ACTIVE, phone: "814-555-0199" });
    expect(await eventsOf(agencyId)).toEqual(["AgencyRegistered 1", "AgencyUpdated 2", "AgencyUpdated 3"]);
  });

  it("are added by Center alone, too, when nobody is behind the command any more", async () => {
    const wanted = request();
    await test.as(undefined, "center").agencies.createAgency(wanted);
    const [row] = await test.query("select added_by from agency where id = $1", [wanted.agencyId]);
    expect(row).toEqual({ added_by: null });
    expect(await refusalOf(test.as(undefined, "hospital").agencies.createAgency(request()))).toBe("METHOD_NOT_ALLOWED");
  });

  it.each([
    ["name", { name: "Another" }],
    ["service area", { serviceArea: ["county:Elk"] }],
    ["prices", { pricing: { ...pricing, perMile: "8.00" } }],
    ["fares", { pricing: { ...pricing, baseFares: { ...pricing.baseFares, CCT: "900.00" } } }],
  ])("are not taken for others with the same id but another %s", async (_what, over) => {
    const wanted = request();
    await byCenter().createAgency(wanted);
    const other = { ...wanted, profile: { ...wanted.profile, ...over } };
    expect(await refusalOf(byCenter().createAgency(other))).toBe("RESOURCE_EXISTS");
  });

  it("are not taken for others with the same id but another status", async () => {
    const wanted = request();
    await byCenter().createAgency(wanted);
    const other = { ...wanted, status: ServiceStatus.PENDING };
    expect(await refusalOf(byCenter().createAgency(other))).toBe("RESOURCE_EXISTS");
  });

  it("that were added before the command was kept are known by what they are", async () => {
    const wanted = request();
    await byCenter().createAgency(wanted);
    await test.query("update agency set registration_hash = null where id = $1", [wanted.agencyId]);
    expect((await byCenter().createAgency(wanted)).agency?.id).toBe(wanted.agencyId);
    const other = { ...wanted, profile: { ...wanted.profile, phone: "another" } };
    expect(await refusalOf(byCenter().createAgency(other))).toBe("RESOURCE_EXISTS");
  });

  it("share no name, whatever its case, even if they are added at the same moment", async () => {
    const name = `Twins ${newId()}`;
    const asked = [name, name.toUpperCase(), name].map((it) =>
      byCenter().createAgency(request({ profile: profileOf({ name: it }) })),
    );
    const answers = await Promise.allSettled(asked);
    expect(answers.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    const [row] = await test.query("select count(*)::int as count from agency where lower(name) = lower($1)", [name]);
    expect(row).toEqual({ count: 1 });
    const other = await byCenter().createAgency(request());
    const rename = { agencyId: other.agency?.id ?? "", details: { name }, updateMask: { paths: ["name"] } };
    expect(await refusalOf(byCenter().updateAgency(rename))).toBe("RESOURCE_EXISTS");
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
      await byCenter().createAgency(request({ profile: profileOf({ name }) }));
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

  it("are listed in the states that are asked for", async () => {
    const waiting = await byCenter().createAgency(request({ status: ServiceStatus.PENDING }));
    const { agencies } = await byCenter().listAgencies({ statuses: [ServiceStatus.PENDING], pageSize: 500 });
    expect(new Set(agencies.map(({ status }) => status))).toEqual(new Set([ServiceStatus.PENDING]));
    expect(agencies.map(({ id }) => id)).toContain(waiting.agency?.id);
  });

  describe("change", () => {
    const added = async (over = {}): Promise<{ agencyId: string; etag: string }> => {
      const { agency } = await byCenter().createAgency(request(over));
      return { agencyId: agency?.id ?? "", etag: agency?.etag ?? "" };
    };

    it("in what the mask names, and in nothing else", async () => {
      const { agencyId, etag } = await added();
      const details = { phone: "814-555-0177", serviceArea: ["county:Elk"], city: "Elsewhere" };
      const updateMask = { paths: ["phone", "service_area", "pricing"] };
      const { agency } = await byAdminOf(agencyId).updateAgency({ agencyId, etag, details, updateMask });
      expect(agency).toMatchObject({ phone: "814-555-0177", serviceArea: ["county:Elk"], city: aProfile.city });
      expect(agency?.pricing).toBeUndefined();
      expect((await byCenter().getAgency({ agencyId })).agency).toEqual(agency);
      expect(await eventsOf(agencyId)).toEqual(["AgencyRegistered 1", "AgencyUpdated 2"]);
      const stale = byAdminOf(agencyId).updateAgency({ agencyId, etag, details, updateMask });
      expect(await refusalOf(stale)).toBe("ETAG_MISMATCH");
    });

    it("not at all if all is as it was", async () => {
      const { agencyId, etag } = await added();
      const same = { agencyId, details: { city: aProfile.city }, updateMask: { paths: ["city"] } };
      expect((await byAdminOf(agencyId).updateAgency(same)).agency?.etag).toBe(etag);
      expect(await eventsOf(agencyId)).toEqual(["AgencyRegistered 1"]);
    });

    it.each(["name", "contact_name", "phone", "email", "address", "city", "state", "zip_code", "operating_hours"])(
      "but never to an empty %s",
      async (path) => {
        const { agencyId } = await added();
        const emptied = byAdminOf(agencyId).updateAgency({ agencyId, details: {}, updateMask: { paths: [path] } });
        expect(await refusalOf(emptied)).toBe("VALIDATION_FAILED");
      },
    );

    it("never in their status", async () => {
      const { agencyId } = await added();
      const updateMask = { paths: ["status"] };
      expect(await refusalOf(byAdminOf(agencyId).updateAgency({ agencyId, details: {}, updateMask }))).toBe(
        "VALIDATION_FAILED",
      );
    });

    it("by their own admins and by Center alone", async () => {
      const { agencyId } = await added();
      const change = { agencyId, details: { city: "Elsewhere" }, updateMask: { paths: ["city"] } };
      const dispatcher = test.as(anAgencyDispatcher(agencyId)).agencies;
      expect(await refusalOf(dispatcher.updateAgency(change))).toBe("METHOD_NOT_ALLOWED");
      expect(await refusalOf(byAdminOf("another").updateAgency(change))).toBe("RESOURCE_NOT_FOUND");
      const { agency } = await test.as(anOverseer()).agencies.updateAgency(change);
      expect(agency?.city).toBe("Elsewhere");
    });

    it("keep prices of the former system that nobody can read, until others are named", async () => {
      const { agencyId } = await added();
      const ofOld = { fares: "ask Ada" };
      await test.query("update agency set pricing_structure = $2 where id = $1", [agencyId, JSON.stringify(ofOld)]);
      const stored = async (): Promise<unknown> =>
        (
          await test.query<{ pricing_structure: unknown }>("select pricing_structure from agency where id = $1", [
            agencyId,
          ])
        )[0]?.pricing_structure;
      const admin = byAdminOf(agencyId);
      await admin.updateAgency({ agencyId, details: { city: "Elsewhere" }, updateMask: { paths: ["city"] } });
      expect(await stored()).toEqual(ofOld);
      await admin.updateAgency({ agencyId, details: { pricing }, updateMask: { paths: ["pricing"] } });
      expect(await stored()).toEqual(pricing);
    });
  });

  describe("take part, or not, by Center's word", () => {
    it("and are switched on and off with it", async () => {
      const { agency } = await byCenter().createAgency(request({ status: ServiceStatus.PENDING }));
      const agencyId = agency?.id ?? "";
      const become = async (status: ServiceStatus, etag = ""): Promise<object | undefined> => {
        const answer = await byCenter().setAgencyStatus({ agencyId, status, etag });
        return (
          answer.agency && { status: answer.agency.status, active: answer.agency.active, etag: answer.agency.etag }
        );
      };
      expect(await become(ServiceStatus.ACTIVE, '"1"')).toEqual({
        status: ServiceStatus.ACTIVE,
        active: true,
        etag: '"2"',
      });
      expect(await become(ServiceStatus.ACTIVE)).toMatchObject({ etag: '"2"' });
      expect(await become(ServiceStatus.INACTIVE)).toEqual({
        status: ServiceStatus.INACTIVE,
        active: false,
        etag: '"3"',
      });
      expect(await refusalOf(become(ServiceStatus.ACTIVE, '"2"'))).toBe("ETAG_MISMATCH");
      expect(await become(ServiceStatus.ACTIVE)).toMatchObject({ active: true });
      expect(await eventsOf(agencyId)).toEqual([
        "AgencyRegistered 1",
        ...["AgencyUpdated 2", "AgencyUpdated 3", "AgencyUpdated 4"],
      ]);
    });

    it("and whose part is over has no open bid left, but keeps the trips that it has", async () => {
      const blair = await test.agency("blair");
      await test.unit("blair");
      const [waiting, won] = [await test.trip({ awardPolicy: AwardPolicy.MANUAL }), await test.trip()];
      const { bid } = await blair.bids.submitBid({ tripId: waiting });
      await blair.bids.acceptTrip({ tripId: won });
      const become = (status: ServiceStatus) => byCenter().setAgencyStatus({ agencyId: "blair", status });
      await become(ServiceStatus.INACTIVE);
      const bids = () =>
        test.query("select status, end_reason, version from bid where id = $1 or trip_id = $2 order by status", [
          ...[bid?.id, won],
        ]);
      const expired = { status: "EXPIRED", end_reason: "AGENCY_DISABLED", version: 2 };
      expect(await bids()).toEqual([expect.objectContaining({ status: "ACCEPTED" }), expired]);
      expect(await refusalOf(blair.bids.submitBid({ tripId: waiting }))).toBe("AGENCY_NOT_ELIGIBLE");
      await become(ServiceStatus.ACTIVE);
      expect(await bids()).toContainEqual(expired);
      await blair.bids.submitBid({ tripId: waiting });
    });

    it("and by nobody else's, not even Center's people without Center", async () => {
      const { agency } = await byCenter().createAgency(request());
      const command = { agencyId: agency?.id ?? "", status: ServiceStatus.INACTIVE };
      expect(await refusalOf(test.as(anOverseer()).agencies.setAgencyStatus(command))).toBe("METHOD_NOT_ALLOWED");
      expect(await refusalOf(byAdminOf(command.agencyId).setAgencyStatus(command))).toBe("METHOD_NOT_ALLOWED");
      const unknown = byCenter().setAgencyStatus({ ...command, agencyId: "nobody" });
      expect(await refusalOf(unknown)).toBe("RESOURCE_NOT_FOUND");
    });
  });
});
