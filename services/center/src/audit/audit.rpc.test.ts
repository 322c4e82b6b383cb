import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import type { ConnectRouter } from "@connectrpc/connect";
import { timestampFromDate, timestampMs } from "@bufbuild/protobuf/wkt";
import { AuditLogService } from "#gen/medport/audit/v1/audit_log_service_pb.ts";
import { AuditService, type ListAuditEntriesResponse } from "#gen/medport/center/v1/audit_service_pb.ts";
import { UserService } from "#gen/medport/center/v1/user_service_pb.ts";
import { Silo } from "#gen/medport/policy/v1/principal_pb.ts";
import { aCenterUser, aUser } from "#platform/auth/auth.builder.ts";
import { auditLogRpc } from "#platform/audit/audit-log.rpc.ts";
import { createAuditLog } from "#platform/audit/audit-log.ts";
import { openSiloDatabase, type SiloDatabase } from "#platform/database/database.builder.ts";
import { createUnitOfWork } from "#platform/database/unit-of-work.ts";
import { newId } from "#platform/id.ts";
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
): Promise<void> {
  for (const minute of minutes) {
    const clock = () => new Date(Date.UTC(2026, 2, 1, 12, minute));
    await createAuditLog({ database, clock, newId }).record({ caller: {}, action, decision: "ALLOWED" });
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

  it("is for Center alone", async () => {
    const error: unknown = await client(aUser())
      .listAuditEntries({})
      .catch((caught: unknown) => caught);
    expect(reasonOf(error)).toBe("METHOD_NOT_ALLOWED");
  });
});
