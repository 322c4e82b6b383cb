import { Client, type ClientBase } from "pg";
import { type ServiceName, serviceNames } from "#platform/service-name.ts";

/** Sessions that each see one moment of their database until they are closed; whatever they make goes with them. */
export interface VerifySessions extends AsyncDisposable {
  /** Two that see the same moment of the old database. */
  readonly source: Client;
  readonly archiveSource: Client;
  readonly silos: Readonly<Record<ServiceName, Client>>;
}

export interface VerifyUrls {
  readonly sourceUrl: string;
  /** In the name of the tables' owners. */
  readonly siloUrls: Readonly<Record<ServiceName, string>>;
  /** The moment of the old database, as another transaction of it has exported it; now if absent. */
  readonly snapshotId?: string;
}

/** Tables of the session's own cannot be made in a transaction that is read-only by name. */
const snapshot = "begin isolation level repeatable read read write";
/** Texts of times and numbers must be the same on both sides, whatever a role's defaults are. */
const settings = `set timezone to 'UTC'; set datestyle to 'ISO, YMD'; set intervalstyle to 'postgres'; set extra_float_digits to 1;
  set bytea_output to 'hex'; set client_min_messages to warning; set work_mem to '128MB'; set temp_buffers to '64MB';
  set hash_mem_multiplier to 2; set max_parallel_workers_per_gather to 0; set statement_timeout to 0; set jit to off;
  set idle_in_transaction_session_timeout to 0; set search_path to public`;

/** Opens them. */
export async function openSessions({ sourceUrl, siloUrls, snapshotId }: VerifyUrls): Promise<VerifySessions> {
  await using opened = new AsyncDisposableStack();
  const open = async (connectionString: string): Promise<Client> => {
    const client = new Client({ connectionString, application_name: "medport migrate verify" });
    // A session that is lost says so again to whoever asks it next.
    client.on("error", () => undefined);
    await client.connect();
    opened.defer(() => client.end());
    for (const setting of settings.split(";")) await client.query(setting).catch(ignoreUnknownSetting);
    return client;
  };
  const [source, archiveSource] = [await open(sourceUrl), await open(sourceUrl)];
  await source.query(snapshot);
  if (snapshotId !== undefined) await source.query(`set transaction snapshot ${source.escapeLiteral(snapshotId)}`);
  const id = snapshotId ?? (await exportSnapshot(source));
  await archiveSource.query(snapshot);
  await archiveSource.query(`set transaction snapshot ${archiveSource.escapeLiteral(id)}`);
  const silos = {
    hospital: await open(siloUrls.hospital),
    ems: await open(siloUrls.ems),
    center: await open(siloUrls.center),
  };
  for (const service of serviceNames) await silos[service].query(snapshot);
  const kept = opened.move();
  return { source, archiveSource, silos, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

/** The moment that a transaction sees, for others. */
export async function exportSnapshot(client: ClientBase): Promise<string> {
  const { rows } = await client.query<{ id: string }>("select pg_export_snapshot() as id");
  return rows[0]?.id ?? "";
}

/** Older servers lack some. */
function ignoreUnknownSetting(error: unknown): void {
  if (error instanceof Error && "code" in error && error.code === "42704") return;
  throw error;
}
