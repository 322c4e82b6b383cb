import { afterAll, afterEach, beforeAll, describe, expect, it } from "@jest/globals";
import { RegistrationState } from "#gen/medport/center/v1/agency_directory_service_pb.ts";
import { ServiceRegistryService, ServiceType } from "#gen/medport/center/v1/service_registry_service_pb.ts";
import { ServiceStatus } from "#gen/medport/ems/v1/agency_pb.ts";
import { Reason } from "#gen/medport/errors/v1/reason_pb.ts";
import { Role, UserType } from "#gen/medport/policy/v1/principal_pb.ts";
import { aCenterUser, aUser } from "#platform/auth/auth.builder.ts";
import { platformTables } from "#platform/database/platform-tables.ts";
import { newId } from "#platform/id.ts";
import { eventually } from "#platform/testing/eventually.ts";
import { anAgencyProfile } from "../agencies/agency.builder.ts";
import { AgencyEntity, AgencyRegistrationEntity } from "../agencies/agency.entity.ts";
import { agencyRegistered, agencyUpdated, answering, outOfReach, refusing } from "../agencies/stand-in-ems.builder.ts";
import { ReferenceEntity } from "../references/reference.entity.ts";
import { EmailReservationEntity } from "../users/email-reservation.entity.ts";
import { UserEntity } from "../users/user.entity.ts";
import { aFirstAdmin } from "./first-admin.builder.ts";
import {
  aRegistrationRequest,
  refusalOf,
  type RegistrationScene,
  startRegistrationScene,
} from "./registration-scene.builder.ts";
import { RegistrationEntity } from "./registration.entity.ts";

let scene: RegistrationScene;
beforeAll(async () => {
  scene = await startRegistrationScene("center registrations");
});
afterAll(async () => scene[Symbol.asyncDispose]());
afterEach(() => {
  scene.ems.script = answering;
});

async function eventsAbout(aggregateId: string): Promise<readonly string[]> {
  const rows = await platformTables(scene.center.database.fork())
    .selectFrom("outbox_event")
    .select("event_type")
    .where("aggregate_id", "=", aggregateId)
    .orderBy("seq")
    .execute();
  return rows.map(({ event_type }) => event_type.replace("medport.events.v1.", ""));
}

