import { Client } from "pg";
import { type ServiceName, serviceNames } from "#platform/service-name.ts";
import type { ChangeApplier } from "../capture/apply-changes.ts";
import type { MoveOptions } from "../directory/directory.ts";
import { createChangeApplier } from "./change-applier.ts";

/** Where a move reads and writes. */
export interface MoveUrls {
  readonly sourceUrl: string;
  /** In the name of the tables' owners. */
  readonly siloUrls: Readonly<Record<ServiceName, string>>;
}

/** Sessions of a move. */
export interface MoveSessions {
  /** Two sessions, so that the archive is copied beside the trips. */
  readonly source: Client;
  readonly archiveSource: Client;
  /** For notes of what is to be moved anew, while the others see a snapshot; none in a rehearsal. */
  readonly noteSource: Client | undefined;
  readonly silos: Readonly<Record<ServiceName, Client>>;
  readonly archiveSilos: Readonly<Record<ServiceName, Client>>;
}

/** Opens them. @throws Error that says which database cannot be reached, and why. */
export async function openMoveSessions({ sourceUrl, siloUrls }: MoveUrls): Promise<MoveSessions & AsyncDisposable> {
  await using opened = new AsyncDisposableStack();
  const open = async (connectionString: string, title = "a silo"): Promise<Client> => {
    const client = new Client({ connectionString, application_name: "medport migrate" });
    // A session that the server ends while it rests: the next statement tells.
    client.on("error", () => undefined);
    try {
      await client.connect();
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new Error(`${title} at ${new URL(connectionString).host} cannot be reached: ${why}`, { cause: error });
    }
    opened.defer(() => client.end());
    await client.query("set timezone to 'UTC'; set datestyle to 'ISO'");
    return client;
  };
  const openSilos = async (): Promise<Readonly<Record<ServiceName, Client>>> => {
    const clients = {
      hospital: await open(siloUrls.hospital),
      ems: await open(siloUrls.ems),
      center: await open(siloUrls.center),
    };
    // A checkpoint is lost together with its rows, never alone; a note of a change is not (`openChangeApplier`).
    for (const service of serviceNames) await clients[service].query("set synchronous_commit to off");
    return clients;
  };
  const databases = {
    source: await open(sourceUrl, "the old database"),
    archiveSource: await open(sourceUrl, "the old database"),
    noteSource: await open(sourceUrl, "the old database"),
    silos: await openSilos(),
    archiveSilos: await openSilos(),
  };
  const kept = opened.move();
  return { ...databases, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

/** An applier that removes a note of the old database only when what it is about is safe on the silos' disks. */
export async function openChangeApplier(
  sessions: Parameters<typeof createChangeApplier>[0],
  options: MoveOptions,
): Promise<ChangeApplier> {
  for (const service of serviceNames) await sessions.silos[service].query("set synchronous_commit to on");
  return createChangeApplier(sessions, options);
}
