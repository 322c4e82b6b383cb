import pg from "pg";
import { type ServiceName, serviceNames } from "#platform/service-name.ts";
import { eventually } from "#platform/testing/eventually.ts";
import type { TestDatabase } from "#platform/testing/test-postgres.ts";
import { subscriptions as center } from "../../services/center/src/subscriptions.ts";
import { subscriptions as ems } from "../../services/ems/src/subscriptions.ts";
import { subscriptions as hospital } from "../../services/hospital/src/subscriptions.ts";

const subscriptions = { hospital, ems, center } as const;

/** Leaps of the clock are obeyed, and events heard, within this time however slow the machine is. */
const usualPatienceMs = 30_000;
/** How many of the things that are not settled are told. */
const toldAtMost = 5;

/** The three databases of a mesh, looked at from outside. */
export class Silos implements AsyncDisposable {
  readonly #pools: Readonly<Record<ServiceName, pg.Pool>>;

  private constructor(pools: Readonly<Record<ServiceName, pg.Pool>>) {
    this.#pools = pools;
  }

  static open(databases: Readonly<Record<ServiceName, TestDatabase>>): Silos {
    const open = (service: ServiceName): pg.Pool =>
      new pg.Pool({ connectionString: databases[service].ownerUrl, max: 2 });
    return new Silos({ hospital: open("hospital"), ems: open("ems"), center: open("center") });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(serviceNames.map((service) => this.#pools[service].end()));
  }

  /** The rows that a query gives in one silo. */
  async rows<Row extends pg.QueryResultRow>(
    silo: ServiceName,
    query: string,
    values: readonly unknown[] = [],
  ): Promise<readonly Row[]> {
    const { rows } = await this.#pools[silo].query<Row>(query, [...values]);
    return rows;
  }

  /** Waits until everything is told and heard, nothing is in doubt, and every deadline before `now` has been obeyed. */
  async settle(now: Date, patienceMs = usualPatienceMs): Promise<void> {
    await eventually(
      async () => {
        const before = await this.#countTold();
        const unsettled = await this.#unsettled(now);
        // What is told while we look may not be heard where we have looked already.
        const isQuiet = (await this.#countTold()) === before;
        if (unsettled.length > 0) throw new Error(`not settled: ${summaryOf(unsettled)}`);
        if (!isQuiet) throw new Error("not settled: something is being told");
      },
      { withinMs: patienceMs },
    );
  }

  async #countTold(): Promise<number> {
    const counts = await Promise.all(
      serviceNames.map((silo) => this.rows<{ told: string }>(silo, "select count(*) as told from outbox_event")),
    );
    return counts.flat().reduce((sum, { told }) => sum + Number(told), 0);
  }

  async #unsettled(now: Date): Promise<readonly string[]> {
    const inSilos = await Promise.all(
      serviceNames.map(async (silo) => {
        const [row] = await this.rows<{ owed: string; parked: string; dead: string }>(
          silo,
          `select (select count(*) from outbox_event where published_at is null) as owed,
                  (select count(*) from inbox_parked) as parked, (select count(*) from inbox_dead) as dead`,
        );
        const counts = Object.entries(row ?? {}).filter(([, count]) => count !== "0");
        return counts.map(([what, count]) => `${silo} has ${count} ${what}`);
      }),
    );
    const unheard = await Promise.all(serviceNames.map((silo) => this.#unheard(silo)));
    const [inDoubt] = await this.rows<{ held: string; units: string; open: string }>(
      "ems",
      `select (select count(*) from assignment where state = 'HELD') as held,
              (select count(*) from assignment where state = 'CONFIRMED' and unit_state = 'HELD') as units,
              (select count(*) from trip_copy c where c.status = 'PENDING' and c.bidding_close_time <= $1
                  and exists (select from bid b where b.trip_id = c.id and b.status = 'PENDING')) as open`,
      [now],
    );
    const [lapsed] = await this.rows<{ lapsed: string }>(
      "hospital",
      "select count(*) as lapsed from trip where status = 'ASSIGNED' and consent_due_time <= $1",
      [now],
    );
    const doubts = Object.entries({ ...inDoubt, ...lapsed }).filter(([, count]) => count !== "0");
    return [...inSilos.flat(), ...unheard.flat(), ...doubts.map(([what, count]) => `${count} ${what}`)];
  }

  /** What others have told and a silo has not heard yet. */
  async #unheard(silo: ServiceName): Promise<readonly string[]> {
    const cursors = await this.rows<{ key: string; last: string }>(
      silo,
      "select aggregate_type || ' ' || aggregate_id as key, max(last_ver) as last from inbox_cursor group by 1",
    );
    const heard = new Map(cursors.map(({ key, last }) => [key, Number(last)]));
    const told = await Promise.all(
      serviceNames.map(async (producer) => {
        const types = subscriptions[silo].filter((it) => it.producer === producer).map(({ aggregate }) => aggregate);
        return this.rows<{ key: string; last: string }>(
          producer,
          `select aggregate_type || ' ' || aggregate_id as key, max(aggregate_ver) as last from outbox_event
            where aggregate_type = any($1) group by 1`,
          [types],
        );
      }),
    );
    const behind = told.flat().filter(({ key, last }) => (heard.get(key) ?? 0) < Number(last));
    return behind.map(({ key, last }) => `${silo} has not heard of ${key} version ${last}`);
  }
}

function summaryOf(unsettled: readonly string[]): string {
  const more = unsettled.length - toldAtMost;
  return [...unsettled.slice(0, toldAtMost), ...(more > 0 ? [`and ${more} more`] : [])].join("; ");
}
