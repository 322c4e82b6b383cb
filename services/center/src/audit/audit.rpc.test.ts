import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import type { ConnectRouter } from "@connectrpc/connect";
import { timestampFromDate, timestampMs } from "@bufbuild/protobuf/wkt";
import { AuditFilterSchema, AuditLogService } from "#gen/medport/audit/v1/audit_log_service_pb.ts";
import { AuditService, type ListAuditEntriesResponse } from "#gen/medport/center/v1/audit_service_pb.ts";
import { UserService } from "#gen/medport/center/v1/user_service_pb.ts";
import { Silo } from "#gen/medport/policy/v1/principal_pb.ts";
import { aCenterUser, aUser } from "#platform/auth/auth.builder.ts";
import type { UserIdentity } from "#platform/auth/caller.ts";
import { serviceFromSilo } from "#platform/auth/principal.ts";
import { auditLogRpc } from "#platform/audit/audit-log.rpc.ts";
import { createAuditLog } from "#platform/audit/audit-log.ts";
import { openSiloDatabase, type SiloDatabase } from "#platform/database/database.builder.ts";
import { createUnitOfWork } from "#platform/database/unit-of-work.ts";
import { newId } from "#platform/id.ts";
import { encodePageToken, type KeysetValue } from "#platform/rpc/page-token.ts";
import { reasonOf } from "#platform/rpc/refusal.ts";
import { startTestCenter, type TestCenter } from "../center.builder.ts";

let center: TestCenter;
let hospital: SiloDatabase;
let ems: SiloDatabase;
let emsIsDown = false;

beforeAll(async () => {
  hospital = await openSiloDatabase("audit hospital");
  ems = await openSiloDatabase("audit ems", { service: "ems" });
  center = await startTestCenter("center audit", {
    hospital: (router) => serveLog(router, hospital, "hospital"),
    ems: (router) => serveLog(router, ems, "ems"),
  });
});
afterAll(async () => {
  await center[Symbol.asyncDispose]();
  await Promise.all([hospital, ems].map((silo) => silo[Symbol.asyncDispose]()));
});

/** The silo's real log behind its real service. */
function serveLog(router: ConnectRouter, { database }: SiloDatabase, service: "hospital" | "ems"): void {
  const options = { database, service, clock: () => new Date(), newId } as const;
  const log = auditLogRpc({ auditLog: createAuditLog(options), unitOfWork: createUnitOfWork(options), service });
  router.service(AuditLogService, {
    listEntries: (request, context) => {
      if (emsIsDown && service === "ems") throw new Error("this silo's log is broken");
      return log.listEntries(request, context);
    },
  });
}

/** Writes entries a minute apart, as they would have been written then. */
async function write(
  { database }: Pick<SiloDatabase, "database">,
  action: string,
  minutes: readonly number[],
  { user, tripId }: { user?: Omit<UserIdentity, "token">; tripId?: string } = {},
): Promise<void> {
  for (const minute of minutes) {
    const clock = () => new Date(Date.UTC(2026, 2, 1, 12, minute));
    await createAuditLog({ database, clock, newId }).record({
      caller: user ? { user: { ...user, token: "" } } : {},
      action,
      decision: "ALLOWED",
      entities: tripId === undefined ? [] : [{ type: "trip", id: tripId }],
    });
  }
}

const list = (request: Parameters<ReturnType<typeof client>["listAuditEntries"]>[0]) =>
  client().listAuditEntries(request);
const client = (user = aCenterUser()) => center.client(AuditService, user);

async function listAll(action: string, pageSize: number): Promise<readonly ListAuditEntriesResponse[]> {
  const pages: ListAuditEntriesResponse[] = [];
  let pageToken = "";
  do {
    const page = await list({ filter: { action }, pageSize, pageToken });
    pages.push(page);
    pageToken = page.nextPageToken;
  } while (pageToken !== "");
  return pages;
}

function minutesOf(pages: readonly ListAuditEntriesResponse[]): readonly number[] {
  return pages.flatMap(({ entries }) =>
    entries.map(({ occurTime }) => new Date(occurTime ? timestampMs(occurTime) : 0).getUTCMinutes()),
  );
}

