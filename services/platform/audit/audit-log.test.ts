import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import {
  type AuditFilterSchema,
  AuditLogService,
  ListEntriesRequestSchema,
  type ListEntriesResponse,
  ListEntriesResponseSchema,
} from "#gen/medport/audit/v1/audit_log_service_pb.ts";
import { Decision } from "#gen/medport/audit/v1/audit_entry_pb.ts";
import { Reason } from "#gen/medport/errors/v1/reason_pb.ts";
import { Client } from "pg";
import { Silo, UserType } from "#gen/medport/policy/v1/principal_pb.ts";
import { openSiloDatabase, type SiloDatabase } from "#platform/database/database.builder.ts";
import {
  aCallingUser,
  aHandlerContext,
  type HandlerContextOptions,
} from "#platform/database/handler-context.builder.ts";
import { auditIndexes } from "#platform/database/platform-schema.ts";
import { createUnitOfWork } from "#platform/database/unit-of-work.ts";
import { newId } from "#platform/id.ts";
import { encodePageToken, type KeysetValue } from "#platform/rpc/page-token.ts";
import type { AuditDecision } from "./audit-entry.ts";
import { type AuditLog, createAuditLog } from "./audit-log.ts";
import { auditLogRpc, filterFromMessage } from "./audit-log.rpc.ts";
import { type AuditFilter, auditQuery } from "./audit-query.ts";

const startMs = Date.parse("2026-07-31T10:00:00Z");

