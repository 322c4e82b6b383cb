import { afterAll, beforeAll, beforeEach, describe, expect, it } from "@jest/globals";
import type { Client } from "pg";
import { createWorkTables } from "../capture/old-database.builder.ts";
import { createLegacySchema } from "../legacy/legacy-schema.ts";
import { installCapture } from "../capture/install-capture.ts";
import { areSilosClosed, openSilos, type SiloClients } from "./close-silos.ts";
import { cutOver, type CutOverDeps, giveUpCutOver, SidesDiffer, TripsLeftBehind } from "./cut-over.ts";
import { isSourceFrozen } from "./freeze-source.ts";
import { readRunPhase } from "./run-phase.ts";
import { createTestDatabases, type TestDatabases } from "./silos.builder.ts";

const facility = `insert into "Facility" (id, name, type, address, city, state, "zipCode", "isActive", "createdAt", "updatedAt")
  values ($1, 'General', 'HOSPITAL', '1 Main St', 'Altoona', 'PA', '16601', true, now(), now())`;
const event = `insert into outbox_event (event_id, aggregate_type, aggregate_id, aggregate_ver, event_type, subject, payload)
  values (gen_random_uuid(), 'trip', $1, 1, 'medport.events.v1.TripCreated', $1, '')`;

describe("the cut-over", () => {
  let test: TestDatabases;
  let oldApp: Client;
  let newApp: Client;
  let source: Client;
  let silos: SiloClients;
  let phases: string[];
  let bothOpen: string[];

  beforeAll(async () => {
    test = await createTestDatabases();
    await createLegacySchema(test.source);
    await createWorkTables(test.silos);
    await installCapture(test.source);
    await test.source.query(`grant all on all tables in schema public to "${test.databases.source.appRole}"`);
  }, 60_000);
  beforeEach(async () => {
    // What a test has left, its sessions included.
    source = await test.connect("source");
    silos = { ...test.silos, center: await test.connect("center") };
    await silos.center.query("update migration.run set phase = 'VERIFIED'");
    await giveUpCutOver({ source, silos });
    await openSilos(silos);
    await silos.hospital.query("delete from outbox_event");
    await silos.hospital.query(
      `insert into outbox_event (event_id, aggregate_type, aggregate_id, aggregate_ver, event_type, subject, payload, published_at)
       select gen_random_uuid(), 'trip', 'held-' || n, 1, 'x', 'x', '', 'infinity' from generate_series(1, 3) n`,
    );
    [oldApp, newApp] = [await test.connect("source", "app"), await test.connect("hospital", "app")];
    [phases, bothOpen] = [[], []];
  });
  afterAll(async () => test[Symbol.asyncDispose]());

  let count = 0;
  const isOpen = async (client: Client, sql: string): Promise<boolean> =>
    client.query(sql, [`probe-${++count}`]).then(
      () => true,
      () => false,
    );
  const isOldOpen = () => isOpen(oldApp, facility);
  const isNewOpen = () => isOpen(newApp, event);
  const held = async (): Promise<number> => {
    const { rows } = await silos.hospital.query<{ held: number }>(
      "select count(*)::int as held from outbox_event where published_at = 'infinity'",
    );
    return rows[0]?.held ?? -1;
  };

  function deps(over: Partial<CutOverDeps> = {}): CutOverDeps {
    return {
      source,
      silos,
      catchUp: async () => {
        const look = async (moment: string): Promise<void> => {
          if ((await isOldOpen()) && (await isNewOpen())) bothOpen.push(moment);
        };
        await look(phases.at(-1) ?? "");
        return { applied: 2 };
      },
      compareAll: () => Promise.resolve({ differences: 0 }),
      drain: () => Promise.resolve({ applied: 3 }),
      compareChanged: () => Promise.resolve({ differences: 0 }),
      countLeftBehind: () => Promise.resolve(0),
      onPhase: (phase) => void phases.push(phase),
      ...over,
    };
  }

  it("closes the old database, opens the silos, and says how long neither took anything", async () => {
    expect(await isOldOpen()).toBe(true);
    const result = await cutOver(deps());
    expect(result).toMatchObject({ wasDone: false, applied: 7 });
    expect(result.secondsWithoutWrites).toBeGreaterThan(0);
    expect(result.phases.map(({ phase }) => phase)).toEqual(phases);
    expect([await isOldOpen(), await isNewOpen(), await held()]).toEqual([false, true, 0]);
    expect(await readRunPhase(silos.center)).toBe("CUT_OVER");
    expect(bothOpen).toEqual([]);
  });

  it("takes changes that come while it begins, and none when it compares", async () => {
    const open: boolean[] = [];
    await cutOver(
      deps({
        compareAll: async () => {
          open.push(await isOldOpen(), await isNewOpen());
          return { differences: 0 };
        },
        drain: async () => {
          open.push(await isOldOpen());
          return { applied: 0 };
        },
        compareChanged: async () => {
          open.push(await isOldOpen(), await isNewOpen());
          return { differences: 0 };
        },
      }),
    );
    expect(open).toEqual([true, false, false, false, false]);
  });

  it.each(["compareAll", "compareChanged"] as const)("is called off when the sides differ at %s", async (step) => {
    const tried = cutOver(deps({ [step]: () => Promise.resolve({ differences: 3 }) }));
    await expect(tried).rejects.toThrow(SidesDiffer);
    expect([await isOldOpen(), await isNewOpen(), await held()]).toEqual([true, false, 3]);
    expect(await areSilosClosed(silos)).toBe(true);
    expect(await readRunPhase(silos.center)).not.toBe("CUT_OVER");
    expect(await cutOver(deps())).toMatchObject({ wasDone: false });
  });

  /** As many open trips in quarantine as it is asked for the first time, the second time, and so on. */
  const leaving = (...counts: number[]) => ({ countLeftBehind: () => Promise.resolve(counts.shift() ?? 0) });

  it.each([
    ["before it begins", [2]],
    ["by what came last", [0, 2]],
  ])("is called off when open trips are in quarantine %s, unless they may stay there", async (_, counts) => {
    await expect(cutOver(deps(leaving(...counts)))).rejects.toThrow(TripsLeftBehind);
    expect([await isOldOpen(), await isNewOpen(), await held()]).toEqual([true, false, 3]);
    expect(await readRunPhase(silos.center)).not.toBe("SWITCHING");
    await cutOver(deps({ ...leaving(...counts), mayLeaveBehind: true }));
    expect([await isOldOpen(), await isNewOpen()]).toEqual([false, true]);
  });

  it("gives up a switch that was killed when it cannot be gone on with", async () => {
    await killedWhile("compareChanged");
    [source, silos] = [await test.connect("source"), { ...silos, center: await test.connect("center") }];
    await expect(cutOver(deps(leaving(1)))).rejects.toThrow(TripsLeftBehind);
    expect([await isOldOpen(), await isNewOpen()]).toEqual([true, false]);
  });

  const steps = ["catchUp", "compareAll", "drain", "compareChanged", "beforeOpening"] as const;
  it.each(steps)("is called off when %s fails", async (step) => {
    await expect(cutOver(deps({ [step]: () => Promise.reject(new Error("x")) }))).rejects.toThrow("x");
    expect([await isOldOpen(), await isNewOpen()]).toEqual([true, false]);
  });

  /** Its sessions end in the middle, so that it cannot clean up: as if the process had been killed. */
  async function killedWhile(step: "compareChanged" | "beforeOpening"): Promise<void> {
    const kill = async (): Promise<never> => {
      for (const name of ["source", "center"] as const) {
        const admin = await test.connect(name, "admin");
        await admin.query(
          `select pg_terminate_backend(pid) from pg_stat_activity
            where datname = current_database() and application_name = 'medport-migrate'`,
        );
      }
      throw new Error("killed");
    };
    await expect(cutOver(deps({ [step]: kill }))).rejects.toThrow(/killed|terminat|not queryable|ended/i);
  }

  it.each(["compareChanged", "beforeOpening"] as const)(
    "goes on after it was killed at %s, both sides closed meanwhile",
    async (step) => {
      await killedWhile(step);
      expect([await isOldOpen(), await isNewOpen()]).toEqual([false, false]);
      expect(await readRunPhase(await test.connect("center"))).toBe("SWITCHING");
      [source, silos] = [await test.connect("source"), { ...silos, center: await test.connect("center") }];
      expect(await cutOver(deps())).toMatchObject({ wasDone: false });
      expect([await isOldOpen(), await isNewOpen()]).toEqual([false, true]);
      expect(bothOpen).toEqual([]);
    },
  );

  it("can be given up after it was killed, and not after it was done", async () => {
    await killedWhile("compareChanged");
    [source, silos] = [await test.connect("source"), { ...silos, center: await test.connect("center") }];
    await giveUpCutOver({ source, silos });
    expect([await isOldOpen(), await isNewOpen()]).toEqual([true, false]);
    await cutOver(deps());
    await expect(giveUpCutOver({ source, silos })).rejects.toThrow("roll-back");
    expect(await isSourceFrozen(source)).toBe(true);
  });

  it("opens the silos when it was killed after the switch, and nothing changes when it is repeated", async () => {
    await cutOver(deps());
    await silos.hospital.query("update outbox_event set published_at = 'infinity' where aggregate_id like 'held-%'");
    for (let times = 0; times < 2; times++) {
      expect(await cutOver(deps())).toMatchObject({ wasDone: true });
      expect([await isOldOpen(), await isNewOpen(), await held()]).toEqual([false, true, 0]);
    }
  });
});
