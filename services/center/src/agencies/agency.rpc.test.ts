import { afterAll, afterEach, beforeAll, describe, expect, it } from "@jest/globals";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import { AgencyDirectoryService } from "#gen/medport/center/v1/agency_directory_service_pb.ts";
import { ServiceRegistryService } from "#gen/medport/center/v1/service_registry_service_pb.ts";
import { type Agency, ServiceStatus } from "#gen/medport/ems/v1/agency_pb.ts";
import { aCenterUser, aUser } from "#platform/auth/auth.builder.ts";
import { platformTables } from "#platform/database/platform-tables.ts";
import { newId } from "#platform/id.ts";
import { reasonOf } from "#platform/rpc/refusal.ts";
import { eventually } from "#platform/testing/eventually.ts";
import { type EventProducer, startTestCenter, type TestCenter } from "../center.builder.ts";
import { createAccount } from "../users/account.builder.ts";
import { UserEntity } from "../users/user.entity.ts";
import { AgencyEntity } from "./agency.entity.ts";
import {
  agencyRegistered,
  agencyUpdated,
  anEmsAgency,
  answering,
  losingAnswers,
  outOfReach,
  StandInEms,
} from "./stand-in-ems.builder.ts";

const { ACTIVE, INACTIVE, PENDING } = ServiceStatus;

let center: TestCenter;
let producer: EventProducer;
const ems = new StandInEms();
const directory = (user = aCenterUser()) => center.client(AgencyDirectoryService, user);

beforeAll(async () => {
  center = await startTestCenter("center agencies", { ems: ems.routes });
  producer = await center.producer("ems");
});
afterAll(async () => center[Symbol.asyncDispose]());
afterEach(() => {
  ems.script = answering;
});

async function refusalOf(call: Promise<unknown>): Promise<string | undefined> {
  return call.then(
    () => "answered",
    (error: unknown) => reasonOf(error),
  );
}

async function eventsAbout(aggregateId: string): Promise<readonly string[]> {
  const rows = await platformTables(center.database.fork())
    .selectFrom("outbox_event")
    .select("event_type")
    .where("aggregate_id", "=", aggregateId)
    .orderBy("seq")
    .execute();
  return rows.map(({ event_type }) => event_type.replace("medport.events.v1.", ""));
}

/** Has EMS tell of agencies, and waits until the directory has them. */
async function heard(...agencies: readonly Agency[]): Promise<readonly Agency[]> {
  await producer.tell(...agencies.map(agencyRegistered));
  await eventually(async () => {
    const count = await center.database.fork().count(AgencyEntity, { id: { $in: agencies.map(({ id }) => id) } });
    expect(count).toBe(agencies.length);
  });
  return agencies;
}

/** An agency that EMS and the directory know. */
async function anAgencyOf(status: ServiceStatus): Promise<Agency> {
  const agency = anEmsAgency({ id: newId(), name: `Agency ${newId()}`, status });
  ems.agencies.set(agency.id, agency);
  await heard(agency);
  return agency;
}

