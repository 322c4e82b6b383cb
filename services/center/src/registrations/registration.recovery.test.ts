import { afterAll, afterEach, beforeAll, describe, expect, it } from "@jest/globals";
import { AgencyDirectoryService, RegistrationState } from "#gen/medport/center/v1/agency_directory_service_pb.ts";
import { UserService } from "#gen/medport/center/v1/user_service_pb.ts";
import { ServiceStatus } from "#gen/medport/ems/v1/agency_pb.ts";
import { Reason } from "#gen/medport/errors/v1/reason_pb.ts";
import { Role, UserType } from "#gen/medport/policy/v1/principal_pb.ts";
import { newId } from "#platform/id.ts";
import { reasonName } from "#platform/rpc/refusal.ts";
import { eventually } from "#platform/testing/eventually.ts";
import {
  agencyRegistered,
  agencyUpdated,
  answering,
  losingAnswers,
  outOfReach,
  refusing,
} from "../agencies/stand-in-ems.builder.ts";
import { startTestCenter } from "../center.builder.ts";
import { goodPassword } from "../users/account.builder.ts";
import { EmailReservationEntity } from "../users/email-reservation.entity.ts";
import { aFirstAdmin } from "./first-admin.builder.ts";
import {
  aRegistrationRequest,
  refusalOf,
  type RegistrationScene,
  startRegistrationScene,
} from "./registration-scene.builder.ts";

let scene: RegistrationScene;
beforeAll(async () => {
  scene = await startRegistrationScene("center recovery");
});
afterAll(async () => scene[Symbol.asyncDispose]());
afterEach(() => {
  scene.ems.script = answering;
});

/** Nothing of the registration is left but the record that it was given up. */
async function expectNothingLeftOf({ profile, admin }: ReturnType<typeof aRegistrationRequest>): Promise<void> {
  expect(await scene.agenciesNamed(profile.name)).toBe(0);
  expect(await scene.accountsOf(admin.email)).toBe(0);
  expect(await scene.center.database.fork().count(EmailReservationEntity, { email: admin.email })).toBe(0);
  expect(await scene.rowOf(profile.name)).toMatchObject({ state: "GIVEN_UP", adminPasswordHash: null });
}

const becomeCompleted = (name: string) =>
  eventually(
    async () => expect(await scene.rowOf(name)).toMatchObject({ state: "COMPLETED", adminPasswordHash: null }),
    {
      withinMs: 15_000,
    },
  );

describe("a registration that EMS does not answer", () => {
  it("says DEPENDENCY_DOWN, and is finished without a further call when EMS is back", async () => {
    const request = aRegistrationRequest();
    scene.ems.script = outOfReach;
    expect(await refusalOf(scene.directory().registerAgency(request))).toBe("DEPENDENCY_DOWN");
    const { registrations } = await scene.directory().listRegistrations({ states: [RegistrationState.STARTED] });
    expect(registrations).toContainEqual(
      expect.objectContaining({ agencyName: request.profile.name, adminEmail: request.admin.email, reason: "" }),
    );
    expect(await refusalOf(scene.logIn(request.admin))).toBe("CREDENTIALS_INVALID");
    scene.ems.script = answering;
    scene.beLate();
    await becomeCompleted(request.profile.name);
    const [last] = scene.ems.asked.slice(-1);
    expect(last?.caller).toEqual({ service: "center" });
    const { user } = await scene.logIn(request.admin);
    const { agency, admin } = await scene.directory().registerAgency(request);
    expect(admin).toEqual(user);
    expect(agency?.id).toBe(user?.organizationId);
  });

  it("can be finished by the same call again, as the same agency, though the answer was lost", async () => {
    const request = aRegistrationRequest();
    scene.ems.script = losingAnswers;
    expect(await refusalOf(scene.directory().registerAgency(request))).toBe("DEPENDENCY_DOWN");
    scene.ems.script = answering;
    const { agency } = await scene.directory().registerAgency(request);
    const created = [...scene.ems.agencies.values()].filter(({ name }) => name === request.profile.name);
    expect(created.map(({ id }) => id)).toEqual([agency?.id]);
  });

  it("keeps the address and the name for itself until it is over", async () => {
    const request = aRegistrationRequest();
    scene.ems.script = outOfReach;
    await refusalOf(scene.directory().registerAgency(request));
    const { email } = request.admin;
    const user = { email, password: goodPassword, name: "Rival", userType: UserType.CENTER, roles: [Role.VIEWER] };
    expect(await refusalOf(scene.center.client(UserService).createUser(user))).toBe("RESOURCE_EXISTS");
    const rival = aRegistrationRequest({ admin: aFirstAdmin({ email }) });
    expect(await refusalOf(scene.directory().registerAgency(rival))).toBe("RESOURCE_EXISTS");
    const namesake = aRegistrationRequest({ profile: request.profile });
    expect(await refusalOf(scene.directory().registerAgency(namesake))).toBe("RESOURCE_EXISTS");
    scene.ems.script = answering;
    expect(await refusalOf(scene.directory().registerAgency(request))).toBe("answered");
  });

  it("says DEPENDENCY_DOWN while EMS is out of reach altogether", async () => {
    await using alone = await startTestCenter("center without ems");
    const call = alone.client(AgencyDirectoryService).registerAgency(aRegistrationRequest());
    expect(await refusalOf(call)).toBe("DEPENDENCY_DOWN");
  });

  it("waits for the event if the agency has changed before Center heard of it", async () => {
    const request = aRegistrationRequest();
    scene.ems.script = losingAnswers;
    await refusalOf(scene.directory().registerAgency(request));
    const created = [...scene.ems.agencies.values()].find(({ name }) => name === request.profile.name);
    if (!created) throw new Error("EMS has created nothing");
    const changed = scene.ems.change({ agencyId: created.id, status: ServiceStatus.INACTIVE });
    scene.ems.script = answering;
    expect(await refusalOf(scene.directory().registerAgency(request))).toBe("CONCURRENT_CHANGE");
    expect(await scene.rowOf(request.profile.name)).toMatchObject({ state: "STARTED" });
    await scene.producer.tell(agencyRegistered(created));
    await scene.producer.tell(agencyUpdated(changed, 2));
    scene.beLate();
    await becomeCompleted(request.profile.name);
    await eventually(async () => {
      const { agency } = await scene.directory().getAgency({ agencyId: created.id });
      expect(agency).toEqual(changed);
    });
    expect((await scene.logIn(request.admin)).user?.organizationId).toBe(created.id);
  });
});

