import { afterAll, beforeAll, beforeEach, describe, expect, it } from "@jest/globals";
import type { Client } from "pg";
import { areSilosClosed, closeSilos, openSilos } from "./close-silos.ts";
import { newestEvent, OutboxReader } from "./outbox-reader.ts";
import { createTestDatabases, type TestDatabases } from "./silos.builder.ts";

describe("an outbox", () => {
  let test: TestDatabases;
  let app: Client;
  let other: Client;
  beforeAll(async () => {
    test = await createTestDatabases();
    [app, other] = [await test.connect("hospital", "app"), await test.connect("hospital", "app")];
  }, 60_000);
  afterAll(async () => test[Symbol.asyncDispose]());

  let count = 0;
  async function tell(client: Client): Promise<string> {
    const id = `trip-${++count}`;
    await client.query(
      `insert into outbox_event (event_id, aggregate_type, aggregate_id, aggregate_ver, event_type, subject, payload)
       values (gen_random_uuid(), 'trip', $1, 1, 'medport.events.v1.TripCreated', $1, '')`,
      [id],
    );
    return id;
  }

  describe("that is read", () => {
    let reader: OutboxReader;
    beforeEach(async () => {
      reader = new OutboxReader(test.silos.hospital, await newestEvent(test.silos.hospital));
    });
    const next = async () => {
      const { notices, mark } = await reader.next();
      return { ids: notices.map(({ aggregateId }) => aggregateId), mark };
    };

    it("gives each event once", async () => {
      const told = [await tell(app), await tell(app)];
      expect((await next()).ids).toEqual(told);
      expect((await next()).ids).toEqual([]);
    });

    it("gives an event whose transaction commits after later ones, and keeps its mark before it", async () => {
      const before = await newestEvent(test.silos.hospital);
      await other.query("begin");
      const late = await tell(other);
      const early = await tell(app);
      expect(await next()).toEqual({ ids: [early], mark: before });
      expect(await next()).toEqual({ ids: [], mark: before });
      await other.query("commit");
      expect(await next()).toEqual({ ids: [late], mark: before + 2n });
    });

    it("is not misled by one whose transaction began after that of the event behind it", async () => {
      // The transactions' ids are in another order than the events' numbers: a snapshot taken now ends below the late one.
      const before = await newestEvent(test.silos.hospital);
      await app.query("begin; select pg_current_xact_id()");
      await other.query("begin; select pg_current_xact_id()");
      const late = await tell(other);
      const early = await tell(app);
      await app.query("commit");
      expect(await next()).toEqual({ ids: [early], mark: before });
      for (let round = 0; round < 5; round++) expect(await next()).toEqual({ ids: [], mark: before });
      await other.query("commit");
      expect(await next()).toEqual({ ids: [late], mark: before + 2n });
    });

    it("does not wait for one that was rolled back", async () => {
      const before = await newestEvent(test.silos.hospital);
      await other.query("begin");
      await tell(other);
      await other.query("rollback");
      const told = await tell(app);
      const first = await next();
      expect(first.ids).toEqual([told]);
      // Others' transactions in this cluster may be under way.
      for (let tries = 0; tries < 500 && (await next()).mark < before + 2n; tries++);
      expect((await next()).mark).toBe(before + 2n);
    });

    const tellMany = (client: Client) =>
      client.query(
        `insert into outbox_event (event_id, aggregate_type, aggregate_id, aggregate_ver, event_type, subject, payload)
         select gen_random_uuid(), 'trip', gen_random_uuid(), 1, 'x', 'x', '' from generate_series(1, 1200) n`,
      );

    it("gives more than one batch holds", async () => {
      await tellMany(app);
      const sizes = [];
      for (let { ids } = await next(); ids.length > 0; { ids } = await next()) sizes.push(ids.length);
      expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(1_200);
      expect(sizes.length).toBeGreaterThan(1);
    });

    it("gives all of a transaction that commits late, though one batch does not hold it", async () => {
      await other.query("begin");
      await tellMany(other);
      const early = await tell(app);
      expect((await next()).ids).toEqual([early]);
      expect((await next()).ids).toEqual([]);
      await other.query("commit");
      const late = [];
      for (let { ids } = await next(); ids.length > 0; { ids } = await next()) late.push(...ids);
      expect(late).toHaveLength(1_200);
    });
  });

  it("of a closed silo takes events of its owner only, and is open again for everybody", async () => {
    await closeSilos(test.silos);
    await closeSilos(test.silos);
    expect(await areSilosClosed(test.silos)).toBe(true);
    await expect(tell(app)).rejects.toMatchObject({ code: "42501" });
    const told = await tell(test.silos.hospital);
    // What a relay does with it.
    const { rowCount } = await app.query("update outbox_event set published_at = now() where aggregate_id = $1", [
      told,
    ]);
    expect(rowCount).toBe(1);
    await openSilos(test.silos);
    await openSilos(test.silos);
    expect(await areSilosClosed(test.silos)).toBe(false);
    await tell(app);
  });

  it("is closed only when those who were writing have ended", async () => {
    await other.query("begin");
    const id = await tell(other);
    const closing = closeSilos(test.silos);
    await new Promise((resolve) => setTimeout(resolve, 200));
    await other.query("commit");
    await closing;
    const { rows } = await test.silos.hospital.query("select 1 from outbox_event where aggregate_id = $1", [id]);
    expect(rows).toHaveLength(1);
    await openSilos(test.silos);
  });
});
