import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { create } from "@bufbuild/protobuf";
import { timestampDate, timestampFromDate } from "@bufbuild/protobuf/wkt";
import { AgencyDirectoryService } from "#gen/medport/center/v1/agency_directory_service_pb.ts";
import { ServiceRegistryService, ServiceType } from "#gen/medport/center/v1/service_registry_service_pb.ts";
import { type Agency as AgencyMessage, AgencySchema, ServiceStatus } from "#gen/medport/ems/v1/agency_pb.ts";
import { AgencyService, type CreateAgencyRequest } from "#gen/medport/ems/v1/agency_service_pb.ts";
import { Reason } from "#gen/medport/errors/v1/reason_pb.ts";
import { AgencyRegisteredSchema, AgencyUpdatedSchema } from "#gen/medport/events/v1/agency_events_pb.ts";
import { aCenterUser, aUser } from "#platform/auth/auth.builder.ts";
import { type Caller, callerOf } from "#platform/auth/caller.ts";
import { platformTables } from "#platform/database/platform-tables.ts";
import type { PendingEvent } from "#platform/events/outbox.ts";
import { newId } from "#platform/id.ts";
import { requestIdOf } from "#platform/rpc/call.ts";
import { reasonOf, refuse } from "#platform/rpc/refusal.ts";
import { eventually } from "#platform/testing/eventually.ts";
import { type EventProducer, startTestCenter, type TestCenter } from "../center.builder.ts";
import { ReferenceEntity } from "../references/reference.entity.ts";
import { anAgencyProfile } from "./agency.builder.ts";
import { AgencyEntity } from "./agency.entity.ts";

/** What stands in EMS's place: it keeps what it was asked, and answers as EMS would. */
class EmsBorder {
  readonly asked: { readonly request: CreateAgencyRequest; readonly caller: Caller; readonly requestId: string }[] = [];
  readonly #agencies = new Map<string, AgencyMessage>();
  /** The next answer is lost on its way although the agency was created. */
  losesAnswer = false;
  refuses: Reason | undefined;

  create(request: CreateAgencyRequest, caller: Caller, requestId: string): AgencyMessage {
    this.asked.push({ request, caller, requestId });
    if (this.refuses !== undefined) throw refuse(this.refuses, "the border says no");
    const known = this.#agencies.get(request.agencyId);
    const name = request.profile?.name ?? "";
    const agency = known ?? aMessage({ id: request.agencyId, name, status: request.status });
    this.#agencies.set(agency.id, agency);
    if (!this.losesAnswer) return agency;
    this.losesAnswer = false;
    throw new Error("the answer is lost");
  }

