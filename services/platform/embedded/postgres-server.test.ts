import { chmod, lstat, mkdir, mkdtemp, readlink, rm, unlink } from "node:fs/promises";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { Client } from "pg";
import { freePort, loopback, onFreePort, PortTakenError } from "./free-port.ts";
import { findPostgresBinaries } from "./postgres-binaries.ts";
import { type PostgresServer, startPostgres, stopPostgres } from "./postgres-server.ts";
import { isAlive } from "./server-process.ts";
import { postgresUser } from "./server-user.ts";

const user = postgresUser();

describe("the embedded PostgreSQL", () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp("/tmp/medport-pg-");
    await chmod(folder, 0o711);
  });
  afterEach(async () => {
    await stopPostgres(join(folder, "cluster"));
    await rm(folder, { recursive: true, force: true });
  });

  async function start(port: number, adminPassword = "correct"): Promise<PostgresServer> {
    const binaries = await findPostgresBinaries({ user, copyFolder: folder });
    return startPostgres({
      binaries,
      user,
      folder: join(folder, "cluster"),
      port,
      adminPassword,
      logFile: join(folder, "log"),
      durable: true,
    });
  }

  async function ask(url: string, text: string): Promise<string> {
    const client = new Client({ connectionString: url });
    await client.connect();
    const { rows } = await client.query<{ answer: string }>(text);
    await client.end();
    return rows[0]?.answer ?? "";
  }

  it("listens on loopback only and stores passwords by scram-sha-256", async () => {
    const { adminUrl } = await onFreePort(start);
    expect(await ask(adminUrl, "select current_setting('listen_addresses') as answer")).toBe(loopback);
    expect(await ask(adminUrl, "select string_agg(distinct auth_method, ',') as answer from pg_hba_file_rules")).toBe(
      "scram-sha-256",
    );
    expect(
      await ask(adminUrl, "select left(rolpassword, 13) as answer from pg_authid where rolpassword is not null"),
    ).toBe("SCRAM-SHA-256");
  });

  it("takes over from one that a killed launcher left behind, with the same data", async () => {
    const left = await onFreePort(start);
    await ask(left.adminUrl, "create table kept as select 'yes' as answer");
    const next = await start(left.port);
    expect(isAlive(left.pid)).toBe(false);
    expect(await ask(next.adminUrl, "select answer from kept")).toBe("yes");
  });

  it("recovers after it was killed", async () => {
    const killed = await onFreePort(start);
    await ask(killed.adminUrl, "create table kept as select 'yes' as answer");
    await killed.kill();
    const next = await start(killed.port);
    expect(await ask(next.adminUrl, "select answer from kept")).toBe("yes");
  });

  it("names the port when another process holds it", async () => {
    const port = await freePort();
    const holder = createServer();
    await new Promise<void>((resolve) => holder.listen(port, loopback, resolve));
    await expect(start(port)).rejects.toThrow(new PortTakenError(port, "PostgreSQL"));
    holder.close();
  });

  it("makes the libraries' links whole that npm left out", async () => {
    const binaries = await findPostgresBinaries({ user, copyFolder: folder });
    const link = join(dirname(binaries.postgres), "..", "lib", "libpq.so");
    const target = await readlink(link);
    await unlink(link);
    await findPostgresBinaries({ user, copyFolder: folder });
    expect(await readlink(link)).toBe(target);
  });

  it("leaves a cluster that was half made when its launcher was killed, and makes a whole one", async () => {
    await mkdir(join(folder, "cluster", "data.new", "base"), { recursive: true });
    const { adminUrl } = await onFreePort(start);
    expect(await ask(adminUrl, "select 'ready' as answer")).toBe("ready");
    await expect(lstat(join(folder, "cluster", "data.new"))).rejects.toThrow("ENOENT");
  });
});