describe("the directory", () => {
  it("takes over what EMS tells, the newest last", async () => {
    const agency = anEmsAgency({ id: newId(), name: `Told ${newId()}` });
    const inactive = { ...agency, status: INACTIVE, phone: "814-555-0199", etag: '"2"' };
    await producer.tell(agencyRegistered(agency));
    await producer.tell(agencyUpdated(inactive, 2));
    await eventually(async () => {
      const { agencies } = await directory().listAgencies({ pageSize: 500 });
      expect(agencies.find(({ id }) => id === agency.id)).toEqual(inactive);
    });
    expect(await eventsAbout(agency.id)).toEqual(["ServiceAdded", "ServiceUpdated"]);
  });

  it("keeps the names of the registry unique though two agencies bear one", async () => {
    const [one, other] = [anEmsAgency({ id: newId(), name: "Twin" }), anEmsAgency({ id: newId(), name: "Twin" })];
    await producer.tell(agencyRegistered(one), agencyRegistered(other));
    await eventually(async () => {
      const { services } = await center.client(ServiceRegistryService).listServices({});
      const names = services.filter(({ id }) => id === one.id || id === other.id).map(({ name }) => name);
      expect(names.toSorted()).toEqual(["Twin", `Twin (${other.id})`]);
    });
  });

  it("lists those that take part, those that serve a county, and those of some statuses", async () => {
    const county = newId();
    const serviceArea = [`county:${county}`];
    const open = anEmsAgency({ id: newId(), serviceArea });
    const pending = anEmsAgency({ id: newId(), serviceArea, status: PENDING });
    const disabled = anEmsAgency({ id: newId(), serviceArea, status: INACTIVE });
    const off = anEmsAgency({ id: newId(), serviceArea, active: false });
    await heard(open, pending, disabled, off, anEmsAgency({ id: newId() }));
    const listed = async (request: Parameters<ReturnType<typeof directory>["listAgencies"]>[0]) =>
      new Set((await directory().listAgencies({ county, ...request })).agencies.map(({ id }) => id));
    expect(await listed({})).toEqual(new Set([open.id, pending.id, disabled.id, off.id]));
    expect(await listed({ availableOnly: true })).toEqual(new Set([open.id]));
    expect(await listed({ statuses: [PENDING] })).toEqual(new Set([pending.id]));
    expect(await listed({ statuses: [PENDING, INACTIVE] })).toEqual(new Set([pending.id, disabled.id]));
  });

  it("finds those that serve a county however it is written", async () => {
    const county = `Blair ${newId()}`;
    const agencies = [`county:${county}`, `County: ${county.toUpperCase()} `, ` county:${county.toLowerCase()}`].map(
      (area) => anEmsAgency({ id: newId(), serviceArea: [area] }),
    );
    await heard(...agencies, anEmsAgency({ id: newId(), serviceArea: [county, `county:${county} North`] }));
    for (const asked of [county, ` ${county.toUpperCase()}`]) {
      const { agencies: found } = await directory().listAgencies({ county: asked });
      expect(found.map(({ id }) => id).toSorted()).toEqual(agencies.map(({ id }) => id).toSorted());
    }
  });

  it("leaves an entry in Center's audit log when an agency's news change the registry", async () => {
    const agency = await anAgencyOf(PENDING);
    const rows: readonly unknown[] = await center.database
      .fork()
      .execute("select action, decision from audit_entry where entities @> ?::jsonb", [
        JSON.stringify([{ type: "service", id: agency.id }]),
      ]);
    expect(rows).toEqual([{ action: "medport.events.v1.AgencyRegistered", decision: "ALLOWED" }]);
  });

  it("shows hospitals those alone that they can ask", async () => {
    const county = newId();
    const serviceArea = [`county:${county}`];
    const open = anEmsAgency({ id: newId(), serviceArea });
    const pending = anEmsAgency({ id: newId(), serviceArea, status: PENDING });
    await heard(open, pending);
    const hospital = directory(aUser());
    const ids = async (request = {}) =>
      (await hospital.listAgencies({ county, ...request })).agencies.map(({ id }) => id);
    expect(await ids()).toEqual([open.id]);
    expect(await ids({ statuses: [PENDING] })).toEqual([]);
    expect((await hospital.getAgency({ agencyId: open.id })).agency).toEqual(open);
    expect(await refusalOf(hospital.getAgency({ agencyId: pending.id }))).toBe("RESOURCE_NOT_FOUND");
    expect(await refusalOf(hospital.getAgency({ agencyId: newId() }))).toBe("RESOURCE_NOT_FOUND");
    expect((await directory().getAgency({ agencyId: pending.id })).agency).toEqual(pending);
  });

  it("tells Center alone in which of them nobody can log in", async () => {
    const [staffed, left, empty] = [newId(), newId(), newId()];
    await heard(...[staffed, left, empty].map((id) => anEmsAgency({ id })));
    for (const organizationId of [staffed, left]) {
      await createAccount(center.database, { membership: { userType: "EMS", organizationId } });
    }
    await center.database.fork().nativeUpdate(UserEntity, { agencyId: left }, { isActive: false });
    const { agencies } = await directory().listAgencies({ withoutActiveUsers: true, pageSize: 500 });
    const ids = agencies.map(({ id }) => id);
    expect(ids).toEqual(expect.arrayContaining([left, empty]));
    expect(ids).not.toContain(staffed);
    expect(await refusalOf(directory(aUser()).listAgencies({ withoutActiveUsers: true }))).toBe("ACTION_NOT_ALLOWED");
  });

  it("says until when it knows what EMS told", async () => {
    const asked = new Date();
    await eventually(async () => {
      const { asOfTime } = await directory().listAgencies({ pageSize: 1 });
      expect(asOfTime && timestampDate(asOfTime).getTime()).toBeGreaterThanOrEqual(asked.getTime());
    });
  });

  it("gives each once, by name, over all pages", async () => {
    const listed: { id: string; name: string }[] = [];
    let pageToken = "";
    do {
      const page = await directory().listAgencies({ pageSize: 2, pageToken });
      listed.push(...page.agencies);
      pageToken = page.nextPageToken;
    } while (pageToken !== "");
    expect(new Set(listed.map(({ id }) => id)).size).toBe(listed.length);
    expect(listed).toHaveLength(await center.database.fork().count(AgencyEntity));
  });

  it("is not for agencies, which know themselves", async () => {
    const agency = directory(aUser({ userType: "EMS", organizationId: "agency-1" }));
    expect(await refusalOf(agency.listAgencies({}))).toBe("METHOD_NOT_ALLOWED");
    expect(await refusalOf(agency.getAgency({ agencyId: "agency-1" }))).toBe("METHOD_NOT_ALLOWED");
  });
});

