import { Client } from "pg";
import { serviceNames, type ServiceName } from "#platform/service-name.ts";
import type { SiloClients } from "../../../migrator/src/report/findings.ts";
import type { Progress } from "../embedded/progress.ts";
import { projectRoot } from "../project-root.ts";
import { type MigrateSettings, readMigrateSettings, readSourceSettings } from "./migrate-settings.ts";
import { commandProgress, RowMeter, type RowsDone, sayEveryMs, throttled } from "./move-progress.ts";
import { type SilosAtHand, withSilos } from "./silos-at-hand.ts";

/** What a command works with while it moves, verifies or switches. */
export interface MoveAtWork extends SilosAtHand {
  readonly settings: MigrateSettings;
  readonly sourceUrl: string;
  readonly progress: Progress;
  readonly json: boolean;
}

/** What all commands that work with the old database are told. */
export interface MoveCommandOptions {
  readonly overrides?: string;
  readonly json?: boolean;
}

/** Reads the settings and does work with source and silos. @throws ConfigError that lists every wrong setting. */
export async function withMove<T>(
  { overrides, json = false }: MoveCommandOptions,
  work: (move: MoveAtWork) => Promise<T>,
): Promise<T> {
  const where = { root: projectRoot, environment: process.env, overridesFile: overrides };
  const settings = await readSourceSettings(where);
  const progress = commandProgress(json);
  return withSilos({ root: projectRoot, settings: settings.mesh, progress }, (silos) =>
    work({ ...silos, settings, sourceUrl: settings.sourceUrl, progress, json }),
  );
}

/** The same for commands that need the silos alone. */
export async function withoutSource<T>(
  { json = false }: MoveCommandOptions,
  work: (move: Omit<MoveAtWork, "sourceUrl"> & { readonly sourceUrl: string | undefined }) => Promise<T>,
): Promise<T> {
  const settings = await readMigrateSettings({ root: projectRoot, environment: process.env });
  const progress = commandProgress(json);
  return withSilos({ root: projectRoot, settings: settings.mesh, progress }, (silos) =>
    work({ ...silos, settings, sourceUrl: settings.sourceUrl, progress, json }),
  );
}

/** Does a part of the move and shows how many rows are done, how fast, and how long it will take. */
export async function showing<T>(
  { progress, json }: Pick<MoveAtWork, "progress" | "json">,
  title: string,
  work: (onProgress: (step: string, done: RowsDone) => void) => Promise<T>,
): Promise<T> {
  return progress.step(title, async (say) => {
    const sayNow = throttled(say, sayEveryMs(json), () => performance.now());
    const current = { step: "", meter: new RowMeter(performance.now()) };
    const value = await work((step, done) => {
      if (step !== current.step) Object.assign(current, { step, meter: new RowMeter(performance.now(), done.rows) });
      sayNow(() => `${step}: ${current.meter.words(done, performance.now())}`);
    });
    return { value };
  });
}

/** Does work with a connection to each silo. */
export async function withSiloClients<T>(
  ownerUrls: Readonly<Record<ServiceName, string>>,
  work: (silos: SiloClients) => Promise<T>,
): Promise<T> {
  await using open = new AsyncDisposableStack();
  const connect = async (service: ServiceName): Promise<Client> => {
    const client = new Client({
      connectionString: ownerUrls[service],
      connectionTimeoutMillis: 10_000,
      application_name: "medport-migrate",
    });
    client.on("error", () => undefined);
    await client.connect();
    open.defer(() => client.end().catch(() => undefined));
    return client;
  };
  const [hospital, ems, center] = serviceNames;
  // Awaited here: the connections are closed when this function ends.
  return await work({ hospital: await connect(hospital), ems: await connect(ems), center: await connect(center) });
}
