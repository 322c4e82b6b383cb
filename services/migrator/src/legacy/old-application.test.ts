import { describe, expect, it } from "@jest/globals";
import { generateLegacy } from "./generator/generate-legacy.ts";
import { askRules } from "./generator/moved-legacy.builder.ts";
import { anOldDatabase } from "./generator/old-database.builder.ts";
import { acts } from "./old-acts.ts";
import { runOldApplication } from "./old-application.ts";

describe("the old application at work", () => {
  it("does everything that people did, and leaves nothing that must be quarantined", async () => {
    await using old = await anOldDatabase();
    await generateLegacy(old.client, { trips: 2_000, seed: 1, oddities: false });
    const signal = AbortSignal.timeout(3_000);
    const work = await runOldApplication(old.connect, { writesPerSecond: 10_000, signal, seed: 2 });
    expect(work.isRefused).toBe(false);
    expect(Object.keys(acts).filter((name) => !(name in work.acts))).toEqual([]);
    const { quarantined } = await askRules(old.client);
    expect(quarantined).toEqual([]);
  });

  it("writes at the wanted rate", async () => {
    await using old = await anOldDatabase();
    await generateLegacy(old.client, { trips: 500, seed: 1, oddities: true });
    const before = await changedRows();
    const { writes } = await runOldApplication(old.connect, {
      ...{ writesPerSecond: 100, seed: 2 },
      signal: AbortSignal.timeout(2_000),
    });
    expect(writes).toBeGreaterThan(120);
    expect(writes).toBeLessThan(220);
    expect(await changedRows()).toBeGreaterThan(before);

    async function changedRows(): Promise<number> {
      const { rows } = await old.client.query<{ count: number }>(
        `select (select count(*) from "TransportRequest")::int + (select count(*) from "TransportBid")::int as count`,
      );
      return rows[0]?.count ?? 0;
    }
  });

  it.each(["sessions end", "tables refuse"])("stops when the database is closed: %s", async (how) => {
    await using old = await anOldDatabase();
    await generateLegacy(old.client, { trips: 500, seed: 1, oddities: false });
    const working = runOldApplication(old.connect, {
      ...{ writesPerSecond: 200, seed: 2 },
      signal: AbortSignal.timeout(20_000),
    });
    await new Promise((resolve) => setTimeout(resolve, 500));
    await old.client.query(
      how === "sessions end"
        ? "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
        : `create function refuse() returns trigger language plpgsql as
             $$begin raise exception 'closed' using errcode = 'read_only_sql_transaction'; end$$;
           create trigger refuse before insert on "TransportRequest" execute function refuse()`,
    );
    expect(await working).toMatchObject({ isRefused: true });
  });

  it("refuses to work where there is nobody", async () => {
    await using old = await anOldDatabase();
    const options = { writesPerSecond: 1, signal: AbortSignal.timeout(1_000), seed: 1 };
    await expect(runOldApplication(old.connect, options)).rejects.toThrow("nobody to work with");
  });
});
