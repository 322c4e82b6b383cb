import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { fromBinary } from "@bufbuild/protobuf";
import { AuthService } from "#gen/medport/center/v1/auth_service_pb.ts";
import { HospitalDirectoryService } from "#gen/medport/center/v1/hospital_directory_service_pb.ts";
import { HospitalRegisteredSchema, HospitalUpdatedSchema } from "#gen/medport/events/v1/hospital_events_pb.ts";
import { Role, UserType } from "#gen/medport/policy/v1/principal_pb.ts";
import { aCenterUser, aUser } from "#platform/auth/auth.builder.ts";
import { platformTables } from "#platform/database/platform-tables.ts";
import { newId } from "#platform/id.ts";
import { reasonOf } from "#platform/rpc/refusal.ts";
import { startTestCenter, type TestCenter } from "../center.builder.ts";
import { aFirstAdmin } from "../registrations/first-admin.builder.ts";
import { UserEntity } from "../users/user.entity.ts";
import { HospitalEntity } from "./hospital.entity.ts";

let center: TestCenter;
const directory = (user = aCenterUser()) => center.client(HospitalDirectoryService, user);
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
const aRegistration = (over = {}) => ({ ...aProfile(), admin: aFirstAdmin(), ...over });

async function aHospital(over = {}): Promise<{ readonly id: string; readonly etag: string }> {
  const { hospital } = await directory().registerHospital(aRegistration(over));
  if (!hospital) throw new Error("a registration was answered without a hospital");
  return hospital;
}

const ownAdmin = (organizationId: string) => aUser({ organizationId, roles: ["orgAdmin"] });

async function refusalOf(call: Promise<unknown>): Promise<string | undefined> {
  return call.then(
    () => "answered",
    (error: unknown) => reasonOf(error),
  );
}

async function toldAbout(hospitalId: string) {
  const events = await platformTables(center.database.fork())
    .selectFrom("outbox_event")
    .select(["payload", "subject", "aggregate_ver"])
    .where("aggregate_id", "=", hospitalId)
    .orderBy("seq")
    .execute();
  return events.map(({ payload, subject, aggregate_ver }) => ({
    name: subject.split(".").at(-1),
    version: Number(aggregate_ver),
    payload,
  }));
}

describe("registering a hospital", () => {
  it("adds it and tells the world in the same words", async () => {
    const { hospital } = await directory().registerHospital(aRegistration());
    expect(hospital).toMatchObject({ ...aProfile(), email: "", active: true, etag: '"1"' });
    const [event] = await toldAbout(hospital?.id ?? "");
    expect(event?.name).toBe("registered");
    expect(fromBinary(HospitalRegisteredSchema, event?.payload ?? new Uint8Array()).hospital).toEqual(hospital);
  });

  it("adds its first admin, who logs in at once", async () => {
    const admin = aFirstAdmin({ email: `First.${newId()}@Altoona.example` });
    const answer = await directory().registerHospital(aRegistration({ admin }));
    expect(answer.admin).toMatchObject({
      email: admin.email.toLowerCase(),
      name: admin.name,
      userType: UserType.HOSPITAL,
      organizationId: answer.hospital?.id,
      roles: [Role.ORG_ADMIN],
      active: true,
      mustChangePassword: false,
    });
    const { email, password } = admin;
    const { user } = await center.clientWith(AuthService, {}).login({ email, password });
    expect(user).toEqual(answer.admin);
  });

  it("takes the admin's password for a temporary one if told so", async () => {
    const { admin } = await directory().registerHospital(
      aRegistration({ admin: aFirstAdmin({ mustChangePassword: true }) }),
    );
    expect(admin?.mustChangePassword).toBe(true);
  });

  it("adds one however often the same request comes", async () => {
    const request = aRegistration({ requestId: newId() });
    const register = () => directory().registerHospital(request);
    const answers = await Promise.all([register(), register(), register()]);
    expect(new Set(answers.map(({ hospital }) => hospital?.id)).size).toBe(1);
    expect(new Set(answers.map(({ admin }) => admin?.id)).size).toBe(1);
  });

  it("adds neither if another has the admin's e-mail address, also when both come at once", async () => {
    const admin = aFirstAdmin();
    const names = [newId(), newId()];
    const answers = await Promise.all(
      names.map((name) => refusalOf(directory().registerHospital(aRegistration({ name, admin })))),
    );
    expect(answers.map(String).toSorted()).toEqual(["RESOURCE_EXISTS", "answered"]);
    expect(await center.database.fork().count(HospitalEntity, { name: { $in: names } })).toBe(1);
    expect(await center.database.fork().count(UserEntity, { email: admin.email })).toBe(1);
  });

  it.each([
    ["a weak password", { password: "hospital" }],
    ["a blank name", { name: "  " }],
  ])("adds nothing for an admin with %s", async (_what, over) => {
    const name = newId();
    const call = directory().registerHospital(aRegistration({ name, admin: aFirstAdmin(over) }));
    expect(await refusalOf(call)).toBe("VALIDATION_FAILED");
    expect(await center.database.fork().count(HospitalEntity, { name })).toBe(0);
  });

  it("demands an admin", async () => {
    expect(await refusalOf(directory().registerHospital(aProfile()))).toBe("VALIDATION_FAILED");
  });

  it.each([
    ["a hospital's admin", aUser({ roles: ["orgAdmin"] })],
    ["Center's dispatcher", aCenterUser({ roles: ["dispatcher"] })],
  ])("is refused to %s", async (_who, user) => {
    expect(await refusalOf(directory(user).registerHospital(aRegistration()))).toBe("METHOD_NOT_ALLOWED");
  });
});

