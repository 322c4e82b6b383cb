import { timestampDate } from "@bufbuild/protobuf/wkt";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { AnswerSource } from "#gen/medport/transport/v1/answer_source_pb.ts";
import {
  aDispatcher,
  anAgency,
  anAgencyDispatcher,
  anOverseer,
  type HospitalClients,
  startTestHospital,
  type TestHospital,
} from "../hospital.builder.ts";
import { refusalOf } from "../refusal.builder.ts";

describe("PreferenceService", () => {
  let test: TestHospital;
  let mercy: HospitalClients["preferences"];
  beforeAll(async () => {
    test = await startTestHospital();
    mercy = test.as(aDispatcher("mercy")).preferences;
    await test.knowAgency({ id: "a", name: "Able" });
    await test.knowAgency({ id: "b", name: "Baker", serviceArea: ["county:Centre"] });
    await test.knowAgency({ id: "c", name: "Charlie", active: false });
  });
  afterAll(async () => {
    await test[Symbol.asyncDispose]();
  });

  const preferred = (...agencyIds: readonly string[]) => ({
    agencies: agencyIds.map((agencyId) => ({ agencyId, notes: `secret: notes on ${agencyId}` })),
  });

  async function listed(): Promise<readonly string[]> {
    const { preferences } = await mercy.listPreferences({});
    return preferences.map(({ agencyId, preferenceOrder }) => `${preferenceOrder} ${agencyId}`);
  }

  it("replaces the hospital's list, and tells of it once without the notes", async () => {
    await mercy.setPreferences(preferred("a", "b"));
    await mercy.setPreferences(preferred("b", "a"));
    await mercy.setPreferences(preferred("b", "a"));
    expect(await listed()).toEqual(["1 b", "2 a"]);
    const events = await test.query<{ aggregate_ver: string; payload: Buffer }>(
      "select aggregate_ver, payload from outbox_event where aggregate_type = 'preference' and aggregate_id = 'mercy' order by seq",
    );
    expect(events.map((event) => event.aggregate_ver)).toEqual(["1", "2"]);
    expect(events.map(({ payload }) => payload.toString("latin1")).join("")).not.toContain("secret");
  });

  it("keeps an agency's row when it is taken off the list", async () => {
    await mercy.setPreferences(preferred("a", "b"));
    const before = await test.query("select id from agency_preference order by id");
    await mercy.setPreferences(preferred("a"));
    await mercy.setPreferences(preferred("b", "a"));
    expect(await test.query("select id from agency_preference order by id")).toEqual(before);
  });

  it("survives many changes at once, each with a version of its own", async () => {
    const orders = Array.from({ length: 10 }, (_, index) => (index % 2 === 0 ? preferred("a", "b") : preferred("b")));
    await Promise.all(orders.map((order) => mercy.setPreferences(order)));
    const [row] = await test.query<{ version: number; told: string }>(
      `select version, (select count(*) from outbox_event where aggregate_type = 'preference' and aggregate_id = 'mercy') as told
         from preference_list where hospital_id = 'mercy'`,
    );
    expect(String(row?.version)).toBe(row?.told);
  });

  it("knows the list by its etag, and lets nobody overwrite a newer one", async () => {
    const fresh = test.as(aDispatcher("fresh")).preferences;
    const { etag: none } = await fresh.listPreferences({});
    const first = await fresh.setPreferences({ ...preferred("a"), etag: none });
    expect(first.etag).not.toBe(none);
    expect((await fresh.listPreferences({})).etag).toBe(first.etag);

    const same = await fresh.setPreferences({ ...preferred("a"), etag: first.etag });
    expect(same.etag).toBe(first.etag);
    const second = await fresh.setPreferences({ ...preferred("b"), etag: first.etag });
    expect(second.etag).not.toBe(first.etag);

    for (const etag of [none, first.etag]) {
      expect(await refusalOf(fresh.setPreferences({ ...preferred("a"), etag }))).toBe("ETAG_MISMATCH");
    }
    const { preferences, etag } = await fresh.listPreferences({});
    expect([preferences.map(({ agencyId }) => agencyId), etag]).toEqual([["b"], second.etag]);
  });

  it("lets only one of many through who all read the same list", async () => {
    const contested = test.as(aDispatcher("contested")).preferences;
    const { etag } = await contested.setPreferences(preferred("a"));
    const calls = ["b", "b", "b", "b"].map((agency) => contested.setPreferences({ ...preferred(agency, "a"), etag }));
    const answers = await Promise.allSettled(calls);
    expect(answers.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  });

  it("refuses an unknown agency, and one that is named twice", async () => {
    expect(await refusalOf(mercy.setPreferences(preferred("unknown")))).toBe("RESOURCE_NOT_FOUND");
    expect(await refusalOf(mercy.setPreferences(preferred("a", "a")))).toBe("VALIDATION_FAILED");
  });

  it("shows a hospital its own list, and Center the one of the hospital that it names", async () => {
    await mercy.setPreferences(preferred("a"));
    const general = test.as(aDispatcher("general")).preferences;
    expect((await general.listPreferences({})).preferences).toEqual([]);
    expect(await refusalOf(general.listPreferences({ hospitalId: "mercy" }))).toBe("ACTION_NOT_ALLOWED");
    const center = test.as(anOverseer()).preferences;
    expect((await center.listPreferences({ hospitalId: "mercy" })).preferences).toHaveLength(1);
    expect(await refusalOf(center.listPreferences({}))).toBe("VALIDATION_FAILED");
    const agency = test.as(anAgencyDispatcher("a")).preferences;
    expect(await refusalOf(agency.listPreferences({}))).toBe("METHOD_NOT_ALLOWED");
  });

  it("asks Center for the agencies, in the user's name and its own", async () => {
    test.center.agencies.push(anAgency("from-center"));
    const answer = await mercy.listAvailableAgencies({});
    expect(answer.source).toBe(AnswerSource.OWNER);
    expect(answer.agencies.map(({ id }) => id)).toEqual(["from-center"]);
    expect(test.center.lastAsked).toEqual({ user: "present", service: "present" });
  });

  it("answers from its copy while Center is down, and says how old that is", async () => {
    const before = Date.now();
    await test.center[Symbol.asyncDispose]();
    const answer = await mercy.listAvailableAgencies({});
    expect(answer.source).toBe(AnswerSource.COPY);
    expect(answer.agencies.map(({ name }) => name)).toEqual(["Able", "Baker"]);
    const asOf = answer.asOfTime ? timestampDate(answer.asOfTime).getTime() : 0;
    expect(asOf).toBeGreaterThan(before - 60_000);
    expect(asOf).toBeLessThanOrEqual(Date.now());
    const { agencies } = await mercy.listAvailableAgencies({ county: "centre" });
    expect(agencies.map(({ name }) => name)).toEqual(["Baker"]);
  });
});
