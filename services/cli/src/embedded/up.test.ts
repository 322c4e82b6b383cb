import { createServer } from "node:net";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from "@jest/globals";
import { Client } from "pg";
import { freePort, loopback } from "#platform/embedded/free-port.ts";
import { findProcesses, isAlive } from "#platform/embedded/server-process.ts";
import { serviceNames } from "#platform/service-name.ts";
import { eventually } from "#platform/testing/eventually.ts";
import { aFakeProject, askFake, type FakeProject, type FakeUp } from "./fake-project.builder.ts";
import { askMesh, findMesh, isWell, type MeshStatus } from "./mesh-status.ts";
import { meshFolderOf } from "./open-mesh.ts";
import { readMeshSettings } from "./mesh-settings.ts";
import { stopMesh } from "./stop-mesh.ts";

// Each of these starts whole meshes, on a machine that may have other things to do.
jest.setTimeout(120_000);

async function statusOf(project: FakeProject): Promise<MeshStatus> {
  const settings = await readMeshSettings(project.root, project.environment);
  return askMesh(await findMesh(settings, await meshFolderOf(project.root, settings)));
}

/** Every process that belongs to the project's mesh. */
async function pidsOf(project: FakeProject): Promise<readonly number[]> {
  const { services, databases, broker } = await project.state();
  return [...Object.values(services), ...Object.values(databases), broker].flatMap(({ pid }) => (pid ? [pid] : []));
}

async function query(project: FakeProject, text: string): Promise<readonly Record<string, unknown>[]> {
  const settings = await readMeshSettings(project.root, project.environment);
  const mesh = await findMesh(settings, await meshFolderOf(project.root, settings));
  const client = new Client({ connectionString: mesh.databases[0]?.url });
  await client.connect();
  try {
    const { rows } = await client.query<Record<string, unknown>>(text);
    return rows;
  } finally {
    await client.end();
  }
}

async function processesIn(project: FakeProject): Promise<readonly number[]> {
  const folder = join(project.root, ".medport");
  const clusters = serviceNames.map((service) => ({ cwd: join(folder, "data", service, "data") }));
  const marks = [...clusters, { cwd: join(folder, "data", "nats") }, { variable: `MEDPORT_MESH=${folder}` }];
  return (await Promise.all(marks.map(findProcesses))).flat();
}

describe("a mesh that runs", () => {
  let project: FakeProject;
  let up: FakeUp;

  beforeAll(async () => {
    project = await aFakeProject();
    up = await project.start();
  });
  afterAll(() => project[Symbol.asyncDispose]());

  it("is well in all of its parts", async () => {
    expect(isWell(await statusOf(project))).toBe(true);
  });

  it("was announced with addresses and calls to paste, in plain lines", async () => {
    const { services } = await project.state();
    for (const { address } of Object.values(services)) expect(up.output()).toContain(address);
    for (const tool of ["grpcurl", "buf curl", "curl -s"]) expect(up.output()).toContain(tool);
    expect(up.output()).not.toContain("\u001b");
  });

  it("migrated every silo, and gave the application no right to change tables", async () => {
    expect(await query(project, "select word from kept")).toEqual([{ word: "hospital" }]);
    await expect(query(project, "create table mine (id text)")).rejects.toThrow("permission denied");
  });

  it("gives each service its own secrets and nobody else's", async () => {
    const { services } = await project.state();
    const { environment } = await askFake(services.ems.address);
    expect(Object.keys(environment).toSorted()).toEqual(
      [
        ...[
          "CENTER_ADDRESS",
          "EMS_ADDRESS",
          "EMS_DATABASE_URL",
          "EMS_PORT",
          "EMS_SERVICE_KEY_FILE",
          "HOSPITAL_ADDRESS",
        ],
        ...["MEDPORT_MESH", "NATS_PASSWORD", "NATS_URL", "NATS_USER", "SERVICE_PUBLIC_KEYS_FILE", "TZ"],
      ].toSorted(),
    );
    expect(environment["NATS_USER"]).toBe("ems");
    const hospital = (await askFake(services.hospital.address)).environment;
    expect(hospital["NATS_PASSWORD"]).not.toBe(environment["NATS_PASSWORD"]);
  });

  it("keeps keys and passwords from all but their owner", async () => {
    for (const name of ["keys", "secrets"]) {
      const folder = join(project.root, ".medport", name);
      expect((await stat(folder)).mode & 0o777).toBe(0o700);
      for (const file of await readdir(folder)) expect((await stat(join(folder, file))).mode & 0o777).toBe(0o600);
    }
  });

  it("is only shown by a second up", async () => {
    const second = project.launch();
    expect(await second.ended).toBe(0);
    expect(second.output()).toContain(`already runs (process ${up.child.pid})`);
    expect(second.output()).toContain("SERVING");
  });

  it.each(["services", "databases"] as const)(
    "starts one of its %s again that was killed, and says so",
    async (kind) => {
      const pid = (await project.state())[kind].hospital.pid ?? 0;
      process.kill(pid, "SIGKILL");
      await eventually(
        async () => {
          const now = (await project.state())[kind].hospital.pid;
          expect(now).toBeGreaterThan(0);
          expect(now).not.toBe(pid);
          expect(isWell(await statusOf(project))).toBe(true);
        },
        { withinMs: 15_000 },
      );
      expect(up.output()).toContain(
        `${kind === "services" ? "Hospital" : "Hospital's database"} was ended by SIGKILL; starting it again`,
      );
    },
  );

  it("starts its broker again that was killed", async () => {
    const { pid = 0 } = (await project.state()).broker;
    process.kill(pid, "SIGKILL");
    await eventually(async () => expect((await project.state()).broker.pid ?? pid).not.toBe(pid), { withinMs: 15_000 });
    await eventually(async () => expect((await statusOf(project)).broker.ok).toBe(true));
  });
});

