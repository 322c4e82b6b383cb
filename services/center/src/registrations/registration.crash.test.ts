import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { create } from "@bufbuild/protobuf";
import { AgencyDirectoryService, RegistrationState } from "#gen/medport/center/v1/agency_directory_service_pb.ts";
import { AuthService } from "#gen/medport/center/v1/auth_service_pb.ts";
import { AgencyProfileSchema, ServiceStatus } from "#gen/medport/ems/v1/agency_pb.ts";
import { createUnitOfWork } from "#platform/database/unit-of-work.ts";
import { newId } from "#platform/id.ts";
import { eventually } from "#platform/testing/eventually.ts";
import { anAgencyProfile } from "../agencies/agency.builder.ts";
import { agencyFromMessage } from "../agencies/agency.message.ts";
import { saveAgency } from "../agencies/agency.store.ts";
import type { AgencyId } from "../agencies/agency.ts";
import { anEmsAgency, StandInEms } from "../agencies/stand-in-ems.builder.ts";
import { type CenterDatabase, openCenterDatabase, startTestCenter, type TestCenter } from "../center.builder.ts";
import { createPasswordHasher } from "../passwords/password.hasher.ts";
import { goodPassword } from "../users/account.builder.ts";
import { checkPerson, reserveEmail } from "../users/account.creation.ts";
import { UserEntity } from "../users/user.entity.ts";
import type { UserId } from "../users/user.ts";
import { aFirstAdmin } from "./first-admin.builder.ts";
import { insertRegistration } from "./registration.store.ts";
import { finishRegistrations } from "./registration.sweeper.ts";
import type { StartedRegistration } from "./registration.ts";

const anHourAgo = new Date(Date.now() - 3_600_000);

/** Leaves what the first step leaves: the registration, and the e-mail address kept for it. */
async function leaveFirstStep({ database }: CenterDatabase): Promise<StartedRegistration> {
  const hasher = await createPasswordHasher({ cost: 4 });
  const admin = await checkPerson(aFirstAdmin(), hasher);
  const agencyId = newId() as AgencyId;
  const profile = create(AgencyProfileSchema, anAgencyProfile({ name: `Agency ${agencyId}` }));
  const registration: StartedRegistration = {
    state: "STARTED",
    ...{ agencyId, agencyName: profile.name, userId: "center-1", adminUserId: newId() as UserId },
    ...{ adminEmail: admin.email, startTime: anHourAgo, profile, agencyStatus: "ACTIVE", admin },
  };
  await database.transaction(async (tx) => {
    await reserveEmail(tx, admin.email, agencyId, anHourAgo);
    await insertRegistration(tx, registration, undefined);
  });
  return registration;
}

/** Leaves what EMS's part of the second step leaves. */
function leaveAtEms(ems: StandInEms, { agencyId: id, profile }: StartedRegistration): ReturnType<typeof anEmsAgency> {
  const { $typeName: _, $unknown: __, ...fields } = profile;
  const agency = anEmsAgency({ ...fields, id });
  ems.agencies.set(id, agency);
  return agency;
}

describe("a registration in whose midst Center ended", () => {
  let center: TestCenter;
  const ems = new StandInEms();
  const left = new Map<string, StartedRegistration>();

  beforeAll(async () => {
    center = await startTestCenter("center crashes", {
      ems: ems.routes,
      beforeStart: async (base) => {
        const leave = async (point: string): Promise<StartedRegistration> => {
          const registration = await leaveFirstStep(base);
          left.set(point, registration);
          return registration;
        };
        await leave("before EMS was asked");
        leaveAtEms(ems, await leave("before EMS's answer came"));
        const heard = leaveAtEms(ems, await leave("when only the event about the agency had come"));
        await base.database.transaction((tx) => saveAgency(tx, agencyFromMessage(heard, 1), anHourAgo));
        const disabled = await leave("and whose agency was disabled since");
        leaveAtEms(ems, disabled);
        const changed = ems.change({ agencyId: disabled.agencyId, status: ServiceStatus.INACTIVE });
        await base.database.transaction((tx) => saveAgency(tx, agencyFromMessage(changed, 2), anHourAgo));
      },
    });
  });
  afterAll(async () => center[Symbol.asyncDispose]());

  it.each([
    "before EMS was asked",
    "before EMS's answer came",
    "when only the event about the agency had come",
    "and whose agency was disabled since",
  ])("%s is finished by the next one", async (point) => {
    const registration = left.get(point);
    if (!registration) throw new Error(`nothing was left ${point}`);
    const { agencyId, adminEmail } = registration;
    await eventually(
      async () => {
        const login = center.clientWith(AuthService, {}).login({ email: adminEmail, password: goodPassword });
        expect((await login).user?.organizationId).toBe(agencyId);
      },
      { withinMs: 15_000 },
    );
    const directory = center.client(AgencyDirectoryService);
    const { agency } = await directory.getAgency({ agencyId });
    expect(agency?.status).toBe(ems.agencies.get(agencyId)?.status);
    expect(await center.database.fork().count(UserEntity, { agencyId })).toBe(1);
    const { registrations } = await directory.listRegistrations({ states: [RegistrationState.COMPLETED] });
    expect(registrations.map((done) => done.agencyId)).toContain(agencyId);
  });
});

describe("finishing registrations", () => {
  let base: CenterDatabase;
  beforeAll(async () => {
    base = await openCenterDatabase("center unfinished");
  });
  afterAll(async () => base[Symbol.asyncDispose]());

  const options = (clock: () => Date) => {
    const { database } = base;
    const asked: string[] = [];
    const createAgency = ({ agencyId = "" }): Promise<{ $typeName: "medport.ems.v1.CreateAgencyResponse" }> => {
      asked.push(agencyId);
      return Promise.reject(new Error("EMS has a fault"));
    };
    const unitOfWork = createUnitOfWork({ database, service: "center", clock, newId });
    return { asked, sweep: () => finishRegistrations({ database, unitOfWork, agencies: { createAgency }, clock }) };
  };

  it("leaves those that have just begun to the calls that began them", async () => {
    const { agencyId } = await leaveFirstStep(base);
    const early = options(() => new Date(anHourAgo.getTime() + 2_999));
    await early.sweep();
    expect(early.asked).toEqual([]);
    const late = options(() => new Date(anHourAgo.getTime() + 3_000));
    await expect(late.sweep()).rejects.toThrow("could not be finished");
    expect(late.asked).toContain(agencyId);
  });

  it("goes on with the others when EMS has no answer to one", async () => {
    const two = [await leaveFirstStep(base), await leaveFirstStep(base)];
    const { asked, sweep } = options(() => new Date());
    await expect(sweep()).rejects.toThrow(AggregateError);
    expect(asked).toEqual(expect.arrayContaining(two.map(({ agencyId }) => agencyId)));
  });
});
