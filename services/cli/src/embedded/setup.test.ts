import { readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, jest } from "@jest/globals";
import { startTestBroker } from "#platform/testing/test-broker.ts";
import { startTestPostgres } from "#platform/testing/test-postgres.ts";
import { aFakeProject, askFake, type FakeProject, upProgram } from "./fake-project.builder.ts";
import { subscriptions } from "./all-subscriptions.ts";
import { type MeshFolder, removeMeshFolder } from "./mesh-folder.ts";
import { readMeshSettings } from "./mesh-settings.ts";
import { readMeshState } from "./mesh-state.ts";
import { meshFolderOf } from "./open-mesh.ts";
import { askMesh, findMesh, isWell } from "./mesh-status.ts";
import { type Progress, silentProgress } from "./progress.ts";
import { setUpMesh } from "./start-mesh.ts";
import { stopMesh } from "./stop-mesh.ts";
import { underMeshLock } from "./under-lock.ts";
import { up, upDetached } from "./up.ts";

// Each of these starts whole meshes, on a machine that may have other things to do.
jest.setTimeout(120_000);

let project: FakeProject;
const { signal } = new AbortController();

beforeEach(async () => {
  project = await aFakeProject();
});
afterEach(() => project[Symbol.asyncDispose]());

async function folderOf(it: FakeProject): Promise<MeshFolder> {
  return meshFolderOf(it.root, await readMeshSettings(it.root, it.environment));
}

async function setUp(it: FakeProject): Promise<MeshFolder> {
  const settings = await readMeshSettings(it.root, it.environment);
  await setUpMesh({ root: it.root, settings, progress: silentProgress, signal });
  return folderOf(it);
}

describe("setting up", () => {
  it("makes databases and keys, starts no service, and leaves nothing running", async () => {
    const folder = await setUp(project);
    const state = await readMeshState(folder);
    expect(state?.phase).toBe("stopped");
    const servers = Object.values({ ...state?.services, ...state?.databases });
    expect(servers.filter(({ pid }) => pid !== undefined)).toEqual([]);
    await stat(join(folder.databases, "hospital", "data", "PG_VERSION"));
    await stat(join(folder.keys, "services.json"));
  });

  it("keeps passwords and keys when it is repeated", async () => {
    const folder = await setUp(project);
    const files = [
      join(folder.secrets, "passwords.json"),
      join(folder.keys, "ems.json"),
      join(folder.keys, "tokens.json"),
    ];
    const before = await Promise.all(files.map((file) => readFile(file, "utf8")));
    await setUp(project);
    expect(await Promise.all(files.map((file) => readFile(file, "utf8")))).toEqual(before);
  });

  it("makes the keys anew, all that go together, when one is missing", async () => {
    const folder = await setUp(project);
    const files = ["hospital", "ems", "services"].map((name) => join(folder.keys, `${name}.json`));
    const before = await Promise.all(files.map((file) => readFile(file, "utf8")));
    await rm(files[0] ?? "");
    await setUp(project);
    const after = await Promise.all(files.map((file) => readFile(file, "utf8")));
    expect(after.filter((text, index) => text === before[index])).toEqual([]);
  });

  it("is refused while a mesh runs", async () => {
    const folder = await folderOf(project);
    await underMeshLock(folder, async () => {
      await expect(underMeshLock(folder, () => Promise.resolve())).rejects.toThrow(
        `MedPort already runs (process ${process.pid})`,
      );
    });
  });

  it("can be undone, so that nothing of it is left", async () => {
    const folder = await setUp(project);
    await removeMeshFolder(folder);
    await expect(stat(folder.path)).rejects.toThrow("ENOENT");
  });

  it("removes nothing that somebody else keeps in the same folder", async () => {
    const folder = await setUp(project);
    await writeFile(join(folder.path, "notes.txt"), "mine");
    await removeMeshFolder(folder);
    expect(await readFile(join(folder.path, "notes.txt"), "utf8")).toBe("mine");
  });
});

describe("asking a mesh that was never started", () => {
  it("answers that nothing is there, and makes nothing", async () => {
    const settings = await readMeshSettings(project.root, project.environment);
    const folder = await folderOf(project);
    const status = await askMesh(await findMesh(settings, folder));
    expect(isWell(status)).toBe(false);
    expect(status.services.map(({ name }) => name)).toEqual(["hospital", "ems", "center"]);
    await expect(stat(folder.path)).rejects.toThrow("ENOENT");
  });
});

