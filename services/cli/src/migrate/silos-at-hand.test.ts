import { afterEach, beforeEach, describe, expect, it, jest } from "@jest/globals";
import { Client } from "pg";
import { serviceNames } from "#platform/service-name.ts";
import { startTestPostgres } from "#platform/testing/test-postgres.ts";
import { aFakeProject, type FakeProject } from "../embedded/fake-project.builder.ts";
import { readMeshSettings } from "../embedded/mesh-settings.ts";
import { silentProgress } from "../embedded/progress.ts";
import { MeshBusyError } from "../embedded/under-lock.ts";
import { readServiceKeyFile, readServicePublicKeysFile } from "#platform/auth/key-file.ts";
import { reportKeyFiles, type SilosAtHand, withSilos } from "./silos-at-hand.ts";

// Each of these starts whole clusters, on a machine that may have other things to do.
jest.setTimeout(120_000);

let project: FakeProject;

beforeEach(async () => {
  project = await aFakeProject();
});
afterEach(() => project[Symbol.asyncDispose]());

async function atHand<T>(work: (silos: SilosAtHand) => Promise<T>, more: Record<string, string> = {}): Promise<T> {
  const settings = await readMeshSettings(project.root, { ...project.environment, ...more });
  return withSilos({ root: project.root, settings, progress: silentProgress }, work);
}

async function ownersOf({ ownerUrls }: SilosAtHand): Promise<readonly string[]> {
  return Promise.all(serviceNames.map((service) => userAt(ownerUrls[service])));
}

async function userAt(url: string): Promise<string> {
  const client = new Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query<{ user: string }>("select current_user as user");
  await client.end();
  return rows[0]?.user ?? "";
}

const owners = ["hospital_owner", "ems_owner", "center_owner"];

describe("the silos that a move works with", () => {
  it("are started for it and stopped after it where none run, and nobody else gets them meanwhile", async () => {
    const { hospital } = await atHand(async (silos) => {
      expect(await ownersOf(silos)).toEqual(owners);
      await expect(atHand(ownersOf)).rejects.toThrow(MeshBusyError);
      await expectKeys(silos);
      return silos.ownerUrls;
    });
    await expect(userAt(hospital)).rejects.toThrow("ECONNREFUSED");
    expect((await project.state()).phase).toBe("stopped");
  });

  it("are those of the mesh that runs", async () => {
    await project.start();
    expect(await atHand(ownersOf)).toEqual(owners);
    expect((await project.state()).phase).toBe("ready");
  });

  it("are those that the settings name, and each that cannot be used is named", async () => {
    await using postgres = await startTestPostgres();
    const { ownerUrl } = await postgres.createDatabase("brought");
    const nowhere = new URL(ownerUrl);
    nowhere.port = "1";
    const more = {
      HOSPITAL_DATABASE_URL: ownerUrl,
      EMS_DATABASE_URL: ownerUrl,
      CENTER_DATABASE_URL: ownerUrl,
      CENTER_DATABASE_OWNER_URL: nowhere.href,
    };
    const error: unknown = await atHand(ownersOf, more).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      message: expect.stringMatching(
        /^Hospital's database at .* has no tables: "npx medport setup"[^\n]*\nEMS's .*\nCenter's database .* cannot be used .*CENTER_DATABASE_OWNER_URL$/,
      ),
    });
  });
});

/** Center's key, which signs reports, is there, and its public half among those of all services. */
async function expectKeys({ folder }: SilosAtHand): Promise<void> {
  const settings = await readMeshSettings(project.root, project.environment);
  const { privateKeyFile, publicKeysFile } = await reportKeyFiles(settings, folder);
  const { kid } = await readServiceKeyFile(privateKeyFile, "center");
  expect((await readServicePublicKeysFile(publicKeysFile)).map((key) => key.kid)).toContain(kid);
}
