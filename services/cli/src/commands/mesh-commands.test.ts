import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { loopback } from "#platform/embedded/free-port.ts";
import { projectRoot } from "../project-root.ts";

interface Outcome {
  readonly code: number;
  readonly output: string;
  readonly errors: string;
}

describe("the commands around a mesh that does not run", () => {
  let folder: string;

  beforeEach(async () => {
    folder = join(await mkdtemp(join(tmpdir(), "medport-commands-")), "mesh");
  });
  afterEach(() => rm(join(folder, ".."), { recursive: true, force: true }));

  function medport(...args: readonly string[]): Promise<Outcome> {
    return medportWith({}, ...args);
  }

  function medportWith(settings: Readonly<Record<string, string>>, ...args: readonly string[]): Promise<Outcome> {
    const { PATH, HOME } = process.env;
    const environment = { PATH, HOME, MEDPORT_FOLDER: folder, ...settings };
    return new Promise((resolve) => {
      execFile(
        process.execPath,
        [join(projectRoot, "services/cli/src/main.ts"), ...args],
        { env: environment },
        (error, output, errors) => resolve({ code: Number(error?.code ?? 0), output, errors }),
      ).stdin?.end();
    });
  }

  it("status tells of every part that it is down, and ends with 1", async () => {
    const { code, output } = await medport("status", "--json");
    expect(code).toBe(1);
    const status = JSON.parse(output) as Record<string, unknown>;
    expect(Object.keys(status)).toEqual(["services", "databases", "broker"]);
  });

  it("status ends although the broker accepts connections and says nothing", async () => {
    const silent = createServer().listen(0, loopback);
    await once(silent, "listening");
    const { port } = silent.address() as AddressInfo;
    const settings = { NATS_URL: `nats://${loopback}:${port}`, DOCTOR_NATS_PASSWORD: "secret" };
    const { code, output } = await medportWith(settings, "status");
    silent.close();
    expect(code).toBe(1);
    expect(output).toMatch(/Broker .* no answer/);
  });

  it("down says that nothing runs", async () => {
    expect(await medport("down")).toMatchObject({ code: 0, output: "Nothing runs.\n" });
  });

  it("reset removes nothing where nobody can be asked", async () => {
    await mkdir(join(folder, "secrets"), { recursive: true });
    const { code, errors } = await medport("reset");
    expect(code).toBe(1);
    expect(errors).toContain("say --yes");
    await stat(join(folder, "secrets"));
  });

  it("reset --yes removes everything", async () => {
    await mkdir(join(folder, "secrets"), { recursive: true });
    await writeFile(join(folder, "secrets", "passwords.json"), "{}");
    expect((await medport("reset", "--yes")).code).toBe(0);
    await expect(stat(folder)).rejects.toThrow("ENOENT");
  });

  it("setup --container-secrets makes passwords and keys and nothing else", async () => {
    expect((await medport("setup", "--container-secrets", folder)).code).toBe(0);
    await stat(join(folder, "broker", "passwords.conf"));
    await expect(stat(join(folder, "mesh.json"))).rejects.toThrow("ENOENT");
  });
});