describe("registering an agency", () => {
  it("has EMS create it, in the person's name and Center's, and answers with it and its admin", async () => {
    const request = aRegistrationRequest();
    const { agency, admin } = await scene.directory().registerAgency(request);
    const [asked] = scene.ems.asked.slice(-1);
    expect(asked?.caller).toMatchObject({ service: "center", user: { userId: aCenterUser().userId } });
    expect(asked?.request).toMatchObject({ agencyId: agency?.id, status: ServiceStatus.ACTIVE });
    const { pricing: _, ...profile } = request.profile;
    expect(agency).toMatchObject({ ...profile, active: true, status: ServiceStatus.ACTIVE, etag: '"1"' });
    expect(admin).toMatchObject({
      email: request.admin.email,
      name: request.admin.name,
      userType: UserType.EMS,
      organizationId: agency?.id,
      roles: [Role.ORG_ADMIN],
      active: true,
    });
  });

  it("lets its first admin log in at once", async () => {
    const request = aRegistrationRequest();
    const { admin } = await scene.directory().registerAgency(request);
    expect((await scene.logIn(request.admin)).user).toEqual(admin);
  });

  it("has it in the directory, the registry and the references when it answers, and tells the world", async () => {
    const { agency, admin } = await scene.directory().registerAgency(aRegistrationRequest());
    const { id = "", name = "" } = agency ?? {};
    expect((await scene.directory().getAgency({ agencyId: id })).agency).toEqual(agency);
    const { services } = await scene.center
      .client(ServiceRegistryService)
      .listServices({ type: ServiceType.EMS_AGENCY });
    expect(services).toContainEqual(expect.objectContaining({ id, name, status: ServiceStatus.ACTIVE, alive: true }));
    const references = scene.center.database.fork();
    expect(await references.count(ReferenceEntity, { entityType: "agency", entityId: id })).toBe(1);
    expect(await references.count(ReferenceEntity, { entityType: "user", referenceId: id })).toBe(1);
    const row = await scene.center.database.fork().findOne(AgencyEntity, { id });
    expect(row).toMatchObject({ addedBy: aCenterUser().userId, version: 1, importedAt: null });
    expect(await eventsAbout(id)).toEqual(["ServiceAdded"]);
    expect(await eventsAbout(admin?.id ?? "")).toEqual(["UserCreated"]);
  });

  it("has EMS create it as one that waits, if it awaits approval", async () => {
    const request = aRegistrationRequest({ awaitsApproval: true });
    const { agency } = await scene.directory().registerAgency(request);
    expect(agency?.status).toBe(ServiceStatus.PENDING);
    expect((await scene.logIn(request.admin)).user?.organizationId).toBe(agency?.id);
  });

  it("keeps no hash of the password in the registration when it is over", async () => {
    const request = aRegistrationRequest();
    await scene.directory().registerAgency(request);
    expect(await scene.rowOf(request.profile.name)).toMatchObject({ state: "COMPLETED", adminPasswordHash: null });
    expect(await scene.center.database.fork().count(EmailReservationEntity, { email: request.admin.email })).toBe(0);
  });

  it("gives one outcome for one request, however often and however much at once it comes", async () => {
    const request = aRegistrationRequest();
    const first = await Promise.all(Array.from({ length: 4 }, () => scene.directory().registerAgency(request)));
    const second = await scene.directory().registerAgency(request);
    for (const answer of first) expect(answer).toEqual(second);
    expect(await scene.agenciesNamed(request.profile.name)).toBe(1);
    expect(await scene.accountsOf(request.admin.email)).toBe(1);
  });

  it("does not take another request with the same id for the same", async () => {
    const request = aRegistrationRequest();
    await scene.directory().registerAgency(request);
    const other = { ...request, awaitsApproval: true };
    expect(await refusalOf(scene.directory().registerAgency(other))).toBe("REQUEST_ID_REUSED");
  });

  it("changes nothing when the event about it comes after the answer", async () => {
    const { agency } = await scene.directory().registerAgency(aRegistrationRequest());
    if (!agency) throw new Error("answered without an agency");
    await scene.producer.tell(agencyRegistered(agency));
    await scene.producer.tell(agencyUpdated({ ...agency, phone: "814-555-0199" }, 2));
    await eventually(async () => {
      const { agency: told } = await scene.directory().getAgency({ agencyId: agency.id });
      expect(told?.phone).toBe("814-555-0199");
    });
    expect(await eventsAbout(agency.id)).toEqual(["ServiceAdded"]);
  });

  it.each([
    ["a weak password", { password: "ambulance" }],
    ["a blank name", { name: " " }],
  ])("begins nothing for an admin with %s", async (_what, over) => {
    const request = aRegistrationRequest({ admin: aFirstAdmin(over) });
    const before = scene.ems.asked.length;
    expect(await refusalOf(scene.directory().registerAgency(request))).toBe("VALIDATION_FAILED");
    expect(scene.ems.asked).toHaveLength(before);
    expect(await scene.rowOf(request.profile.name)).toBeNull();
  });

  it("demands an admin", async () => {
    expect(await refusalOf(scene.directory().registerAgency({ profile: anAgencyProfile() }))).toBe("VALIDATION_FAILED");
  });

  it.each([
    ["a hospital's admin", aUser({ roles: ["orgAdmin"] })],
    ["Center's dispatcher", aCenterUser({ roles: ["dispatcher"] })],
  ])("is refused to %s", async (_who, user) => {
    expect(await refusalOf(scene.directory(user).registerAgency(aRegistrationRequest()))).toBe("METHOD_NOT_ALLOWED");
  });
});