describe("a project in a folder that is closed to everybody else", () => {
  it("has its databases where PostgreSQL's user reaches them, says so if that is elsewhere, and removes them", async () => {
    await using closed = await aFakeProject({ parentMode: 0o700 });
    const running = await closed.start();
    const folder = await folderOf(closed);
    // Only root lends PostgreSQL another user, whom the folder keeps out.
    const isElsewhere = process.getuid?.() === 0;
    const expected = isElsewhere ? /^\/var\/lib\/medport\/[0-9a-f]{16}$/ : /\/medport\/\.medport\/data$/;
    expect(folder.databases).toMatch(expected);
    expect(running.output().includes(`the databases are in ${folder.databases}`)).toBe(isElsewhere);
    await stopMesh(folder);
    await removeMeshFolder(folder);
    await expect(stat(folder.databases)).rejects.toThrow("ENOENT");
  });
});

describe("servers that somebody brings", () => {
  it("take the place of the embedded ones, one by one", async () => {
    await using postgres = await startTestPostgres();
    await using broker = await startTestBroker({ subscriptions });
    await using database = await postgres.createDatabase("brought");
    const url = (role: string, name: string): string => {
      const changed = new URL(postgres.adminUrl);
      [changed.username, changed.password, changed.pathname] = [role, "secret", `/${name}`];
      return changed.href;
    };
    const names = {
      owner: `${database.name}_new_owner`,
      app: `${database.name}_new_app`,
      name: `${database.name}_new`,
    };
    const environment = {
      HOSPITAL_DATABASE_URL: url(names.app, names.name),
      HOSPITAL_DATABASE_OWNER_URL: url(names.owner, names.name),
      HOSPITAL_DATABASE_ADMIN_URL: postgres.adminUrl,
      EMS_DATABASE_URL: database.ownerUrl,
      NATS_URL: broker.url,
      EMS_NATS_PASSWORD: broker.users.ems.password,
    };
    await project.start(environment);
    const { services, databases, broker: brought } = await project.state();
    expect([databases.hospital.embedded, databases.ems.embedded, databases.center.embedded]).toEqual([
      false,
      false,
      true,
    ]);
    expect(brought).toMatchObject({ embedded: false, address: new URL(broker.url).host });
    const seen = (await askFake(services.ems.address)).environment;
    expect(seen).toMatchObject({ EMS_DATABASE_URL: database.ownerUrl, NATS_URL: broker.url, NATS_USER: "ems" });
    expect(seen["NATS_PASSWORD"]).toBe(broker.users.ems.password);
    expect((await askFake(services.hospital.address)).environment["HOSPITAL_DATABASE_URL"]).toContain(names.app);
  });
});

describe("the .env file", () => {
  it("is read, and the environment wins", async () => {
    await writeFile(join(project.root, ".env"), "LOG_LEVEL=debug\nEMS_DATABASE_POOL_SIZE=7\n");
    await project.start({ LOG_LEVEL: "warn" });
    const { environment } = await askFake((await project.state()).services.ems.address);
    expect(environment).toMatchObject({ LOG_LEVEL: "warn", EMS_DATABASE_POOL_SIZE: "7" });
  });
});

describe("starting in the background", () => {
  it("returns when the mesh is ready, prints the table, and leaves it running until it is stopped", async () => {
    const said: string[] = [];
    const progress: Progress = { ...silentProgress, say: (sentence) => void said.push(sentence) };
    const options = { root: project.root, environment: project.environment, progress };
    await upDetached(options, upProgram(project.root, { inBackground: true }));
    expect(said.join("\n")).toContain("SERVING");
    expect(said.join("\n")).toContain("MedPort is ready.");
    expect(said.join("\n")).not.toContain("Ctrl-C");
    const state = await project.state();
    expect(state.phase).toBe("ready");
    expect(said.at(-1)).toContain(`It runs in the background (process ${state.pid})`);

    await up(options);
    expect(said.at(-1)).toContain("SERVING");
    expect(said.at(-2)).toContain(`already runs (process ${state.pid})`);

    expect(await stopMesh(await folderOf(project))).toBe(state.pid);
    expect((await project.state()).phase).toBe("stopped");
  });

  it("fails with what was said when the mesh does not start", async () => {
    const said: string[] = [];
    const progress: Progress = { ...silentProgress, say: (sentence) => void said.push(sentence) };
    await writeFile(join(project.root, "services/center/src/main.ts"), 'throw new Error("no center today");\n');
    const options = { root: project.root, environment: project.environment, progress };
    await expect(upDetached(options, upProgram(project.root))).rejects.toThrow("ended before it was ready");
    expect(said.join("\n")).toContain("no center today");
  });
});
