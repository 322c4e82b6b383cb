import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { findMeshFolder, makeMeshFolder, type MeshFolder } from "./mesh-folder.ts";
import { beginSampleRegion, endSampleRegion, readSampleRegionRecord, resumeSampleRegion } from "./mesh-secrets.ts";

describe("the record of the sample region", () => {
  let root: string;
  let folder: MeshFolder;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), "medport-region-"));
    folder = await findMeshFolder({ root, folder: ".medport", user: undefined });
    await makeMeshFolder(folder);
  });
  afterEach(() => rm(root, { recursive: true }));

  it("keeps everybody's password when a loading that was cut off is taken up again", async () => {
    const begun = await beginSampleRegion(folder);
    expect(await resumeSampleRegion(folder, begun)).toEqual(begun);
    expect(await readSampleRegionRecord(folder)).toEqual(begun);
  });

  it("gets those people whom an earlier version did not have, and keeps the others as they are", async () => {
    const begun = await beginSampleRegion(folder);
    const earlier = { ...begun, accounts: begun.accounts.slice(0, 6) };
    const resumed = await resumeSampleRegion(folder, earlier);
    expect(resumed.accounts.slice(0, 6)).toEqual(earlier.accounts);
    expect(resumed.accounts.map(({ email }) => email)).toEqual(begun.accounts.map(({ email }) => email));
    expect(await readSampleRegionRecord(folder)).toEqual({ ...resumed, state: "loading" });
    await endSampleRegion(folder, resumed);
    expect(await readSampleRegionRecord(folder)).toEqual({ ...resumed, state: "loaded" });
  });
});
