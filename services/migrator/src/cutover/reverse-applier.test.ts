import { countQuarantinedOpenTrips } from "../report/findings.ts";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import type { Client } from "pg";
import { ChangeApplier } from "../capture/apply-changes.ts";
import { copyAll, options, prepareMove } from "../capture/first-copy.builder.ts";
import { moveSteps } from "../capture/move-steps.ts";
import { OldLife } from "../capture/old-life.builder.ts";
import { applyMoved } from "../load/apply-moved.ts";
import { serviceNames } from "#platform/service-name.ts";
import { siloOf, tableOf } from "./back-order.ts";
import { cutOver } from "./cut-over.ts";
import { eachOldRows } from "./old-rows.ts";
import { ReverseApplier } from "./reverse-applier.ts";
import { compareOldRows, rollBack } from "./roll-back.ts";
import { createTestDatabases, type TestDatabases } from "./silos.builder.ts";
import { type BackKind, waysBack } from "./ways-back.ts";
import { findOldDifferences } from "./write-old-rows.ts";
import { isSourceFrozen } from "./freeze-source.ts";
import { areSilosClosed } from "./close-silos.ts";

const kinds = Object.keys(waysBack) as readonly BackKind[];

describe("after the cut-over", () => {
  let test: TestDatabases;
  let source: Client;
  beforeAll(async () => {
    test = await createTestDatabases();
    source = test.source;
    await prepareMove(test);
    await new OldLife(source, 11).begin(80);
    await oddities();
    await copyAll(test);
    const applier = new ChangeApplier({ source, silos: test.silos, options, steps: moveSteps(options, applyMoved) });
    await applier.drain();
    await cutOver({
      ...{ source, silos: test.silos },
      catchUp: () => applier.catchUp(),
      compareAll: () => Promise.resolve({ differences: 0 }),
      drain: () => applier.drain(),
      compareChanged: () => Promise.resolve({ differences: 0 }),
      countLeftBehind: () => countQuarantinedOpenTrips(test.silos),
      mayLeaveBehind: true,
    });
  }, 60_000);
  afterAll(async () => test[Symbol.asyncDispose]());

  /** What a rule changes on the way. */
  async function oddities(): Promise<void> {
    await source.query(`update "User" set email = 'person.' || id || '@example.org'`);
    await source.query(
      `update "TransportBid" set "bidAmount" = 99.995 where id in (select id from "TransportBid" limit 5)`,
    );
    await source.query(
      `update "TransportRequest" set "pickupTimestamp" = now(), "patientId" = 'MRN 12 34', "specialRequirements" = ''
        where id in (select id from "TransportRequest" where status = 'PENDING' limit 5)`,
    );
    await source.query(
      `update "Unit" set capabilities = '{"oxygen": true, "lift": false}', type = 'OTHER' where id like 'x0%'`,
    );
    await source.query(
      `update "Facility" set "operatingHours" = '{"open": "24/7"}', capabilities = '"a, b"' where id = 'f0'`,
    );
    await source.query(
      `update "TransportAgency" set "contactName" = null, "serviceArea" = '{"counties": ["Blair"]}' where id = 'a0'`,
    );
    await source.query(`update "User" set name = null, email = upper(email) where id = 'u1'`);
    await source.query(`update "User" set email = 'desk@f2.org', role = 'COORDINATOR' where id = 'u2'`);
    await source.query(`update "Facility" set type = 'HOSPITAL', email = 'desk@f2.org' where id = 'f2'`);
    await source.query(
      `insert into "HospitalAgencyPreference" (id, "hospitalId", "agencyId", "isActive", "preferenceOrder", "createdAt", "updatedAt")
       values ('p-u2-a2', 'u2', 'a2', true, 1, now(), now()) on conflict do nothing`,
    );
    // Two accounts of one person (R-EMAIL).
    await source.query(`update "User" set email = 'AU1@a1.org', role = 'TRANSPORT_AGENCY' where id = 'u7'`);
  }

  let events = 0;
  /** What a service does: changes a row, raises its version, tells it. */
  async function change(kind: BackKind, id: string, set: string, values: readonly unknown[] = []): Promise<void> {
    const silo = test.silos[siloOf(kind)];
    const versioned = kind === "availability" || kind === "preference" ? "" : ", version = version + 1";
    const { rowCount } = await silo.query(
      `update ${tableOf(kind)} set ${set}${versioned}, updated_at = now() where id = $1`,
      [id, ...values],
    );
    expect(rowCount).toBe(1);
    const [type, aggregate] =
      kind === "availability"
        ? ["unit", `(select unit_id from unit_availability where id = $1)`]
        : kind === "preference"
          ? ["preference", `(select hospital_id from agency_preference where id = $1)`]
          : [kind === "agencyUser" ? "user" : kind, "$1"];
    await silo.query(
      `insert into outbox_event (event_id, aggregate_type, aggregate_id, aggregate_ver, event_type, subject, payload)
       values (gen_random_uuid(), '${type}', ${aggregate}, ${1_000 + ++events}, 'x', 'x', '')`,
      [id],
    );
  }

  async function reverse(): Promise<void> {
    const applier = await ReverseApplier.open({ source, silos: test.silos });
    const { problems } = await applier.drain();
    await applier.close();
    expect(problems).toBe(0);
  }

  async function allIds(): Promise<ReadonlyMap<BackKind, ReadonlySet<string>>> {
    const ids = new Map<BackKind, ReadonlySet<string>>();
    for (const kind of kinds) {
      const { rows } = await test.silos[siloOf(kind)].query<{ id: string }>(`select id from ${tableOf(kind)}`);
      ids.set(kind, new Set(rows.map(({ id }) => id)));
    }
    return ids;
  }

  async function differencesOf(ids: ReadonlyMap<BackKind, ReadonlySet<string>>): Promise<readonly string[]> {
    const found: string[] = [];
    for (const service of serviceNames) await test.silos[service].query("set timezone = 'UTC'");
    await eachOldRows({ source, silos: test.silos }, ids, async (rows) => {
      const different = await findOldDifferences(source, rows);
      found.push(...different.map((id) => `${rows.legacyTable} ${id}`));
    });
    return found;
  }

  async function old(table: string, id: string): Promise<Record<string, unknown> | undefined> {
    return (await source.query<Record<string, unknown>>(`select * from "${table}" where id = $1`, [id])).rows[0];
  }

  async function someTrip(condition: string): Promise<string> {
    const { rows } = await test.silos.hospital.query<{ id: string }>(
      `select id from trip where ${condition} and version = 1 order by id limit 1`,
    );
    if (!rows[0]) throw new Error(`no trip is ${condition}`);
    return rows[0].id;
  }

  it("every row goes back as it came, whatever the rules had made of it", async () => {
    const ids = await allIds();
    expect([...ids].filter(([, found]) => found.size === 0).map(([kind]) => kind)).toEqual(["route"]);
    expect(await differencesOf(ids)).toEqual([]);
  });

  it("a trip whose priority changes keeps the contradictions of its past", async () => {
    const id = await someTrip("patient_id !~ '^P0123' and status = 'PENDING'");
    const before = await old("TransportRequest", id);
    await change("trip", id, "priority = 'URGENT'");
    await reverse();
    const after = await old("TransportRequest", id);
    expect(after).toEqual({ ...before, priority: "URGENT", updatedAt: after?.["updatedAt"] });
    expect(before?.["pickupTimestamp"]).toBeInstanceOf(Date);
  });

  it("a trip that is assigned is what the silo has, and when it is released what it was", async () => {
    const id = await someTrip("status = 'PENDING' and request_time < now()");
    const before = await old("TransportRequest", id);
    await change("trip", id, "status = 'ASSIGNED', accept_time = now(), assigned_agency_id = 'a1'");
    await reverse();
    expect(await old("TransportRequest", id)).toMatchObject({ status: "SCHEDULED", assignedAgencyId: "a1" });
    await change("trip", id, "status = 'PENDING', accept_time = null, assigned_agency_id = null");
    await reverse();
    const after = await old("TransportRequest", id);
    expect(after).toEqual({ ...before, updatedAt: after?.["updatedAt"] });
  });

  it("a bid that is amended keeps the amount that nobody changed, in all its digits", async () => {
    const { rows } = await test.silos.ems.query<{ id: string }>(
      "select id from bid where amount = 100 order by id limit 1",
    );
    const id = rows[0]?.id ?? "";
    const before = await old("TransportBid", id);
    await change("bid", id, "notes = 'by the bridge'");
    await reverse();
    expect(await old("TransportBid", id)).toMatchObject({ notes: "by the bridge", bidAmount: 99.995 });
    expect(before?.["notes"]).not.toBe("by the bridge");
    await change("bid", id, "amount = 250.5");
    await reverse();
    expect(await old("TransportBid", id)).toMatchObject({ bidAmount: 250.5 });
  });

  it("a unit keeps the shape of its capabilities while its number changes, and loses it with them", async () => {
    await change("unit", "x0-0", "unit_number = 'A-1'");
    await reverse();
    expect(await old("Unit", "x0-0")).toMatchObject({
      unitNumber: "A-1",
      type: "OTHER",
      capabilities: { oxygen: true, lift: false },
    });
    await change("unit", "x0-0", "capabilities = '{oxygen,wheelchair}'");
    await reverse();
    expect(await old("Unit", "x0-0")).toMatchObject({ capabilities: ["oxygen", "wheelchair"] });
    await change("availability", "vx0-0", "status = 'OFF_DUTY'");
    await reverse();
    expect(await old("UnitAvailability", "vx0-0")).toMatchObject({ status: "OUT_OF_SERVICE" });
  });

  it("agencies, facilities and preferences go back column by column", async () => {
    await change("agency", "a0", "phone = '814'");
    await change("facility", "f0", "latitude = 40.25, longitude = -78.5");
    const { rows } = await test.silos.hospital.query<{ id: string }>(
      "select id from agency_preference order by id limit 1",
    );
    const preferenceId = rows[0]?.id ?? "";
    const before = await old("HospitalAgencyPreference", preferenceId);
    await change("preference", preferenceId, "active = false");
    await reverse();
    expect(await old("TransportAgency", "a0")).toMatchObject({
      phone: "814",
      contactName: null,
      serviceArea: { counties: ["Blair"] },
    });
    expect(await old("Facility", "f0")).toMatchObject({
      ...{ coordinates: { lat: 40.25, lng: -78.5 }, operatingHours: { open: "24/7" }, capabilities: "a, b" },
    });
    const after = await old("HospitalAgencyPreference", preferenceId);
    expect(after).toEqual({ ...before, isActive: false, updatedAt: after?.["updatedAt"] });
  });

  it("a person's new password goes back, and all else stays", async () => {
    const before = await old("User", "u1");
    await change("user", "u1", "password_hash = '$2b$12$other'");
    await reverse();
    const after = await old("User", "u1");
    expect(after).toEqual({ ...before, password: "$2b$12$other", updatedAt: after?.["updatedAt"] });
    expect(before).toMatchObject({ name: null, email: expect.stringMatching(/^[A-Z0-9@.]+$/) });
  });

  it("a person with two accounts gets the new password for both, and is shut out of both", async () => {
    const { rows } = await test.silos.center.query<{ into_id: string }>(
      "select into_id from migration.ledger where source_table = 'User' and pk = 'u7' and fate = 'MERGED'",
    );
    expect(rows).toEqual([{ into_id: "au1" }]);
    await change("agencyUser", "au1", "password_hash = '$2b$12$both', is_active = false");
    await reverse();
    expect(await old("AgencyUser", "au1")).toMatchObject({ password: "$2b$12$both", isActive: false });
    expect(await old("User", "u7")).toMatchObject({ password: "$2b$12$both", isActive: false, email: "AU1@a1.org" });
  });

  it("nothing is carried back unless the silos are what people work with", async () => {
    const { center } = test.silos;
    await center.query("update migration.run set phase = 'COPIED'");
    try {
      await expect(ReverseApplier.open({ source, silos: test.silos })).rejects.toThrow("not opened by a cut-over");
    } finally {
      await center.query("update migration.run set phase = 'CUT_OVER'");
    }
  });

  it("what was applied is not applied again by somebody who goes on, and what was not is", async () => {
    const mark = async () =>
      (await source.query<{ seq: string }>("select seq from medport_migration.reverse_mark order by silo")).rows;
    await reverse();
    const before = await mark();
    await change("unit", "x1-0", "unit_number = 'B-1'");
    const applier = await ReverseApplier.open({ source, silos: test.silos });
    await expect(ReverseApplier.open({ source: await test.connect("source"), silos: test.silos })).rejects.toThrow(
      "another",
    );
    await applier.close();
    expect(await mark()).toEqual(before);
    await reverse();
    expect(await mark()).not.toEqual(before);
    expect(await old("Unit", "x1-0")).toMatchObject({ unitNumber: "B-1" });
  });

  it("what the old database does not take is listed, holds nothing else up, and keeps the move from being taken back", async () => {
    // As if the old database had a rule of its own.
    await source.query(`alter table "Unit" add constraint no_zeros check ("unitNumber" <> '0')`);
    await change("unit", "x2-0", "unit_number = '0'");
    await change("unit", "x2-1", "unit_number = '1'");
    const applier = await ReverseApplier.open({ source, silos: test.silos });
    expect(await applier.drain()).toMatchObject({ problems: 1 });
    await applier.close();
    const { rows } = await source.query(
      "select table_name, pk, sqlstate, constraint_name from medport_migration.reverse_problem",
    );
    expect(rows).toEqual([{ table_name: "Unit", pk: "x2-0", sqlstate: "23514", constraint_name: "no_zeros" }]);
    expect(await old("Unit", "x2-1")).toMatchObject({ unitNumber: "1" });
    expect((await compareOldRows({ source, silos: test.silos })).differences).toEqual(["Unit x2-0"]);
    await expect(rollBack({ source, silos: test.silos })).rejects.toThrow("1 rows");
    expect([await isSourceFrozen(source), await areSilosClosed(test.silos)]).toEqual([true, false]);
    await source.query(`alter table "Unit" drop constraint no_zeros`);
  });

  it("taking it back leaves the old database with everything, and open", async () => {
    await change("unit", "x3-0", "unit_number = 'last'");
    const result = await rollBack({ source, silos: test.silos });
    expect(result).toMatchObject({ differences: [] });
    expect(await old("Unit", "x3-0")).toMatchObject({ unitNumber: "last" });
    expect([await isSourceFrozen(source), await areSilosClosed(test.silos)]).toEqual([false, true]);
    expect(await differencesOf(await allIds())).toEqual([]);
    expect(await rollBack({ source, silos: test.silos })).toMatchObject({ compared: 0 });
    await source.query(`update "Unit" set "unitNumber" = 'old again' where id = 'x3-0'`);
  });
});