describe("listing what happened in all silos", () => {
  it("merges the three logs, newest first, each entry once, whatever the page's size", async () => {
    await write(hospital, "test.merge", [1, 4, 7, 8, 9]);
    await write(ems, "test.merge", [2, 5]);
    await write(center, "test.merge", [0, 3, 6]);
    for (const pageSize of [1, 3, 4, 100]) {
      expect(minutesOf(await listAll("test.merge", pageSize))).toEqual([9, 8, 7, 6, 5, 4, 3, 2, 1, 0]);
    }
    const [page] = await listAll("test.merge", 100);
    expect(page?.missingSilos).toEqual([]);
    expect(page?.entries.slice(0, 5).map(({ silo }) => silo)).toEqual([
      Silo.HOSPITAL,
      Silo.HOSPITAL,
      Silo.HOSPITAL,
      Silo.CENTER,
      Silo.EMS,
    ]);
  });

  it("leaves entries out that are written while somebody turns the pages", async () => {
    await write(hospital, "test.shift", [1, 2, 3, 4]);
    const first = await list({ filter: { action: "test.shift" }, pageSize: 2 });
    await createAuditLog({ database: hospital.database, clock: () => new Date(), newId }).record({
      caller: {},
      action: "test.shift",
      decision: "ALLOWED",
    });
    const second = await list({ filter: { action: "test.shift" }, pageSize: 2, pageToken: first.nextPageToken });
    expect(minutesOf([first, second])).toEqual([4, 3, 2, 1]);
  });

  it("finds who touched a record", async () => {
    const { user } = await center.client(UserService).createUser({
      email: `${newId()}@center.example`,
      password: "seven violet otters",
      name: "Casey Center",
      userType: 3,
      roles: [3],
    });
    const { entries } = await list({ filter: { entityType: "user", entityId: user?.id ?? "" } });
    expect(entries.map(({ action, userId, silo }) => [action, userId, silo])).toEqual([
      ["medport.center.v1.UserService/CreateUser", aCenterUser().userId, Silo.CENTER],
    ]);
  });

  it("keeps to the times that are asked for", async () => {
    await write(ems, "test.times", [10, 20, 30]);
    const time = (minute: number) => timestampFromDate(new Date(Date.UTC(2026, 2, 1, 12, minute)));
    const page = await list({ filter: { action: "test.times", fromTime: time(20), untilTime: time(30) } });
    expect(minutesOf([page])).toEqual([20]);
  });

  it("says whose entries are missing, and leaves them out to the end of the list", async () => {
    await write(hospital, "test.missing", [1, 3]);
    await write(ems, "test.missing", [2, 4]);
    emsIsDown = true;
    const first = await list({ filter: { action: "test.missing" }, pageSize: 1 });
    emsIsDown = false;
    const second = await list({ filter: { action: "test.missing" }, pageSize: 1, pageToken: first.nextPageToken });
    expect(minutesOf([first, second])).toEqual([3, 1]);
    expect([first.missingSilos, second.missingSilos]).toEqual([[Silo.EMS], [Silo.EMS]]);
  });

  it("records that somebody looked", async () => {
    await list({ filter: { action: "test.none" } });
    const { entries } = await list({ filter: { action: "medport.center.v1.AuditService/ListAuditEntries" } });
    expect(entries[0]).toMatchObject({ userId: aCenterUser().userId, entities: [{ type: "audit_log", id: "all" }] });
  });

  it("refuses a token that was made for another filter, or by another person", async () => {
    await write(hospital, "test.token", [1, 2]);
    const { nextPageToken: pageToken } = await list({ filter: { action: "test.token" }, pageSize: 1 });
    const calls = [
      list({ filter: { action: "test.other" }, pageToken }),
      client(aCenterUser({ userId: "center-2" })).listAuditEntries({ filter: { action: "test.token" }, pageToken }),
    ];
    const errors = await Promise.all(calls.map((call) => call.catch((error: unknown) => error)));
    expect(errors.map(reasonOf)).toEqual(["PAGE_TOKEN_MISMATCH", "PAGE_TOKEN_MISMATCH"]);
  });

  it.each([
    [[], "nothing"],
    [[1], "a time alone"],
    [["soon", ...threeSilos("MORE", "", 0)], "no time"],
    [[1, ...threeSilos("SOMETIMES", "", 0)], "an unknown state"],
    [[1, ...threeSilos("MORE", "", -1)], "less than nothing to pass over"],
    [[1, ...threeSilos("MORE", "", 500)], "more to pass over than a silo hands out"],
    [[1, ...threeSilos("MORE", "", 0), "more"], "a silo too many"],
  ])("refuses a token that somebody made up to hold %j: %s", async (keyset) => {
    const error: unknown = await list({ pageToken: madeUp(keyset) }).catch((caught: unknown) => caught);
    expect(reasonOf(error)).toBe("PAGE_TOKEN_MISMATCH");
  });

  it("leaves a silo out whose own token somebody made up", async () => {
    await write(center, "test.made-up", [1]);
    const page = await list({ pageToken: madeUp([Date.now(), ...threeSilos("MORE", "nonsense", 0)]) });
    expect([page.entries, page.missingSilos]).toEqual([[], [Silo.HOSPITAL, Silo.EMS, Silo.CENTER]]);
  });
});

/** A token that says what ours do, for a list of everything. */
function madeUp(keyset: readonly KeysetValue[]): string {
  const method = "medport.center.v1.AuditService/ListAuditEntries";
  const caller = { user: { ...aCenterUser(), token: "" } };
  return encodePageToken(keyset, { method, caller, filter: create(AuditFilterSchema) });
}

function threeSilos(...cursor: readonly KeysetValue[]): readonly KeysetValue[] {
  return [...cursor, ...cursor, ...cursor];
}