describe("commanding an agency's part", () => {
  it("approves one that waits, disables it and enables it again: at once in the directory and in the registry", async () => {
    const { id: agencyId } = await anAgencyOf(PENDING);
    const registered = async () => {
      const { services } = await center.client(ServiceRegistryService).listServices({});
      return services.find(({ id }) => id === agencyId)?.status;
    };
    const steps = [
      [() => directory().approveAgency({ agencyId }), ACTIVE],
      [() => directory().disableAgency({ agencyId }), INACTIVE],
      [() => directory().enableAgency({ agencyId }), ACTIVE],
    ] as const;
    for (const [command, status] of steps) {
      const { agency } = await command();
      expect(agency?.status).toBe(status);
      expect((await directory().getAgency({ agencyId })).agency).toEqual(agency);
      expect(ems.agencies.get(agencyId)).toEqual(agency);
      expect(await registered()).toBe(status);
    }
    expect(await eventsAbout(agencyId)).toEqual(["ServiceAdded", "ServiceUpdated", "ServiceUpdated", "ServiceUpdated"]);
  });

  it("changes nothing when the event about it comes after the answer", async () => {
    const { id: agencyId } = await anAgencyOf(ACTIVE);
    const { agency } = await directory().disableAgency({ agencyId });
    if (!agency) throw new Error("answered without an agency");
    await producer.tell(agencyUpdated(agency, 2));
    await producer.tell(agencyUpdated({ ...agency, phone: "814-555-0177", etag: '"3"' }, 3));
    await eventually(async () => {
      expect((await directory().getAgency({ agencyId })).agency?.phone).toBe("814-555-0177");
    });
    expect(await eventsAbout(agencyId)).toEqual(["ServiceAdded", "ServiceUpdated"]);
  });

  it("does not approve one that was disabled, nor enable one that waits", async () => {
    const [waiting, disabled] = [await anAgencyOf(PENDING), await anAgencyOf(INACTIVE)];
    const approve = directory().approveAgency({ agencyId: disabled.id });
    expect(await refusalOf(approve)).toBe("INVALID_STATE_TRANSITION");
    const enable = directory().enableAgency({ agencyId: waiting.id });
    expect(await refusalOf(enable)).toBe("INVALID_STATE_TRANSITION");
    expect(ems.agencies.get(disabled.id)?.status).toBe(INACTIVE);
    expect(ems.agencies.get(waiting.id)?.status).toBe(PENDING);
  });

  it("decides by what EMS has, whatever the directory has heard of it", async () => {
    const { id: agencyId } = await anAgencyOf(PENDING);
    ems.change({ agencyId, status: INACTIVE });
    expect(await refusalOf(directory().approveAgency({ agencyId }))).toBe("INVALID_STATE_TRANSITION");
  });

  it("does not overrule who disables an agency at the moment of its approval", async () => {
    const { id: agencyId } = await anAgencyOf(PENDING);
    ems.meanwhile = () => ems.change({ agencyId, status: INACTIVE });
    expect(await refusalOf(directory().approveAgency({ agencyId }))).toBe("INVALID_STATE_TRANSITION");
    expect(ems.agencies.get(agencyId)?.status).toBe(INACTIVE);
  });

  it("is refused to who has not seen the last change", async () => {
    const { id: agencyId, etag } = await anAgencyOf(ACTIVE);
    await directory().disableAgency({ agencyId, etag });
    expect(await refusalOf(directory().enableAgency({ agencyId, etag }))).toBe("ETAG_MISMATCH");
  });

  it("gives the first answer again for the same request_id, and commands nothing again", async () => {
    const { id: agencyId } = await anAgencyOf(ACTIVE);
    const request = { agencyId, requestId: newId() };
    const first = await directory().disableAgency(request);
    await directory().enableAgency({ agencyId });
    expect(await directory().disableAgency(request)).toEqual(first);
    expect(ems.agencies.get(agencyId)?.status).toBe(ACTIVE);
    const other = await anAgencyOf(ACTIVE);
    const reused = directory().disableAgency({ ...request, agencyId: other.id });
    expect(await refusalOf(reused)).toBe("REQUEST_ID_REUSED");
    expect(ems.agencies.get(other.id)?.status).toBe(ACTIVE);
  });

  it("can be repeated after the answer of EMS was lost", async () => {
    const { id: agencyId } = await anAgencyOf(PENDING);
    const request = { agencyId, requestId: newId() };
    ems.script = losingAnswers;
    expect(await refusalOf(directory().approveAgency(request))).toBe("DEPENDENCY_DOWN");
    ems.script = answering;
    expect((await directory().approveAgency(request)).agency).toMatchObject({ status: ACTIVE, etag: '"2"' });
  });

  it("says DEPENDENCY_DOWN while EMS is out of reach, and leaves the directory as it is", async () => {
    const agency = await anAgencyOf(ACTIVE);
    ems.script = outOfReach;
    expect(await refusalOf(directory().disableAgency({ agencyId: agency.id }))).toBe("DEPENDENCY_DOWN");
    expect((await directory().getAgency({ agencyId: agency.id })).agency).toEqual(agency);
  });

  it("finds no agency that EMS does not know", async () => {
    expect(await refusalOf(directory().disableAgency({ agencyId: newId() }))).toBe("RESOURCE_NOT_FOUND");
  });

  it.each([
    ["a hospital's admin", aUser({ roles: ["orgAdmin"] })],
    ["an agency's own admin", aUser({ userType: "EMS", organizationId: "agency-1", roles: ["orgAdmin"] })],
    ["Center's dispatcher", aCenterUser({ roles: ["dispatcher"] })],
  ])("is refused to %s", async (_who, user) => {
    const { approveAgency, disableAgency, enableAgency } = directory(user);
    for (const command of [approveAgency, disableAgency, enableAgency]) {
      expect(await refusalOf(command({ agencyId: "agency-1" }))).toBe("METHOD_NOT_ALLOWED");
    }
  });
});