describe("a silo's audit log", () => {
  let silo: SiloDatabase;
  let auditLog: AuditLog;
  let clockMs = startMs;
  const clock = (): Date => new Date(clockMs);

  beforeAll(async () => {
    silo = await openSiloDatabase("audit");
    auditLog = createAuditLog({ database: silo.database, clock, newId });
    // Two entries a minute, so that the order within one instant counts as well.
    for (let index = 0; index < 60; index++) {
      clockMs = startMs + Math.floor(index / 2) * 60_000;
      const user = aCallingUser({ userId: `user-${index % 3}`, organizationId: `hospital-${index % 2}` });
      const decision: AuditDecision = index % 10 === 0 ? "DENIED" : "ALLOWED";
      await auditLog.record({
        caller: index % 4 === 0 ? { user, service: "center" } : { user },
        action: index % 5 === 0 ? "test.v1.Service/Rare" : "test.v1.Service/Common",
        decision,
        reason: decision === "DENIED" ? "METHOD_NOT_ALLOWED" : undefined,
        entities: [{ type: "trip", id: `trip-${index % 6}` }],
        requestId: `request-${index}`,
      });
    }
    clockMs = startMs + 3_600_000;
  });
  afterAll(() => silo[Symbol.asyncDispose]());

  async function all(filter: Parameters<AuditLog["list"]>[0], size = 7): Promise<readonly string[]> {
    const found: string[] = [];
    let after: Parameters<AuditLog["list"]>[1]["after"];
    do {
      const { entries, next } = await auditLog.list(filter, { size, after });
      found.push(...entries.map(({ requestId }) => requestId ?? ""));
      after = next;
    } while (after);
    return found;
  }
  const requests = (isWanted: (index: number) => boolean): readonly string[] =>
    Array.from({ length: 60 }, (_, index) => 59 - index)
      .filter(isWanted)
      .map((index) => `request-${index}`);

  it("lists all entries, newest first, each once, whatever the size of a page", async () => {
    for (const size of [1, 7, 30, 59, 60, 61]) expect(await all({}, size)).toEqual(requests(() => true));
  });

  it("ends with a page that names no next one, even if it is full", async () => {
    expect((await auditLog.list({}, { size: 60 })).next).toBeUndefined();
    expect((await auditLog.list({}, { size: 59 })).next).toBeDefined();
  });

  it.each([
    [{ userId: "user-1" }, (index: number) => index % 3 === 1],
    [{ organizationId: "hospital-0" }, (index: number) => index % 2 === 0],
    [{ action: "test.v1.Service/Rare" }, (index: number) => index % 5 === 0],
    [{ decision: "DENIED" as const }, (index: number) => index % 10 === 0],
    [{ entityType: "trip", entityId: "trip-2" }, (index: number) => index % 6 === 2],
    [{ entityId: "trip-2" }, (index: number) => index % 6 === 2],
    [{ requestId: "request-17" }, (index: number) => index === 17],
    [
      { from: new Date(startMs + 600_000), until: new Date(startMs + 1_200_000) },
      (index: number) => index >= 20 && index < 40,
    ],
    [{ userId: "user-1", decision: "DENIED" as const }, (index: number) => index % 3 === 1 && index % 10 === 0],
    [{ entityType: "unit", entityId: "trip-2" }, () => false],
  ])("finds the entries that fit %j", async (filter, isWanted) => {
    expect(await all(filter)).toEqual(requests(isWanted));
  });

  describe("by RPC", () => {
    const method = AuditLogService.method.listEntries;
    const center = { user: aCallingUser({ userId: "auditor", userType: "CENTER" }), service: "center" } as const;

    async function list(
      request: Parameters<typeof create<typeof ListEntriesRequestSchema>>[1],
      options: HandlerContextOptions = {},
    ): Promise<ListEntriesResponse> {
      const unitOfWork = createUnitOfWork({ database: silo.database, service: "hospital", clock, newId });
      const rpc = auditLogRpc({ auditLog, unitOfWork, service: "hospital" });
      const context = aHandlerContext(method, { caller: center, requestId: "listing", ...options });
      return create(
        ListEntriesResponseSchema,
        await rpc.listEntries(create(ListEntriesRequestSchema, request), context),
      );
    }

    it("tells everything an entry holds", async () => {
      const { entries } = await list({ filter: { requestId: "request-40" } });
      expect(entries).toMatchObject([
        {
          silo: Silo.HOSPITAL,
          userId: "user-1",
          userType: UserType.HOSPITAL,
          organizationId: "hospital-0",
          viaService: Silo.CENTER,
          action: "test.v1.Service/Rare",
          decision: Decision.DENIED,
          reason: "METHOD_NOT_ALLOWED",
          entities: [{ type: "trip", id: "trip-4" }],
          requestId: "request-40",
        },
      ]);
      expect(entries[0]?.occurTime?.seconds).toBe(BigInt(startMs / 1000 + 20 * 60));
    });

    it("goes through the pages, and the entries that the looking leaves do not move them", async () => {
      const filter = { organizationId: "hospital-1" };
      const found: string[] = [];
      let pageToken = "";
      do {
        const page = await list({ filter, pageSize: 8, pageToken });
        found.push(...page.entries.map(({ requestId }) => requestId).filter((id) => id !== "listing"));
        pageToken = page.nextPageToken;
      } while (pageToken !== "");
      expect(found).toEqual(requests((index) => index % 2 === 1));
    });

    it("shows an organization's admin what its own people did, whatever else is asked for", async () => {
      const admin = (organizationId: string) =>
        ({ caller: { user: aCallingUser({ userId: "admin", organizationId }), service: "center" } }) as const;
      const found = async (filter: MessageInitShape<typeof AuditFilterSchema>): Promise<readonly string[]> => {
        const { entries } = await list({ pageSize: 500, filter }, admin("hospital-1"));
        return entries.map(({ requestId }) => requestId).filter((id) => id.startsWith("request-"));
      };
      expect(await found({})).toEqual(requests((index) => index % 2 === 1));
      expect(await found({ organizationId: "hospital-1" })).toEqual(requests((index) => index % 2 === 1));
      // trip-3 is touched by people of hospital-1 alone, trip-4 by those of hospital-0 alone.
      expect(await found({ entityType: "trip", entityId: "trip-3" })).toEqual(requests((index) => index % 6 === 3));
      expect(await found({ entityType: "trip", entityId: "trip-4" })).toEqual([]);
      expect(await found({ requestId: "request-40" })).toEqual([]);
      expect(await found({ userId: "user-1" })).toEqual(requests((index) => index % 2 === 1 && index % 3 === 1));
      await expect(found({ organizationId: "hospital-0" })).rejects.toMatchObject({
        reason: Reason.ACTION_NOT_ALLOWED,
      });
    });

    it("refuses somebody who is said to be of an organization and names none", async () => {
      const { organizationId, ...nobodys } = aCallingUser();
      const caller = { user: nobodys, service: "center" } as const;
      await expect(list({}, { caller })).rejects.toMatchObject({ reason: Reason.ACTION_NOT_ALLOWED });
    });

    const madeUp = (keyset: readonly KeysetValue[]): string => {
      const scope = { method: "medport.audit.v1.AuditLogService/ListEntries", caller: center };
      return encodePageToken(keyset, { ...scope, filter: filterFromMessage(undefined) });
    };

    it("takes a token as the place that it names, whoever made it", async () => {
      const { entries } = await list({ pageToken: madeUp([startMs, "zzz"]) });
      expect(entries.map(({ requestId }) => requestId)).toEqual(["request-1", "request-0"]);
    });

    it.each([[["yesterday", "id"]], [[Number.MAX_SAFE_INTEGER, "id"]], [[1]], [[1, "id", "more"]]])(
      "refuses a token that somebody made up to hold %j",
      async (keyset) => {
        await expect(list({ pageToken: madeUp(keyset) })).rejects.toMatchObject({ reason: Reason.PAGE_TOKEN_MISMATCH });
      },
    );

    it("refuses the token of another filter or another caller", async () => {
      const { nextPageToken: pageToken } = await list({ pageSize: 1 });
      const other = { caller: { user: aCallingUser({ userId: "somebody" }), service: "center" } } as const;
      for (const attempt of [
        () => list({ pageToken, filter: { userId: "user-1" } }),
        () => list({ pageToken }, other),
        () => list({ pageToken: "x" }),
      ]) {
        await expect(attempt()).rejects.toMatchObject({ reason: Reason.PAGE_TOKEN_MISMATCH });
      }
    });

    it("records that somebody looked", async () => {
      await list({ filter: { requestId: "request-1" } }, { requestId: "curious" });
      const { entries } = await auditLog.list({ requestId: "curious" }, { size: 10 });
      expect(entries).toMatchObject([
        { userId: "auditor", viaService: "center", action: "medport.audit.v1.AuditLogService/ListEntries" },
      ]);
    });
  });
});