  get created(): readonly string[] {
    return [...this.#agencies.keys()];
  }
}

let center: TestCenter;
let producer: EventProducer;
const ems = new EmsBorder();
const directory = (user = aCenterUser()) => center.client(AgencyDirectoryService, user);

beforeAll(async () => {
  center = await startTestCenter("center agencies", {
    ems: (router) =>
      router.service(AgencyService, {
        createAgency: (request, context) => ({ agency: ems.create(request, callerOf(context), requestIdOf(context)) }),
      }),
  });
  producer = await center.producer("ems");
});
afterAll(async () => center[Symbol.asyncDispose]());

function aMessage(over: Partial<AgencyMessage>): AgencyMessage {
  const time = timestampFromDate(new Date("2026-03-01T12:00:00Z"));
  const usual = { active: true, status: ServiceStatus.ACTIVE, etag: '"1"', createTime: time, updateTime: time };
  return { ...create(AgencySchema, { ...anAgencyProfile(), ...usual }), ...over };
}

function registered(agency: AgencyMessage): PendingEvent {
  return { schema: AgencyRegisteredSchema, message: { agency }, aggregateId: agency.id, version: 1 };
}

function updated(agency: AgencyMessage, version: number): PendingEvent {
  return { schema: AgencyUpdatedSchema, message: { agency }, aggregateId: agency.id, version };
}

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

const rowOf = (id: string) => center.database.fork().findOne(AgencyEntity, { id });

describe("registering an agency", () => {
  it("has EMS create it as active, in the person's name and Center's, and answers what EMS said", async () => {
    const { agency } = await directory().registerAgency({ profile: anAgencyProfile() });
    const [asked] = ems.asked.slice(-1);
    expect(asked?.caller).toMatchObject({ service: "center", user: { userId: aCenterUser().userId } });
    expect(asked?.request).toMatchObject({ agencyId: agency?.id, status: ServiceStatus.ACTIVE });
    expect(asked?.requestId).not.toBe("");
    const { pricing: _, ...profile } = anAgencyProfile();
    expect(agency).toMatchObject({
      ...profile,
      active: true,
      etag: '"1"',
    });
  });

  it("has it in the directory, the registry and the references when it answers", async () => {
    const name = `Registered ${newId()}`;
    const { agency } = await directory().registerAgency({ profile: anAgencyProfile({ name }) });
    const id = agency?.id ?? "";
    expect((await directory().listAgencies({ pageSize: 500 })).agencies).toContainEqual(agency);
    const { services } = await center.client(ServiceRegistryService).listServices({ type: ServiceType.EMS_AGENCY });
    expect(services).toContainEqual(expect.objectContaining({ id, name, status: ServiceStatus.ACTIVE, alive: true }));
    expect(await center.database.fork().count(ReferenceEntity, { entityType: "agency", entityId: id })).toBe(1);
    expect(await rowOf(id)).toMatchObject({ addedBy: aCenterUser().userId, version: 1, importedAt: null });
    expect(await eventsAbout(id)).toEqual(["ServiceAdded"]);
  });

  it("creates one agency when the answer of EMS was lost and the request is repeated", async () => {
    const before = ems.created.length;
    const request = { requestId: newId(), profile: anAgencyProfile() };
    ems.losesAnswer = true;
    const first = await refusalOf(directory().registerAgency(request));
    const { agency } = await directory().registerAgency(request);
    expect(first).toBe("INTERNAL");
    expect(ems.created.slice(before)).toEqual([agency?.id]);
  });

  it("gives the first answer again for the same request_id", async () => {
    const request = { requestId: newId(), profile: anAgencyProfile() };
    const answers = [await directory().registerAgency(request), await directory().registerAgency(request)];
    expect(answers[1]).toEqual(answers[0]);
  });

  it("passes on what EMS refuses, with the same reason, and keeps nothing", async () => {
    ems.refuses = Reason.RESOURCE_EXISTS;
    const answer = await refusalOf(directory().registerAgency({ profile: anAgencyProfile() }));
    ems.refuses = undefined;
    expect(answer).toBe("RESOURCE_EXISTS");
    expect(await rowOf(ems.asked.at(-1)?.request.agencyId ?? "")).toBeNull();
  });

  it("changes nothing when the event about it comes after the answer", async () => {
    const { agency } = await directory().registerAgency({ profile: anAgencyProfile() });
    if (!agency) throw new Error("answered without an agency");
    const later = aMessage({ id: newId() });
    await producer.tell(registered(agency), registered(later));
    await eventually(async () => expect(await rowOf(later.id)).not.toBeNull());
    expect(await eventsAbout(agency.id)).toEqual(["ServiceAdded"]);
    expect(await rowOf(agency.id)).toMatchObject({ addedBy: aCenterUser().userId });
  });

  it("is refused to everybody but Center's admins", async () => {
    const request = { profile: anAgencyProfile() };
    expect(await refusalOf(directory(aUser({ roles: ["orgAdmin"] })).registerAgency(request))).toBe(
      "METHOD_NOT_ALLOWED",
    );
    expect(await refusalOf(directory(aCenterUser({ roles: ["dispatcher"] })).registerAgency(request))).toBe(
      "METHOD_NOT_ALLOWED",
    );
  });

  it("says DEPENDENCY_DOWN while EMS is out of reach", async () => {
    await using alone = await startTestCenter("center without ems");
    const call = alone.client(AgencyDirectoryService).registerAgency({ profile: anAgencyProfile() });
    expect(await refusalOf(call)).toBe("DEPENDENCY_DOWN");
  });
});

describe("the directory", () => {
  it("takes over what EMS tells, the newest last", async () => {
    const agency = aMessage({ id: newId(), name: `Told ${newId()}` });
    const inactive = aMessage({
      id: agency.id,
      name: agency.name,
      status: ServiceStatus.INACTIVE,
      phone: "814-555-0199",
      etag: '"2"',
    });
    await producer.tell(registered(agency));
    await producer.tell(updated(inactive, 2));
    await eventually(async () => {
      const { agencies } = await directory().listAgencies({ pageSize: 500 });
      expect(agencies.find(({ id }) => id === agency.id)).toEqual(inactive);
    });
    expect(await eventsAbout(agency.id)).toEqual(["ServiceAdded", "ServiceUpdated"]);
  });

  it("keeps the names of the registry unique though two agencies bear one", async () => {
    const [one, other] = [aMessage({ id: newId(), name: "Twin" }), aMessage({ id: newId(), name: "Twin" })];
    await producer.tell(registered(one), registered(other));
    await eventually(async () => {
      const { services } = await center.client(ServiceRegistryService).listServices({});
      const names = services.filter(({ id }) => id === one.id || id === other.id).map(({ name }) => name);
      expect(names.toSorted()).toEqual(["Twin", `Twin (${other.id})`]);
    });
  });

  it("lists those that take part, and those that serve a county", async () => {
    const county = newId();
    const open = aMessage({ id: newId(), serviceArea: [`county:${county}`] });
    const pending = aMessage({ id: newId(), serviceArea: [`county:${county}`], status: ServiceStatus.PENDING });
    const off = aMessage({ id: newId(), serviceArea: [`county:${county}`], active: false });
    await producer.tell(registered(open), registered(pending), registered(off));
    await eventually(async () => {
      expect((await directory().listAgencies({ county })).agencies).toHaveLength(3);
    });
    const { agencies } = await directory(aUser()).listAgencies({ county, availableOnly: true });
    expect(agencies.map(({ id }) => id)).toEqual([open.id]);
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
    const call = directory(aUser({ userType: "EMS", organizationId: "agency-1" })).listAgencies({});
    expect(await refusalOf(call)).toBe("METHOD_NOT_ALLOWED");
  });
});
