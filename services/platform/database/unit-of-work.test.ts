import { create } from "@bufbuild/protobuf";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "@jest/globals";
import { Code } from "@connectrpc/connect";
import { defineEntity, p } from "@mikro-orm/postgresql";
import { Reason } from "#gen/medport/errors/v1/reason_pb.ts";
import { AgencyUpdatedSchema } from "#gen/medport/events/v1/agency_events_pb.ts";
import { FacilityCreatedSchema } from "#gen/medport/events/v1/facility_events_pb.ts";
import {
  CreateFacilityRequestSchema,
  CreateFacilityResponseSchema,
  FacilityService,
  GetFacilityRequestSchema,
  GetFacilityResponseSchema,
} from "#gen/medport/hospital/v1/facility_service_pb.ts";
import { GetTripRequestSchema, GetTripResponseSchema, TripService } from "#gen/medport/hospital/v1/trip_service_pb.ts";
import { newId } from "#platform/id.ts";
import { notFound, reasonOf, refuse } from "#platform/rpc/refusal.ts";
import { startTestCluster } from "#platform/testing/test-cluster.ts";
import { startTestPostgres, type TestPostgres, testPostgresOn } from "#platform/testing/test-postgres.ts";
import { openSiloDatabase, type SiloDatabase } from "./database.builder.ts";
import { aCallingUser, aHandlerContext, type HandlerContextOptions } from "./handler-context.builder.ts";
import { pruneAnswers } from "./idempotency.ts";
import { createUnitOfWork, type UnitOfWork, type Work } from "./unit-of-work.ts";

const Facility = defineEntity({
  name: "Facility",
  tableName: "facility",
  properties: { id: p.text().primary(), name: p.text(), version: p.integer().version() },
});
const statements = [
  "create table facility (id text not null primary key, name text not null, version int not null default 1)",
];
const now = new Date("2026-07-31T10:00:00.123Z");
const { createFacility: createMethod, getFacility: getMethod } = FacilityService.method;