describe("reading a hospital", () => {
  it("is for everybody", async () => {
    const { id } = await aHospital();
    const agency = aUser({ userType: "EMS", organizationId: "agency-1" });
    for (const user of [aCenterUser(), aUser(), agency]) {
      const { hospital } = await directory(user).getHospital({ hospitalId: id });
      expect(hospital).toMatchObject({ id, ...aProfile() });
    }
  });

  it("says that there is none", async () => {
    expect(await refusalOf(directory().getHospital({ hospitalId: newId() }))).toBe("RESOURCE_NOT_FOUND");
  });
});

describe("changing a hospital", () => {
  it.each([
    ["its own admin", ownAdmin],
    ["Center", () => aCenterUser()],
  ])("is for %s, changes what the mask names, and tells the world", async (_who, userOf) => {
    const { id, etag } = await aHospital();
    const { hospital } = await directory(userOf(id)).updateHospital({
      hospitalId: id,
      etag,
      details: { name: "Altoona General", city: "Elsewhere", email: "desk@altoona.example" },
      updateMask: { paths: ["name", "phone", "email"] },
    });
    const expected = { ...aProfile(), name: "Altoona General", phone: "", email: "desk@altoona.example", etag: '"2"' };
    expect(hospital).toMatchObject({ id, ...expected });
    const events = await toldAbout(id);
    expect(events.map(({ name, version }) => [name, version])).toEqual([
      ["registered", 1],
      ["updated", 2],
    ]);
    expect(fromBinary(HospitalUpdatedSchema, events[1]?.payload ?? new Uint8Array()).hospital).toEqual(hospital);
    expect((await directory().getHospital({ hospitalId: id })).hospital).toEqual(hospital);
  });

  it("tells nobody if everything is as it was", async () => {
    const { id } = await aHospital();
    const request = { hospitalId: id, details: aProfile(), updateMask: { paths: ["*"] } };
    const { hospital } = await directory().updateHospital(request);
    expect(hospital?.etag).toBe('"1"');
    expect(await toldAbout(id)).toHaveLength(1);
  });

  it.each([
    ["leaves the name empty", { details: {}, updateMask: { paths: ["name"] } }],
    ["names a field that there is not", { details: {}, updateMask: { paths: ["active"] } }],
    ["names no field", { details: { name: "Another" }, updateMask: { paths: [] } }],
  ])("is refused if it %s", async (_what, request) => {
    const { id } = await aHospital();
    expect(await refusalOf(directory().updateHospital({ hospitalId: id, ...request }))).toBe("VALIDATION_FAILED");
    expect(await toldAbout(id)).toHaveLength(1);
  });

  it("is refused to who has not seen the last change", async () => {
    const { id, etag } = await aHospital();
    const rename = (name: string) =>
      directory().updateHospital({ hospitalId: id, etag, details: { name }, updateMask: { paths: ["name"] } });
    const answers = await Promise.all([refusalOf(rename("One")), refusalOf(rename("Other"))]);
    expect(answers.map(String).toSorted()).toEqual(["ETAG_MISMATCH", "answered"]);
  });

  it("does not find another hospital for a hospital's admin, nor one that there is not", async () => {
    const { id } = await aHospital();
    const admin = directory(ownAdmin("another"));
    const request = { details: { name: "Mine" }, updateMask: { paths: ["name"] } };
    expect(await refusalOf(admin.updateHospital({ hospitalId: id, ...request }))).toBe("RESOURCE_NOT_FOUND");
    expect(await refusalOf(admin.updateHospital({ hospitalId: newId(), ...request }))).toBe("RESOURCE_NOT_FOUND");
    expect(await refusalOf(directory().updateHospital({ hospitalId: newId(), ...request }))).toBe("RESOURCE_NOT_FOUND");
  });

  it("is refused to a hospital's dispatcher", async () => {
    const { id } = await aHospital();
    const user = aUser({ organizationId: id, roles: ["dispatcher"] });
    const request = { hospitalId: id, details: { name: "Mine" }, updateMask: { paths: ["name"] } };
    expect(await refusalOf(directory(user).updateHospital(request))).toBe("METHOD_NOT_ALLOWED");
  });
});

