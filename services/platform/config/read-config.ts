import type { Setting } from "./setting.ts";

/** The settings of a program by the names that its code uses. */
export type Settings<S> = { readonly [K in keyof S]: Setting<unknown> };

/** The values of settings, parsed. */
export type Config<S extends Settings<S>> = { readonly [K in keyof S]: S[K] extends Setting<infer T> ? T : never };

/** Settings are missing or wrong. The message has a line for each, so that an operator mends them in one go. */
export class ConfigError extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join("\n"));
    this.name = "ConfigError";
    this.problems = problems;
  }
}

/** An environment as Node hands it over. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The value of a variable; one that is empty counts as absent. */
export function valueOf(environment: Environment, name: string): string | undefined {
  const value = environment[name];
  return value === "" ? undefined : value;
}

/**
 * Reads all of a program's settings from the environment.
 * @throws ConfigError that lists every missing and every wrong one, never the value of a secret.
 */
export function readConfig<S extends Settings<S>>(settings: S, environment: Environment): Config<S> {
  const values: Record<string, unknown> = {};
  const problems: string[] = [];
  for (const [key, setting] of Object.entries<Setting<unknown>>(settings)) {
    const text = valueOf(environment, setting.name) ?? setting.fallback;
    if (text === undefined) {
      if (setting.presence === "required") problems.push(missing(setting));
      continue;
    }
    const parsed = setting.schema.safeParse(text);
    if (parsed.success) values[key] = parsed.data;
    else problems.push(`${setting.name} (${setting.meaning}) ${parsed.error.issues[0]?.message ?? "is wrong"}`);
  }
  if (problems.length > 0) throw new ConfigError(problems);
  // Every key was read with the schema that gives its type.
  return values as Config<S>;
}

function missing({ name, meaning, example }: Setting<unknown>): string {
  return `${name} (${meaning}) is missing: set it, for instance to ${example}`;
}