describe("what an organization's admin is shown of the log", () => {
  const admin = aUser({ userId: "admin-1", organizationId: "hospital-1", roles: ["orgAdmin"] });
  const colleague = aUser({ userId: "colleague-1", organizationId: "hospital-1" });
  const stranger = aUser({ userId: "stranger-2", organizationId: "hospital-2" });
  const agencyAdmin = aUser({ userId: "a-1", userType: "EMS", organizationId: "agency-1", roles: ["orgAdmin"] });
  const crew = aUser({ userId: "crew-1", userType: "EMS", organizationId: "agency-1" });

  const seenBy = async (user: Omit<UserIdentity, "token">, filter: MessageInitShape<typeof AuditFilterSchema>) => {
    const { entries, missingSilos } = await client(user).listAuditEntries({ filter, pageSize: 100 });
    expect(missingSilos).toEqual([]);
    return entries.map(({ userId, silo }) => `${userId} in ${serviceFromSilo(silo)}`);
  };

  it("is what the own people did, in whichever silo, and nothing of others", async () => {
    const action = "test.own";
    await write(hospital, action, [1], { user: colleague });
    await write(center, action, [2], { user: admin });
    await write(hospital, action, [3], { user: stranger });
    await write(ems, action, [4], { user: crew });
    await write(ems, action, [5], { user: aCenterUser() });
    await write(ems, action, [6]);
    expect(await seenBy(admin, { action })).toEqual(["admin-1 in center", "colleague-1 in hospital"]);
    expect(await seenBy(admin, { action, organizationId: "hospital-1" })).toHaveLength(2);
    expect(await seenBy(admin, { action, userId: "stranger-2" })).toEqual([]);
    expect(await seenBy(agencyAdmin, { action })).toEqual(["crew-1 in ems"]);
    expect(await seenBy(aCenterUser(), { action })).toHaveLength(6);
  });

  it("is nothing of a hospital's for the agency with the same id, and nothing of the agency's for the hospital", async () => {
    const action = "test.same-id";
    const namesake = aUser({ userId: "namesake", userType: "EMS", organizationId: "hospital-1", roles: ["orgAdmin"] });
    for (const silo of [hospital, ems, center]) {
      await write(silo, action, [1], { user: colleague });
      await write(silo, action, [2], { user: namesake });
    }
    expect(new Set(await seenBy(admin, { action }))).toEqual(
      new Set(["colleague-1 in hospital", "colleague-1 in ems", "colleague-1 in center"]),
    );
    expect(new Set(await seenBy(namesake, { action }))).toEqual(
      new Set(["namesake in hospital", "namesake in ems", "namesake in center"]),
    );
  });

  it("is, of those who saw a trip, the own people", async () => {
    const tripId = newId();
    for (const user of [colleague, stranger, crew]) await write(hospital, "test.saw", [1], { user, tripId });
    const filter = { entityType: "trip", entityId: tripId };
    expect(await seenBy(admin, filter)).toEqual(["colleague-1 in hospital"]);
    expect(await seenBy(agencyAdmin, filter)).toEqual(["crew-1 in hospital"]);
    expect(await seenBy(aCenterUser(), filter)).toHaveLength(3);
  });

  it("goes page by page, with tokens that nobody else can use", async () => {
    const filter = { action: "test.pages" };
    await write(hospital, "test.pages", [1, 3], { user: colleague });
    await write(ems, "test.pages", [2], { user: colleague });
    await write(ems, "test.pages", [4], { user: stranger });
    const first = await client(admin).listAuditEntries({ filter, pageSize: 2 });
    const second = await client(admin).listAuditEntries({ filter, pageSize: 2, pageToken: first.nextPageToken });
    expect(minutesOf([first, second])).toEqual([3, 2, 1]);
    expect(second.nextPageToken).toBe("");
    const otherAdmin = aUser({ userId: "admin-1", organizationId: "hospital-2", roles: ["orgAdmin"] });
    const stolen: unknown = await client(otherAdmin)
      .listAuditEntries({ filter, pageToken: first.nextPageToken })
      .catch((caught: unknown) => caught);
    expect(reasonOf(stolen)).toBe("PAGE_TOKEN_MISMATCH");
  });

  it("is recorded as a look at the organization's log", async () => {
    await seenBy(admin, { action: "test.nothing" });
    const filter = { action: "medport.center.v1.AuditService/ListAuditEntries", userId: "admin-1" };
    const { entries } = await list({ filter, pageSize: 1 });
    expect(entries[0]?.entities).toMatchObject([{ type: "audit_log", id: "hospital-1" }]);
  });

  it("is refused for another organization", async () => {
    const error: unknown = await seenBy(admin, { organizationId: "hospital-2" }).catch((caught: unknown) => caught);
    expect(reasonOf(error)).toBe("ACTION_NOT_ALLOWED");
  });

  it("is for admins alone", async () => {
    for (const user of [colleague, crew]) {
      const error: unknown = await client(user)
        .listAuditEntries({})
        .catch((caught: unknown) => caught);
      expect(reasonOf(error)).toBe("METHOD_NOT_ALLOWED");
    }
  });
});
