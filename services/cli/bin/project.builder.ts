import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** A project with our launcher and one small package of its own, which npm installs without a network. */
export interface SmallProject extends AsyncDisposable {
  readonly root: string;
  readonly launcher: string;
  read(path: string): Promise<string>;
  /** Makes the small package of another version wanted, as pulling somebody's change does. */
  wantVersion(version: string): Promise<void>;
}

/** @param main what the project's main.ts does. */
export async function aSmallProject({ main }: { readonly main: string }): Promise<SmallProject> {
  const root = await mkdtemp(join(tmpdir(), "medport-launcher-"));
  const write = async (path: string, text: string): Promise<void> => {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  };
  const wantVersion = async (version: string): Promise<void> => {
    const packages = {
      "": { name: "project", dependencies: { small: "file:small" } },
      "node_modules/small": { resolved: "small", link: true },
      small: { version },
    };
    await write("small/package.json", JSON.stringify({ name: "small", version }));
    await write("package-lock.json", JSON.stringify({ name: "project", lockfileVersion: 3, requires: true, packages }));
  };
  await cp(fileURLToPath(new URL(".", import.meta.url)), join(root, "services/cli/bin"), { recursive: true });
  await write("services/cli/src/main.ts", main);
  await write(
    "package.json",
    JSON.stringify({ name: "project", type: "module", dependencies: { small: "file:small" } }),
  );
  await wantVersion("1.0.0");
  return {
    root,
    launcher: join(root, "services/cli/bin/medport.mjs"),
    wantVersion,
    read: (path) => readFile(join(root, path), "utf8"),
    [Symbol.asyncDispose]: () => rm(root, { recursive: true, force: true }),
  };
}