describe("a registration that EMS refuses", () => {
  it.each([
    ["another has its identity", Reason.RESOURCE_EXISTS],
    ["it breaks a rule", Reason.VALIDATION_FAILED],
  ])("because %s passes the reason on and leaves nothing, however often it is asked for", async (_why, reason) => {
    const request = aRegistrationRequest();
    scene.ems.script = refusing(reason);
    const first = await refusalOf(scene.directory().registerAgency(request));
    expect(first).toBe(reasonName(reason));
    await expectNothingLeftOf(request);
    scene.ems.script = answering;
    expect(await refusalOf(scene.directory().registerAgency(request))).toBe(first);
    await expectNothingLeftOf(request);
  });

  it("gives the address free for another", async () => {
    const request = aRegistrationRequest();
    scene.ems.script = refusing(Reason.RESOURCE_EXISTS);
    await refusalOf(scene.directory().registerAgency(request));
    scene.ems.script = answering;
    const { admin } = await scene.directory().registerAgency({ ...request, requestId: newId() });
    expect(admin?.email).toBe(request.admin.email);
  });

  it("is given up as well when EMS says so later, and the same request then hears why", async () => {
    const request = aRegistrationRequest();
    scene.ems.script = outOfReach;
    expect(await refusalOf(scene.directory().registerAgency(request))).toBe("DEPENDENCY_DOWN");
    scene.ems.script = refusing(Reason.RESOURCE_EXISTS);
    scene.beLate();
    await eventually(() => expectNothingLeftOf(request), { withinMs: 15_000 });
    scene.ems.script = answering;
    expect(await refusalOf(scene.directory().registerAgency(request))).toBe("RESOURCE_EXISTS");
    const { registrations } = await scene.directory().listRegistrations({ states: [RegistrationState.GIVEN_UP] });
    const registration = registrations.find(({ agencyName }) => agencyName === request.profile.name);
    expect(registration).toMatchObject({ state: RegistrationState.GIVEN_UP, reason: "RESOURCE_EXISTS" });
    expect(registration?.endTime).toBeDefined();
  });

  it("is not given up for a refusal of the call alone: an earlier one may have been carried out", async () => {
    const request = aRegistrationRequest();
    scene.ems.script = refusing(Reason.METHOD_NOT_ALLOWED);
    expect(await refusalOf(scene.directory().registerAgency(request))).toBe("METHOD_NOT_ALLOWED");
    scene.ems.script = answering;
    scene.beLate();
    await becomeCompleted(request.profile.name);
  });
});
