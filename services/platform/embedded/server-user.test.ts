import { chmod, mkdir, mkdtemp, rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { findClosedFolder, postgresUser, type ServerUser } from "./server-user.ts";

const stranger: ServerUser = { name: "stranger", uid: 61_234, gid: 61_234 };

describe("the way to a folder", () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp("/tmp/medport-way-");
    await chmod(folder, 0o755);
    await mkdir(join(folder, "home", "project"), { recursive: true });
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it("is open when every folder on it lets the user through", async () => {
    expect(await findClosedFolder(join(folder, "home", "project"), stranger)).toBeUndefined();
  });

  it("is closed by the first folder that does not", async () => {
    await chmod(join(folder, "home"), 0o700);
    expect(await findClosedFolder(join(folder, "home", "project"), stranger)).toBe(join(folder, "home"));
  });

  it("is judged up to where it exists", async () => {
    await chmod(join(folder, "home"), 0o700);
    expect(await findClosedFolder(join(folder, "home", "none", "yet"), stranger)).toBe(join(folder, "home"));
  });

  it("follows links", async () => {
    await chmod(join(folder, "home"), 0o700);
    await symlink(join(folder, "home", "project"), join(folder, "short"));
    expect(await findClosedFolder(join(folder, "short"), stranger)).toBe(join(folder, "home"));
  });

  it("is open to the group, or to the owner, that the folder lets through", async () => {
    await chmod(join(folder, "home"), 0o710);
    const { getuid, getgid } = process;
    const colleague = { ...stranger, gid: getgid?.() ?? 0 };
    const owner = { ...stranger, uid: getuid?.() ?? 0 };
    expect(await findClosedFolder(join(folder, "home"), colleague)).toBeUndefined();
    expect(await findClosedFolder(join(folder, "home"), owner)).toBeUndefined();
  });

  it("does not matter to a server that runs as ourselves", async () => {
    await chmod(join(folder, "home"), 0o700);
    expect(await findClosedFolder(join(folder, "home"), undefined)).toBeUndefined();
  });
});

describe("PostgreSQL's user", () => {
  it("is another one for root, and nobody else for an ordinary user", () => {
    const user = postgresUser();
    if (process.getuid?.() === 0) expect(["postgres", "nobody"]).toContain(user?.name);
    else expect(user).toBeUndefined();
  });
});