describe("many entries at once", () => {
  let silo: SiloDatabase;
  let auditLog: AuditLog;

  beforeAll(async () => {
    silo = await openSiloDatabase("audit many");
    auditLog = createAuditLog({ database: silo.database, clock: () => new Date(startMs), newId });
  });
  afterAll(() => silo[Symbol.asyncDispose]());

  const record = (userId: string) => ({
    caller: { user: aCallingUser({ userId }) },
    action: "test.v1.Service/Watch",
    decision: "ALLOWED" as const,
  });

  it("are added however many there are", async () => {
    await auditLog.recordAll(Array.from({ length: 7_000 }, (_, index) => record(`user-${index}`)));
    const { entries, next } = await auditLog.list({}, { size: 10_000 });
    expect([entries.length, new Set(entries.map(({ userId }) => userId)).size, next]).toEqual([
      7_000,
      7_000,
      undefined,
    ]);
  });

  it("are added all or not at all", async () => {
    const impossible = { ...record("last"), decision: "PERHAPS" as AuditDecision };
    const records = [...Array.from({ length: 1_500 }, () => record("first")), impossible];
    await expect(auditLog.recordAll(records)).rejects.toThrow("audit_entry_decision_check");
    expect((await auditLog.list({ userId: "first" }, { size: 1 })).entries).toEqual([]);
  });

  it("may be none", async () => {
    await expect(auditLog.recordAll([])).resolves.toBeUndefined();
  });
});

describe("a search among many entries", () => {
  let silo: SiloDatabase;

  beforeAll(async () => {
    silo = await openSiloDatabase("audit searches", { statements: auditIndexes });
    const client = new Client({ connectionString: silo.silo.ownerUrl });
    await client.connect();
    try {
      await client.query(
        `insert into audit_entry (id, occurred_at, user_id, organization_id, action, decision, entities, request_id)
         select 'entry-' || n, timestamptz '2026-01-01' + n * interval '1 minute', 'user-' || n % 500, 'org-' || n % 50,
                'action-' || n % 300, case when n % 200 = 0 then 'DENIED' else 'ALLOWED' end,
                jsonb_build_array(jsonb_build_object('type', 'trip', 'id', 'trip-' || n / 10)), 'request-' || n
           from generate_series(1, 20000) n`,
      );
      await client.query("vacuum analyze audit_entry");
    } finally {
      await client.end();
    }
  });
  afterAll(() => silo[Symbol.asyncDispose]());

  const at = (day: number): Date => new Date(Date.UTC(2026, 0, day));
  const searches: readonly (readonly [AuditFilter, string])[] = [
    [{}, "audit_entry_time_idx"],
    [{ from: at(2), until: at(3) }, "audit_entry_time_idx"],
    [{ userId: "user-7" }, "audit_entry_user_idx"],
    [{ userId: "user-7", from: at(2), until: at(3) }, "audit_entry_user_idx"],
    [{ organizationId: "org-7" }, "audit_entry_organization_idx"],
    [{ organizationId: "org-7", from: at(2), until: at(3) }, "audit_entry_organization_idx"],
    [{ entityType: "trip", entityId: "trip-77" }, "audit_entry_entities_idx"],
    [{ entityId: "trip-77" }, "audit_entry_entities_idx"],
    [{ organizationId: "org-7", entityType: "trip", entityId: "trip-77" }, "audit_entry_entities_idx"],
    [{ action: "action-7" }, "audit_entry_action_idx"],
    [{ decision: "DENIED" }, "audit_entry_turned_away_idx"],
    [{ requestId: "request-7" }, "audit_entry_request_idx"],
  ];

  it.each(searches)("for %j goes by an index", async (filter, index) => {
    const query = auditQuery(silo.database.fork(), filter, { limit: 51 });
    const plan = JSON.stringify(await query.explain("json"));
    expect(plan).toContain(index);
    expect(plan).not.toContain("Seq Scan");
  });
});
