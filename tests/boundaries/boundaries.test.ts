import { readdir, readFile } from "node:fs/promises";
import { dirname, join, normalize, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "@jest/globals";
import { breachOf, type Import } from "./import-rules.ts";
import { importsOf, nameBreach, textBreaches } from "./source-rules.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

describe("the project's sources", () => {
  it("import only what is below them", async () => {
    const files = await readSources();
    const imports = files.flatMap(({ path, text }) => importsFrom(path, text));
    // Had the pattern stopped finding imports, no rule would be broken either.
    expect(imports.length).toBeGreaterThan(files.length);
    expect(imports.flatMap((imported) => breachOf(imported) ?? [])).toEqual([]);
  });

  it("keep the rules that need no look at another file", async () => {
    const files = await readSources();
    expect(files.flatMap(({ path, text }) => [nameBreach(path) ?? [], textBreaches(path, text)].flat())).toEqual([]);
  });
});

describe("the import rules", () => {
  const planted: readonly (readonly [why: string, from: string, to: string])[] = [
    ["the platform that knows a silo", "services/platform/id.ts", "services/ems/src/units/unit.ts"],
    ["a silo that knows another", "services/ems/src/trips/trip.rpc.ts", "services/hospital/src/trips/trip.ts"],
    ["a silo that knows its clients", "services/ems/src/ems.ts", "services/client/connect-mesh.ts"],
    ["a silo that knows the command line", "services/ems/src/ems.ts", "services/cli/src/main.ts"],
    ["code that knows the tests", "services/cli/src/main.ts", "tests/boundaries/import-rules.ts"],
    [
      "a domain file that reaches for its store",
      "services/ems/src/trips/trip.ts",
      "services/ems/src/trips/trip.store.ts",
    ],
    ["a store that knows its edge", "services/ems/src/trips/trip.store.ts", "services/ems/src/trips/trip.rpc.ts"],
    ["a slice that knows the composition root", "services/ems/src/trips/trip.store.ts", "services/ems/src/ems.ts"],
    [
      "code that leans on a test's builder",
      "services/ems/src/trips/trip.rpc.ts",
      "services/ems/src/trips/trip.builder.ts",
    ],
    ["a domain file that calls the database", "services/ems/src/trips/trip.ts", "@mikro-orm/postgresql"],
    ["a domain file that opens files", "services/ems/src/trips/trip.ts", "node:fs/promises"],
    ["a domain file that answers calls", "services/ems/src/trips/trip.ts", "#platform/rpc/refusal.ts"],
  ];

  it.each(planted)("catch %s", (_why, from, to) => {
    expect(breachOf({ from, to, typeOnly: false })).toContain(from);
  });

  const right: readonly (readonly [from: string, to: string])[] = [
    ["services/ems/src/trips/trip.rpc.ts", "services/ems/src/trips/trip.store.ts"],
    ["services/ems/src/trips/trip.store.ts", "services/ems/src/units/unit.ts"],
    ["services/ems/src/ems.ts", "services/ems/src/trips/trip.rpc.ts"],
    ["services/ems/src/trips/trip.rpc.test.ts", "services/ems/src/ems.ts"],
    ["services/cli/src/main.ts", "services/client/connect-mesh.ts"],
    ["tests/journeys/award.test.ts", "services/hospital/src/hospital.ts"],
  ];

  it.each(right)("let %s import %s", (from, to) => {
    expect(breachOf({ from, to, typeOnly: false })).toBeUndefined();
  });

  it("let the domain name a type of what it may not call", () => {
    const from = "services/ems/src/trips/trip.ts";
    expect(breachOf({ from, to: "@mikro-orm/postgresql", typeOnly: true })).toBeUndefined();
  });
});

describe("the source rules", () => {
  it.each(["services/ems/src/index.ts", "services/ems/src/utils.ts", "services/ems/src/trips/types.ts"])(
    "refuse the name %s",
    (path) => expect(nameBreach(path)).toContain(path),
  );

  it.each([
    ["services/ems/src/ems.ts", "export default 1;"],
    ["services/ems/src/ems.ts", "export { ems as default };"],
    ["services/ems/src/ems.ts", 'const url = process.env["URL"];'],
    ["services/ems/src/trips/trip.ts", "const now = new Date();"],
    ["services/ems/src/trips/trip.ts", 'import { newId } from "#platform/id.ts";'],
  ])("catch in %s: %s", (path, text) => {
    expect(textBreaches(path, text)).toHaveLength(1);
  });

  it.each([
    ["jest.config.js", "export default 1;"],
    ["services/ems/src/main.ts", "await main(process.env);"],
    ["services/ems/src/ems.ts", "// process.env is not read here."],
    ["services/ems/src/trips/trip.rpc.ts", "const now = new Date();"],
    ["services/ems/src/trips/trip.ts", "const id = known?.id ?? command.newId();"],
  ])("allow in %s: %s", (path, text) => {
    expect(textBreaches(path, text)).toEqual([]);
  });

  it("see every form of import", () => {
    const text = [
      'import "./one.ts";',
      'import { two } from "./two.ts";',
      'import type { Three } from "./three.ts";',
      'import {\n  four,\n} from "./four.ts";',
      'export { five } from "./five.ts";',
      'const six = await import("./six.ts");',
      '// import { seven } from "./seven.ts";',
    ].join("\n");
    const paths = importsOf(text).map(({ path, typeOnly }) => (typeOnly ? `type ${path}` : path));
    expect(paths).toEqual(["./one.ts", "./two.ts", "type ./three.ts", "./four.ts", "./five.ts", "./six.ts"]);
  });
});

interface SourceFile {
  /** Below the project. */
  readonly path: string;
  readonly text: string;
}

async function readSources(): Promise<readonly SourceFile[]> {
  const folders = ["services", "tests", "bench"].map((folder) => join(root, folder));
  const found = await Promise.all(folders.map((folder) => filesBelow(folder)));
  const paths = found.flat().filter((path) => /\.[cm]?[jt]s$/.test(path));
  return Promise.all(paths.map(async (path) => ({ path: relative(root, path), text: await readFile(path, "utf8") })));
}

async function filesBelow(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

function importsFrom(from: string, text: string): readonly Import[] {
  return importsOf(text).map(({ path, typeOnly }) => ({ from, to: resolved(from, path), typeOnly }));
}

/** A path below the project for files of ours; a package's name, or a room's alias for its insides, as it is. */
function resolved(from: string, path: string): string {
  return path.startsWith(".") ? normalize(join(dirname(from), path)) : path;
}
