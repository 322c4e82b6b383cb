import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { fromBinary } from "@bufbuild/protobuf";
import { HospitalDirectoryService } from "#gen/medport/center/v1/hospital_directory_service_pb.ts";
import { HospitalRegisteredSchema } from "#gen/medport/events/v1/hospital_events_pb.ts";
import { aCenterUser, aUser } from "#platform/auth/auth.builder.ts";
import { platformTables } from "#platform/database/platform-tables.ts";
import { newId } from "#platform/id.ts";
import { reasonOf } from "#platform/rpc/refusal.ts";
import { startTestCenter, type TestCenter } from "../center.builder.ts";

let center: TestCenter;
beforeAll(async () => {
  center = await startTestCenter("center hospitals");
});
afterAll(async () => center[Symbol.asyncDispose]());

const aProfile = (over = {}) => ({
  name: "UPMC Altoona",
  address: "620 Howard Ave",
  city: "Altoona",
  state: "PA",
  zipCode: "16601",
  phone: "814-555-0111",
  ...over,
});

async function refusalOf(call: Promise<unknown>): Promise<string | undefined> {
  return call.then(
    () => "answered",
    (error: unknown) => reasonOf(error),
  );
}

describe("registering a hospital", () => {
  it("adds it and tells the world in the same words", async () => {
    const { hospital } = await center.client(HospitalDirectoryService).registerHospital(aProfile());
    expect(hospital).toMatchObject({ ...aProfile(), email: "", active: true, etag: '"1"' });
    const [event] = await platformTables(center.database.fork())
      .selectFrom("outbox_event")
      .select(["payload", "subject"])
      .where("aggregate_id", "=", hospital?.id ?? "")
      .execute();
    expect(event?.subject).toBe(`evt.center.hospital.${hospital?.id}.registered`);
    expect(fromBinary(HospitalRegisteredSchema, event?.payload ?? new Uint8Array()).hospital).toEqual(hospital);
  });

  it("adds one however often the same request comes", async () => {
    const requestId = newId();
    const register = () => center.client(HospitalDirectoryService).registerHospital({ ...aProfile(), requestId });
    const answers = await Promise.all([register(), register(), register()]);
    expect(new Set(answers.map(({ hospital }) => hospital?.id)).size).toBe(1);
  });

  it.each([
    ["a hospital's admin", aUser({ roles: ["orgAdmin"] })],
    ["Center's dispatcher", aCenterUser({ roles: ["dispatcher"] })],
  ])("is refused to %s", async (_who, user) => {
    const call = center.client(HospitalDirectoryService, user).registerHospital(aProfile());
    expect(await refusalOf(call)).toBe("METHOD_NOT_ALLOWED");
  });
});

describe("listing hospitals", () => {
  it("gives each once, by name, over all pages, to everybody", async () => {
    const names = ["Same Name", "Same Name", "Zion", "Aspen"];
    for (const name of names) await center.client(HospitalDirectoryService).registerHospital(aProfile({ name }));
    const listed: string[] = [];
    const ids: string[] = [];
    let pageToken = "";
    do {
      const page = await center.client(HospitalDirectoryService, aUser()).listHospitals({ pageSize: 1, pageToken });
      listed.push(...page.hospitals.map(({ name }) => name));
      ids.push(...page.hospitals.map(({ id }) => id));
      pageToken = page.nextPageToken;
    } while (pageToken !== "");
    expect(listed).toEqual(listed.toSorted());
    expect(listed.filter((name) => names.includes(name))).toHaveLength(4);
    expect(new Set(ids).size).toBe(ids.length);
  });
});