describe("a mesh that ends", () => {
  let project: FakeProject;

  beforeEach(async () => {
    project = await aFakeProject();
  });
  afterEach(() => project[Symbol.asyncDispose]());

  it.each(["SIGINT", "SIGTERM"] as const)(
    "leaves no process behind after %s, and goes on with the same data",
    async (signal) => {
      const up = await project.start();
      const pids = await pidsOf(project);
      expect(pids).toHaveLength(7);
      up.child.kill(signal);
      expect(await up.ended).toBe(0);
      expect(pids.filter(isAlive)).toEqual([]);
      expect(await processesIn(project)).toEqual([]);

      await project.start();
      expect(await query(project, "select word from kept")).toEqual([{ word: "hospital" }]);
    },
  );

  it("is taken over by the next up when the first one was killed", async () => {
    const first = await project.start();
    const left = await pidsOf(project);
    first.child.kill("SIGKILL");
    await first.ended;
    expect(left.filter(isAlive)).toHaveLength(7);

    await project.start();
    expect(left.filter(isAlive)).toEqual([]);
    expect(isWell(await statusOf(project))).toBe(true);
    expect(await query(project, "select word from kept")).toEqual([{ word: "hospital" }]);
  });

  it("is stopped by down, also when nobody watches over it any more", async () => {
    const up = await project.start();
    const pids = await pidsOf(project);
    up.child.kill("SIGKILL");
    await up.ended;
    await stopMesh(await meshFolderOf(project.root, await readMeshSettings(project.root, project.environment)));
    expect(pids.filter(isAlive)).toEqual([]);
    expect(isWell(await statusOf(project))).toBe(false);
  });

  it("stops at once when it is told to while it still starts", async () => {
    const up = project.launch();
    await eventually(async () => expect((await project.state()).databases.hospital.pid).toBeGreaterThan(0), {
      withinMs: 20_000,
    });
    up.child.kill("SIGTERM");
    await up.ended;
    expect(await processesIn(project)).toEqual([]);
  });
});

describe("a mesh that cannot start as asked", () => {
  let project: FakeProject;

  beforeEach(async () => {
    project = await aFakeProject();
  });
  afterEach(() => project[Symbol.asyncDispose]());

  it("names every port that was asked for and is taken", async () => {
    const [first, second] = [await freePort(), await freePort()];
    const holders = await Promise.all([first, second].map(hold));
    const up = project.launch({ EMS_PORT: String(first), HOSPITAL_DATABASE_PORT: String(second) });
    expect(await up.ended).toBe(1);
    expect(up.output()).toContain(`EMS_PORT=${first} (the port of EMS) is taken`);
    expect(up.output()).toContain(`HOSPITAL_DATABASE_PORT=${second} (the port of Hospital's database) is taken`);
    for (const holder of holders) holder.close();
  });

  it("names every setting that is wrong", async () => {
    const up = project.launch({
      EMS_PORT: "high",
      LOG_LEVEL: "loud",
      CENTER_DATABASE_OWNER_URL: "postgresql://a:b@c/d",
    });
    expect(await up.ended).toBe(1);
    const names = ["EMS_PORT", "LOG_LEVEL", "CENTER_DATABASE_URL"];
    for (const name of names) expect(up.output().split(`${name} `)).toHaveLength(2);
  });

  it("shows the last words of a service that does not start, and stops the others", async () => {
    const { writeFile } = await import("node:fs/promises");
    await writeFile(join(project.root, "services/ems/src/main.ts"), 'throw new Error("no ambulance today");\n');
    const up = project.launch();
    expect(await up.ended).toBe(1);
    expect(up.output()).toContain("no ambulance today");
    expect(await processesIn(project)).toEqual([]);
  });

  async function hold(port: number) {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(port, loopback, resolve));
    return server;
  }
});
