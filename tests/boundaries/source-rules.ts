/** What is wrong with a file's name, as a sentence; undefined if it is right. */
export function nameBreach(path: string): string | undefined {
  const name = path.split("/").at(-1) ?? "";
  if (/^(index|utils?|helpers?|common|misc|shared|types|constants)\.[cm]?[jt]s$/.test(name)) {
    return `${path}: a name that says nothing; if it cannot be named, it is not one thing yet`;
  }
  if (!/^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z-]+)*\.[cm]?[jt]s$/.test(name)) return `${path}: not in kebab-case`;
  return undefined;
}

/** Files from which a tool takes nothing but a default export. */
const defaultExporters = /^(jest\.config\.js|tests\/jest\/[a-z-]+\.js)$/;

/** Where the environment is read: entry points, the room for settings, the command line, and tests. */
const environmentReaders =
  /^(services\/[a-z]+\/src\/main\.ts|services\/(cli|platform\/(config|testing))\/.*|bench\/.*|tests\/.*|.*\.(test|builder)\.ts)$/;

/** Fetches the time, chance or a fresh id, which the domain is given. */
const ambient = /\b(Date\.now\(|new Date\(\)|Math\.random\(|randomUUID\()|^import \{[^}]*\b(newId|systemClock)\b/m;

/** A file of a silo's slice without a suffix: its domain. */
const domainFile = /^services\/(hospital|ems|center)\/src\/.+\/[^/.]+\.ts$/;

/** Everything that is wrong with a file's text, as sentences. */
export function textBreaches(path: string, text: string): readonly string[] {
  const code = withoutComments(text);
  return [
    ...(/^export default\b|^export \{[^}]*\bas default\b/m.test(code) && !defaultExporters.test(path)
      ? [`${path}: a default export has no name to search for`]
      : []),
    ...(code.includes("process.env") && !environmentReaders.test(path)
      ? [`${path}: process.env is read where the settings are, and nowhere else`]
      : []),
    ...(domainFile.test(path) && ambient.test(code)
      ? [`${path}: the domain is given the time, chance and ids; it does not fetch them`]
      : []),
  ];
}

/** The paths of all imports in a text, as written. */
export function importsOf(text: string): readonly { readonly path: string; readonly typeOnly: boolean }[] {
  const statement = /^\s*(?:import|export)\s+(type\s)?(?:[^"';]*?\sfrom\s+)?"([^"]+)"|\bimport\(\s*"([^"]+)"\s*\)/gm;
  return [...withoutComments(text).matchAll(statement)].flatMap(([, type, path, dynamicPath]) => {
    const found = path ?? dynamicPath;
    return found === undefined ? [] : [{ path: found, typeOnly: type !== undefined }];
  });
}

/** Comments may name what code may not. Only whole-line and block comments: `//` is also in addresses. */
function withoutComments(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, "");
}
