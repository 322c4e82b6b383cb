import type { Database } from "#platform/database/database.ts";
import { schemaDifferences } from "#platform/database/schema-differences.ts";
import { schemaText } from "#platform/database/schema-text.ts";
import type { Broker } from "#platform/events/broker.ts";
import type { HealthSource, HealthStatus } from "#platform/rpc/health.ts";
import type { Logger } from "#platform/telemetry/log.ts";

/** What the silo's health is made of. */
export interface SiloHealthOptions {
  readonly database: Pick<Database, "ping" | "fork">;
  /** The schema that this version of the service works with: the text of `migrations/schema.txt`. */
  readonly expectedSchema: string;
  readonly broker: Pick<Broker, "state" | "onChange">;
  readonly log: Logger;
  /** Milliseconds between two looks at the database; 1 000 if absent. */
  readonly everyMs?: number;
}

/** Knows whether the silo works; dispose it to stop looking. */
export interface SiloHealth extends HealthSource, AsyncDisposable {}

/** Looks at the database and its schema, and goes on looking. The first look is over when this answers. */
export async function startSiloHealth(options: SiloHealthOptions): Promise<SiloHealth> {
  const health = new WatchedHealth(options);
  await health.look();
  return health;
}

/** While all is well, comparing the schema waits for every fifth look: it takes the database as long as many pings. */
const looksPerComparison = 5;

/** Watches the database. A class because it remembers what it saw and owns a timer. */
class WatchedHealth implements SiloHealth {
  readonly #options: SiloHealthOptions;
  readonly #listeners = new Set<() => void>();
  readonly #forgetBroker: () => void;
  #status: HealthStatus = "NOT_SERVING";
  /** What was wrong at the last look; compared so that each trouble is logged once. */
  #trouble = "";
  #looks = 0;
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> = Promise.resolve();
  #isStopping = false;

  constructor(options: SiloHealthOptions) {
    this.#options = options;
    this.#forgetBroker = options.broker.onChange(() => this.#announce());
  }

  statuses(): ReadonlyMap<string, HealthStatus> {
    const broker = this.#options.broker.state === "connected" ? "SERVING" : "NOT_SERVING";
    return new Map([
      ["", this.#status],
      ["broker", broker],
    ]);
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  async look(): Promise<void> {
    const trouble = await this.#findTrouble();
    if (trouble !== this.#trouble) {
      if (trouble === "") this.#options.log.info({ event: "health.serving" });
      else this.#options.log.error({ event: "health.not_serving", trouble });
    }
    this.#trouble = trouble;
    const status = trouble === "" ? "SERVING" : "NOT_SERVING";
    const isNews = status !== this.#status;
    this.#status = status;
    if (isNews) this.#announce();
    this.#schedule();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isStopping = true;
    this.#forgetBroker();
    clearTimeout(this.#timer);
    await this.#looking;
  }

  /** Whether the database answers, and whether its schema is right: that is asked less often once it is. */
  async #findTrouble(): Promise<string> {
    const { database, expectedSchema } = this.#options;
    try {
      await database.ping();
      this.#looks += 1;
      if (this.#status === "SERVING" && this.#looks % looksPerComparison !== 0) return "";
      return schemaDifferences(await schemaText(database), expectedSchema).join("\n");
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  #schedule(): void {
    if (this.#isStopping) return;
    const look = (): void => {
      this.#looking = this.look();
    };
    this.#timer = setTimeout(look, this.#options.everyMs ?? 1_000).unref();
  }

  #announce(): void {
    for (const listener of this.#listeners) listener();
  }
}