describe("shutting a hospital out", () => {
  it("and letting it in again is told, once each", async () => {
    const { id, etag } = await aHospital();
    const { hospital: disabled } = await directory().disableHospital({ hospitalId: id, etag });
    expect(disabled).toMatchObject({ active: false, etag: '"2"' });
    expect((await directory().disableHospital({ hospitalId: id })).hospital).toEqual(disabled);
    const { hospital: enabled } = await directory().enableHospital({ hospitalId: id });
    expect(enabled).toMatchObject({ active: true, etag: '"3"' });
    const events = (await toldAbout(id)).slice(1);
    expect(events.map(({ payload }) => fromBinary(HospitalUpdatedSchema, payload).hospital?.active)).toEqual([
      false,
      true,
    ]);
  });

  it("leaves its people able to log in", async () => {
    const admin = aFirstAdmin();
    const { id } = await aHospital({ admin });
    await directory().disableHospital({ hospitalId: id });
    const { email, password } = admin;
    const { user } = await center.clientWith(AuthService, {}).login({ email, password });
    expect(user?.organizationId).toBe(id);
  });

  it("is refused to who has not seen the last change, to the hospital itself, and for one that there is not", async () => {
    const { id, etag } = await aHospital();
    await directory().disableHospital({ hospitalId: id });
    expect(await refusalOf(directory().enableHospital({ hospitalId: id, etag }))).toBe("ETAG_MISMATCH");
    for (const user of [ownAdmin(id), aCenterUser({ roles: ["dispatcher"] })]) {
      expect(await refusalOf(directory(user).enableHospital({ hospitalId: id }))).toBe("METHOD_NOT_ALLOWED");
      expect(await refusalOf(directory(user).disableHospital({ hospitalId: id }))).toBe("METHOD_NOT_ALLOWED");
    }
    expect(await refusalOf(directory().disableHospital({ hospitalId: newId() }))).toBe("RESOURCE_NOT_FOUND");
  });
});

describe("listing hospitals", () => {
  it("gives each once, by name, over all pages, to everybody", async () => {
    const names = ["Same Name", "Same Name", "Zion", "Aspen"];
    for (const name of names) await aHospital({ name });
    const listed: string[] = [];
    const ids: string[] = [];
    let pageToken = "";
    do {
      const page = await directory(aUser()).listHospitals({ pageSize: 5, pageToken });
      listed.push(...page.hospitals.map(({ name }) => name));
      ids.push(...page.hospitals.map(({ id }) => id));
      pageToken = page.nextPageToken;
    } while (pageToken !== "");
    expect(listed).toEqual(listed.toSorted());
    expect(listed.filter((name) => names.includes(name))).toHaveLength(4);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it("gives those alone that take part if asked so", async () => {
    const [open, shut] = [await aHospital(), await aHospital()];
    await directory().disableHospital({ hospitalId: shut.id });
    const { hospitals } = await directory().listHospitals({ activeOnly: true, pageSize: 500 });
    const ids = hospitals.map(({ id }) => id);
    expect(ids).toContain(open.id);
    expect(ids).not.toContain(shut.id);
  });

  it("gives those in which nobody can log in, to Center alone", async () => {
    const [staffed, left] = [await aHospital(), await aHospital()];
    await center.database.fork().nativeUpdate(UserEntity, { hospitalId: left.id }, { isActive: false });
    const { hospitals } = await directory().listHospitals({ withoutActiveUsers: true, pageSize: 500 });
    const ids = hospitals.map(({ id }) => id);
    expect(ids).toContain(left.id);
    expect(ids).not.toContain(staffed.id);
    expect(await refusalOf(directory(aUser()).listHospitals({ withoutActiveUsers: true }))).toBe("ACTION_NOT_ALLOWED");
  });

  it("takes a page's token for no other filter", async () => {
    await aHospital();
    await aHospital();
    const { nextPageToken: pageToken } = await directory().listHospitals({ pageSize: 1 });
    const call = directory().listHospitals({ pageSize: 1, pageToken, activeOnly: true });
    expect(await refusalOf(call)).toBe("PAGE_TOKEN_MISMATCH");
  });
});
