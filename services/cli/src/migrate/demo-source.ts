import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { Client } from "pg";
import { loopback, onFreePort } from "#platform/embedded/free-port.ts";
import { findPostgresBinaries } from "#platform/embedded/postgres-binaries.ts";
import { startPostgres } from "#platform/embedded/postgres-server.ts";
import { logFile, type MeshFolder } from "../embedded/mesh-folder.ts";
import type { OpenedMesh } from "../embedded/open-mesh.ts";
import { createLegacySchema } from "../../../migrator/src/legacy/legacy-schema.ts";
import { generateLegacy } from "../../../migrator/src/legacy/generator/generate-legacy.ts";
import { withClient } from "./with-client.ts";

/** The name of the old database, and of the role that owns it. */
const name = "medport";

/** Somebody who had an account in the old database, and created trips. */
export interface DemoLogin {
  readonly email: string;
  readonly password: string;
}

/** An old database with everything in it. */
export interface DemoSource {
  readonly sourceUrl: string;
  readonly login: DemoLogin;
  readonly rows: number;
}

/** The same every time. */
const seed = 2025;

/** Fills an empty database with as many trips, and with all that belongs to them, oddities included. */
export function makeDemoSource(sourceUrl: string, trips: number): Promise<DemoSource> {
  return withClient("the old database", sourceUrl, async (client) => {
    await createLegacySchema(client);
    const { login, rows } = await generateLegacy(client, { trips, seed, oddities: true });
    return { sourceUrl, login, rows };
  });
}

/** The folder of its cluster. */
export function demoSourceFolder(folder: MeshFolder): string {
  return join(folder.databases, "old");
}

/**
 * Starts a server beside the silos' and makes an empty database in it, as the old MedPort has it: owned by the one role
 * that uses it. Stopped by `parts`.
 * @returns its connection string.
 */
export async function startDemoSource(mesh: OpenedMesh, parts: AsyncDisposableStack): Promise<string> {
  const { folder, user } = mesh;
  const binaries = await findPostgresBinaries({ user, copyFolder: folder.databases });
  const adminPassword = randomBytes(18).toString("hex");
  const ownPassword = randomBytes(18).toString("hex");
  const server = await onFreePort((port) =>
    startPostgres({
      ...{ binaries, user, port, adminPassword, durable: false },
      folder: demoSourceFolder(folder),
      logFile: logFile(folder, "old-database"),
    }),
  );
  parts.defer(() => server.stop());
  const admin = new Client({ connectionString: server.adminUrl });
  await admin.connect();
  try {
    await admin.query(`create role ${name} login password '${ownPassword}'`);
    await admin.query(`create database ${name} owner ${name}`);
  } finally {
    await admin.end();
  }
  return `postgresql://${name}:${ownPassword}@${loopback}:${server.port}/${name}`;
}