describe("two registrations at once", () => {
  it.each([
    ["e-mail address", () => ({ admin: aFirstAdmin() })],
    ["agency's name", () => ({ profile: anAgencyProfile({ name: `Agency ${newId()}` }) })],
  ])("with one %s: one wins, of the other nothing is left", async (_what, shared) => {
    const over = shared();
    const requests = [aRegistrationRequest(over), aRegistrationRequest(over)];
    const answers = await Promise.all(requests.map((request) => refusalOf(scene.directory().registerAgency(request))));
    expect(answers.map(String).toSorted()).toEqual(["RESOURCE_EXISTS", "answered"]);
    const names = requests.map(({ profile }) => profile.name);
    const emails = requests.map(({ admin }) => admin.email);
    expect(await scene.center.database.fork().count(AgencyEntity, { name: { $in: names } })).toBe(1);
    expect(await scene.center.database.fork().count(UserEntity, { email: { $in: emails } })).toBe(1);
    const created = [...scene.ems.agencies.values()].filter(({ name }) => names.includes(name));
    expect(created).toHaveLength(1);
  });

  it("do not mind a name that an agency had which was given up", async () => {
    const request = aRegistrationRequest();
    scene.ems.script = refusing(Reason.VALIDATION_FAILED);
    await refusalOf(scene.directory().registerAgency(request));
    scene.ems.script = answering;
    expect(await refusalOf(scene.directory().registerAgency({ ...request, requestId: newId() }))).toBe("answered");
  });

  it("one after the other: the name is taken in whatever case, as is the address", async () => {
    const { profile, admin } = aRegistrationRequest();
    await scene.directory().registerAgency({ profile, admin });
    const shouted = anAgencyProfile({ name: ` ${profile.name.toUpperCase()} ` });
    expect(await refusalOf(scene.directory().registerAgency(aRegistrationRequest({ profile: shouted })))).toBe(
      "RESOURCE_EXISTS",
    );
    const again = aFirstAdmin({ email: admin.email.toUpperCase() });
    expect(await refusalOf(scene.directory().registerAgency(aRegistrationRequest({ admin: again })))).toBe(
      "RESOURCE_EXISTS",
    );
  });
});

describe("a registration that an earlier version of Center began", () => {
  it("goes on with the id that it had given the agency", async () => {
    const request = aRegistrationRequest();
    const agencyId = newId();
    await scene.center.database.transaction(async (tx) => {
      const { userId } = aCenterUser();
      await tx.insert(AgencyRegistrationEntity, {
        ...{ userId, requestId: request.requestId, agencyId },
        createdAt: new Date(),
      });
    });
    const { agency } = await scene.directory().registerAgency(request);
    expect(agency?.id).toBe(agencyId);
  });
});

describe("listing registrations", () => {
  it("gives those that are under way or were given up, newest first, unless others are asked for", async () => {
    const [completed, started] = [aRegistrationRequest(), aRegistrationRequest()];
    await scene.directory().registerAgency(completed);
    scene.ems.script = outOfReach;
    await refusalOf(scene.directory().registerAgency(started));
    const { registrations } = await scene.directory().listRegistrations({ pageSize: 500 });
    const names = registrations.map(({ agencyName }) => agencyName);
    expect(names[0]).toBe(started.profile.name);
    expect(names).not.toContain(completed.profile.name);
    expect(new Set(registrations.map(({ state }) => state))).not.toContain(RegistrationState.COMPLETED);
    const ended = await scene.directory().listRegistrations({ states: [RegistrationState.COMPLETED], pageSize: 500 });
    expect(ended.registrations.map(({ agencyName }) => agencyName)).toContain(completed.profile.name);
    scene.ems.script = answering;
    expect(await refusalOf(scene.directory().registerAgency(started))).toBe("answered");
  });

  it("gives each once over all pages", async () => {
    const states = [RegistrationState.COMPLETED, RegistrationState.GIVEN_UP];
    const listed: string[] = [];
    let pageToken = "";
    do {
      const page = await scene.directory().listRegistrations({ states, pageSize: 3, pageToken });
      listed.push(...page.registrations.map(({ agencyId }) => agencyId));
      pageToken = page.nextPageToken;
    } while (pageToken !== "");
    expect(new Set(listed).size).toBe(listed.length);
    const count = await scene.center.database
      .fork()
      .count(RegistrationEntity, { state: { $in: ["COMPLETED", "GIVEN_UP"] } });
    expect(listed).toHaveLength(count);
  });

  it("is for Center alone", async () => {
    expect(await refusalOf(scene.directory(aUser({ roles: ["orgAdmin"] })).listRegistrations({}))).toBe(
      "METHOD_NOT_ALLOWED",
    );
  });
});