// Longer than most: what is promised around a call is promised in one place, and each promise needs the same few parts.
describe("the unit of work", () => {
  let postgres: TestPostgres;
  let silo: SiloDatabase;
  let unitOfWork: UnitOfWork;

  beforeAll(async () => {
    postgres = await startTestPostgres();
  });
  afterAll(() => postgres[Symbol.asyncDispose]());
  beforeEach(async () => {
    silo = await openSiloDatabase("unit_of_work", { postgres, entities: [Facility], statements, poolSize: 10 });
    unitOfWork = createUnitOfWork({ database: silo.database, service: "hospital", clock: () => now, newId });
  });
  afterEach(() => silo[Symbol.asyncDispose]());

  const rows = (sql: string): Promise<Record<string, unknown>[]> => silo.database.fork().execute(sql);
  const count = async (table: string): Promise<unknown> =>
    (await rows(`select count(*)::int as count from ${table}`))[0]?.["count"];
  const audit = (): Promise<Record<string, unknown>[]> =>
    rows("select user_id, via_service, action, decision, reason, entities, request_id from audit_entry order by id");

  async function addFacility(work: Work, name: string): Promise<string> {
    const facility = work.tx.create(Facility, { id: newId(), name, version: 1 });
    work.tx.persist(facility);
    await work.tx.flush();
    const message = { facilityId: facility.id, name };
    work.emit({ schema: FacilityCreatedSchema, message, aggregateId: facility.id, version: facility.version });
    work.touched("facility", facility.id);
    return facility.id;
  }

  const createFacility = (fields: { requestId?: string; name?: string } = {}, options?: HandlerContextOptions) => {
    const request = create(CreateFacilityRequestSchema, { name: "General", ...fields });
    return unitOfWork.write(
      aHandlerContext(createMethod, options),
      request,
      CreateFacilityResponseSchema,
      async (work) => {
        const id = await addFacility(work, request.name);
        return { facility: { id, name: request.name } };
      },
    );
  };

  describe("for a write", () => {
    it("commits the change, its event and its audit entry together", async () => {
      const { facility } = await createFacility();
      expect(await count("facility")).toBe(1);
      expect(
        await rows("select aggregate_type, aggregate_id, aggregate_ver, subject, headers from outbox_event"),
      ).toEqual([
        {
          aggregate_type: "facility",
          aggregate_id: facility?.id,
          aggregate_ver: "1",
          subject: `evt.hospital.facility.${facility?.id}.created`,
          headers: {
            user: "user-1",
            organization: "hospital-1",
            requestId: "request-1",
            traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
          },
        },
      ]);
      expect(await audit()).toEqual([
        {
          user_id: "user-1",
          via_service: null,
          action: "medport.hospital.v1.FacilityService/CreateFacility",
          decision: "ALLOWED",
          reason: null,
          entities: [{ type: "facility", id: facility?.id }],
          request_id: "request-1",
        },
      ]);
    });

    it("wakes the relay", async () => {
      let wakes = 0;
      silo.database.onCommit(() => (wakes += 1));
      await createFacility();
      expect(wakes).toBe(1);
    });

    it("leaves of a refusal an audit entry and nothing else, and throws the refusal", async () => {
      const refusal = refuse(Reason.FACILITY_NOT_ACTIVE, "closed");
      const refused = unitOfWork.write(
        aHandlerContext(createMethod),
        create(CreateFacilityRequestSchema, { requestId: "intent-1" }),
        CreateFacilityResponseSchema,
        async (work) => {
          await addFacility(work, "General");
          throw refusal;
        },
      );
      await expect(refused).rejects.toBe(refusal);
      for (const table of ["facility", "outbox_event", "idempotency_key"]) expect(await count(table)).toBe(0);
      expect(await audit()).toMatchObject([
        { decision: "REFUSED", reason: "FACILITY_NOT_ACTIVE", user_id: "user-1", entities: [{ type: "facility" }] },
      ]);
    });

    it.each([
      [refuse(Reason.ACTION_NOT_ALLOWED, "not yours"), "DENIED"],
      [notFound("facility", "facility-9"), "DENIED"],
      [refuse(Reason.RESOURCE_EXISTS, "there is one"), "REFUSED"],
      [refuse(Reason.ETAG_MISMATCH, "stale"), "REFUSED"],
    ])("records %s as %s", async (refusal, decision) => {
      const refused = unitOfWork.write(
        aHandlerContext(createMethod),
        create(CreateFacilityRequestSchema),
        CreateFacilityResponseSchema,
        () => Promise.reject(refusal),
      );
      await expect(refused).rejects.toBe(refusal);
      expect(await audit()).toMatchObject([{ decision, reason: reasonOf(refusal) }]);
    });

    it("throws a bug as it is, and records no decision", async () => {
      const bug = new TypeError("undefined is not a function");
      const broken = unitOfWork.write(
        aHandlerContext(createMethod),
        create(CreateFacilityRequestSchema),
        CreateFacilityResponseSchema,
        () => Promise.reject(bug),
      );
      await expect(broken).rejects.toBe(bug);
      expect(await audit()).toEqual([]);
    });

    it("throws the refusal even if the audit log cannot be written, and logs what is missing there", async () => {
      const refusal = refuse(Reason.ACTION_NOT_ALLOWED, "not yours");
      await silo.silo[Symbol.asyncDispose]();
      const refused = unitOfWork.call(aHandlerContext(createMethod), () => Promise.reject(refusal));
      await expect(refused).rejects.toBe(refusal);
      expect(silo.logged.join()).toMatch(/audit.append_failed.*ACTION_NOT_ALLOWED/);
    });

    it("refuses another service's events, and those of a version that was told before", async () => {
      const emitting = (version: number, schema: typeof FacilityCreatedSchema | typeof AgencyUpdatedSchema) =>
        unitOfWork.system("hospital.test", async (work) => {
          work.emit({ schema, message: {}, aggregateId: "facility-1", version });
        });
      await expect(emitting(1, AgencyUpdatedSchema)).rejects.toThrow("is not hospital's to tell");
      await emitting(1, FacilityCreatedSchema);
      await expect(emitting(1, FacilityCreatedSchema)).rejects.toThrow("outbox_event_version_key");
    });

    it("turns the loss of a race for an entity into CONCURRENT_CHANGE", async () => {
      const { facility } = await createFacility();
      const stale = unitOfWork.write(
        aHandlerContext(createMethod),
        create(CreateFacilityRequestSchema),
        CreateFacilityResponseSchema,
        async ({ tx }) => {
          const found = await tx.findOneOrFail(Facility, facility?.id ?? "");
          await silo.database.transaction((other) => other.execute("update facility set version = version + 1"));
          found.name = "Other";
          return {};
        },
      );
      await expect(stale).rejects.toMatchObject({ reason: Reason.CONCURRENT_CHANGE, code: Code.Aborted });
      expect((await audit()).at(-1)).toMatchObject({ decision: "REFUSED", reason: "CONCURRENT_CHANGE" });
    });

    it("gives up with the call's own reason when the call's time is over", async () => {
      const call = new AbortController();
      const reason = refuse(Reason.HANDLER_TIMEOUT, "too late");
      setTimeout(() => call.abort(reason), 100);
      const late = unitOfWork.write(
        aHandlerContext(createMethod, { signal: call.signal }),
        create(CreateFacilityRequestSchema),
        CreateFacilityResponseSchema,
        async (work) => {
          await addFacility(work, "General");
          await work.tx.execute("select pg_sleep(10)");
          return {};
        },
      );
      await expect(late).rejects.toBe(reason);
      expect(await count("facility")).toBe(0);
    });
  });

  describe("for a write that is sent again", () => {
    it("carries out 50 parallel ones with one request_id once, and answers all the same", async () => {
      const answers = await Promise.all(Array.from({ length: 50 }, () => createFacility({ requestId: "intent-1" })));
      expect(new Set(answers.map(({ facility }) => facility?.id)).size).toBe(1);
      expect(answers.every((answer) => answer.facility?.name === "General")).toBe(true);
      expect(await count("facility")).toBe(1);
      expect(await count("outbox_event")).toBe(1);
    });

    it("refuses the request_id with another body", async () => {
      await createFacility({ requestId: "intent-1" });
      const reused = createFacility({ requestId: "intent-1", name: "Other" });
      await expect(reused).rejects.toMatchObject({ reason: Reason.REQUEST_ID_REUSED, code: Code.InvalidArgument });
      expect(await count("facility")).toBe(1);
    });

    it("keeps the request_ids of two people, and of two methods, apart", async () => {
      await createFacility({ requestId: "intent-1" });
      await createFacility({ requestId: "intent-1" }, { caller: { user: aCallingUser({ userId: "user-2" }) } });
      await createFacility({ requestId: "intent-1" }, { caller: { service: "center" } });
      expect(await count("facility")).toBe(3);
    });

    it("recognizes a person whichever way the call comes", async () => {
      const direct = await createFacility({ requestId: "intent-1" });
      const user = aCallingUser();
      const passedOn = await createFacility({ requestId: "intent-1" }, { caller: { user, service: "center" } });
      expect(passedOn.facility?.id).toBe(direct.facility?.id);
    });

    it("carries out every one that has no request_id, or that nobody signed", async () => {
      await createFacility();
      await createFacility();
      await createFacility({ requestId: "intent-1" }, { caller: {} });
      await createFacility({ requestId: "intent-1" }, { caller: {} });
      expect(await count("facility")).toBe(4);
    });

    it("tries again after a refusal", async () => {
      let open = false;
      const request = create(CreateFacilityRequestSchema, { requestId: "intent-1" });
      const attempt = () =>
        unitOfWork.write(aHandlerContext(createMethod), request, CreateFacilityResponseSchema, async () => {
          if (!open) throw refuse(Reason.FACILITY_NOT_ACTIVE, "closed");
          return { facility: { id: "facility-1" } };
        });
      await expect(attempt()).rejects.toMatchObject({ reason: Reason.FACILITY_NOT_ACTIVE });
      open = true;
      await expect(attempt()).resolves.toMatchObject({ facility: { id: "facility-1" } });
    });

    it("knows beforehand that it was answered, and nothing of others", async () => {
      const context = aHandlerContext(createMethod);
      const request = (over: object) => create(CreateFacilityRequestSchema, { name: "General", ...over });
      const isRepeated = (over: object) => unitOfWork.isRepeated(context, request(over));
      expect(await isRepeated({ requestId: "intent-1" })).toBe(false);
      await createFacility({ requestId: "intent-1" });
      expect(await isRepeated({ requestId: "intent-1" })).toBe(true);
      expect(await isRepeated({ requestId: "intent-2" })).toBe(false);
      expect(await isRepeated({})).toBe(false);
      const other = isRepeated({ requestId: "intent-1", name: "Another" });
      expect(reasonOf(await other.catch((error: unknown) => error))).toBe("REQUEST_ID_REUSED");
    });

    it("records each call, the repeated ones too", async () => {
      await createFacility({ requestId: "intent-1" });
      await createFacility({ requestId: "intent-1" }, { requestId: "request-2" });
      expect(await audit()).toMatchObject([
        { decision: "ALLOWED", request_id: "request-1" },
        { decision: "ALLOWED", request_id: "request-2", entities: [] },
      ]);
    });

    it("forgets answers on demand", async () => {
      await createFacility({ requestId: "intent-1" });
      expect(await silo.database.transaction((tx) => pruneAnswers(tx, now))).toBe(0);
      expect(await silo.database.transaction((tx) => pruneAnswers(tx, new Date(now.getTime() + 1)))).toBe(1);
      expect(await count("idempotency_key")).toBe(0);
    });
  });

  describe("for a read", () => {
    const getFacility = (options?: HandlerContextOptions) =>
      unitOfWork.read(
        aHandlerContext(getMethod, options),
        create(GetFacilityRequestSchema),
        GetFacilityResponseSchema,
        async (work) => {
          work.touched("facility", "facility-1");
          return { facility: { id: "facility-1" } };
        },
      );

    it("leaves no audit entry if it is not about patients", async () => {
      expect((await getFacility()).facility?.id).toBe("facility-1");
      expect(await audit()).toEqual([]);
    });

    it("leaves one if it came through another service", async () => {
      await getFacility({ caller: { user: aCallingUser({ userType: "CENTER" }), service: "center" } });
      expect(await audit()).toMatchObject([
        {
          user_id: "user-1",
          via_service: "center",
          decision: "ALLOWED",
          entities: [{ type: "facility", id: "facility-1" }],
        },
      ]);
    });

    it("leaves one if it is about patients, naming what was seen once", async () => {
      const { getTrip } = TripService.method;
      await unitOfWork.read(
        aHandlerContext(getTrip),
        create(GetTripRequestSchema),
        GetTripResponseSchema,
        async (work) => {
          for (const id of ["trip-1", "trip-2", "trip-1"]) work.touched("trip", id);
          return {};
        },
      );
      expect(await audit()).toMatchObject([
        {
          action: "medport.hospital.v1.TripService/GetTrip",
          entities: [
            { type: "trip", id: "trip-1" },
            { type: "trip", id: "trip-2" },
          ],
        },
      ]);
    });

    it("leaves one if it is denied, naming what was asked for, unless that is no id", async () => {
      const denied = (id: string) =>
        unitOfWork.read(
          aHandlerContext(getMethod),
          create(GetFacilityRequestSchema),
          GetFacilityResponseSchema,
          (work) => {
            work.touched("trip", "trip-1");
            return Promise.reject(notFound("facility", id));
          },
        );
      await expect(denied("facility-9")).rejects.toMatchObject({ reason: Reason.RESOURCE_NOT_FOUND });
      await expect(denied("the one in the hills")).rejects.toMatchObject({ reason: Reason.RESOURCE_NOT_FOUND });
      const trip = { type: "trip", id: "trip-1" };
      expect(await audit()).toMatchObject([
        { decision: "DENIED", reason: "RESOURCE_NOT_FOUND", entities: [trip, { type: "facility", id: "facility-9" }] },
        { decision: "DENIED", reason: "RESOURCE_NOT_FOUND", entities: [trip] },
      ]);
    });

    it("cannot tell events", async () => {
      const telling = unitOfWork.read(
        aHandlerContext(getMethod),
        create(GetFacilityRequestSchema),
        GetFacilityResponseSchema,
        async (work) => {
          work.emit({ schema: FacilityCreatedSchema, message: {}, aggregateId: "facility-1", version: 1 });
          return {};
        },
      );
      await expect(telling).rejects.toThrow("was emitted while reading");
    });
  });

  describe("for a call of several transactions", () => {
    it("commits each on its own, with an audit entry of its own", async () => {
      const context = aHandlerContext(createMethod);
      const result = unitOfWork.call(context, async () => {
        await unitOfWork.transaction(context, (work) => addFacility(work, "first"));
        await unitOfWork.transaction(context, async () => "touches nothing");
        throw refuse(Reason.TRIP_ALREADY_ASSIGNED, "the other side said no");
      });
      await expect(result).rejects.toMatchObject({ reason: Reason.TRIP_ALREADY_ASSIGNED });
      expect(await count("facility")).toBe(1);
      expect(await audit()).toMatchObject([
        { decision: "ALLOWED", entities: [{ type: "facility" }] },
        { decision: "REFUSED", reason: "TRIP_ALREADY_ASSIGNED", entities: [] },
      ]);
    });

    it("records a refusal once, however many layers it passes", async () => {
      const context = aHandlerContext(createMethod);
      const refusal = refuse(Reason.UNIT_NOT_AVAILABLE, "busy");
      const result = unitOfWork.call(context, () => unitOfWork.transaction(context, () => Promise.reject(refusal)));
      await expect(result).rejects.toBe(refusal);
      expect(await audit()).toMatchObject([{ reason: "UNIT_NOT_AVAILABLE" }]);
    });
  });

  describe("for the system", () => {
    it("records what was touched, under the system's name", async () => {
      await unitOfWork.system("hospital.expire-trips", (work) => addFacility(work, "by itself"));
      expect(await audit()).toMatchObject([
        { user_id: null, action: "hospital.expire-trips", decision: "ALLOWED", request_id: null },
      ]);
    });

    it("records neither rounds that found nothing, nor those that failed", async () => {
      await unitOfWork.system("hospital.expire-trips", async () => undefined);
      const failed = unitOfWork.system("hospital.expire-trips", () =>
        Promise.reject(refuse(Reason.TRIP_CHANGED, "no")),
      );
      await expect(failed).rejects.toMatchObject({ reason: Reason.TRIP_CHANGED });
      expect(await audit()).toEqual([]);
    });
  });

  it("answers DEPENDENCY_DOWN while the database is down, and works again after", async () => {
    await using cluster = await startTestCluster();
    await using other = await openSiloDatabase("down", {
      postgres: testPostgresOn(cluster),
      entities: [Facility],
      statements,
    });
    unitOfWork = createUnitOfWork({ database: other.database, service: "hospital", clock: () => now, newId });
    await createFacility({ requestId: "intent-1" });
    await cluster.kill();
    for (let call = 0; call < 12; call++) {
      await expect(createFacility({ requestId: "intent-1" })).rejects.toMatchObject({
        reason: Reason.DEPENDENCY_DOWN,
        code: Code.Unavailable,
      });
    }
    await cluster.restart();
    await expect(createFacility({ requestId: "intent-1" })).resolves.toMatchObject({ facility: { name: "General" } });
  }, 60_000);
});
