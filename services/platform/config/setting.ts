import { z } from "zod";

/** A program that reads settings: a service, or the command `medport`. */
export type SettingReader = "hospital" | "ems" | "center" | "medport";

/** One environment variable: what it is called, what it means, what it may hold, who reads it. */
export interface Setting<T> {
  readonly name: string;
  /** What it is, as the end of a sentence: "the port that Hospital listens on". */
  readonly meaning: string;
  /** What stands in for it when it is absent; without one it is either optional or must be given. */
  readonly fallback?: string;
  readonly presence: "fallback" | "optional" | "required";
  /** A value to show people who have none yet. */
  readonly example?: string;
  readonly schema: z.ZodType<T, string>;
  readonly readBy: readonly SettingReader[];
}

/** What every setting is made of. */
export interface SettingParts<T> {
  readonly name: string;
  readonly meaning: string;
  readonly schema: z.ZodType<T, string>;
  readonly readBy: readonly SettingReader[];
}

/** A setting that nobody has to give. */
export function settingWithFallback<T>(parts: SettingParts<T> & { readonly fallback: string }): Setting<T> {
  return { ...parts, presence: "fallback" };
}

/** A setting without which the program does not start. */
export function requiredSetting<T>(parts: SettingParts<T> & { readonly example: string }): Setting<T> {
  return { ...parts, presence: "required" };
}

/** A setting that changes something when it is there. */
export function optionalSetting<T>(parts: SettingParts<T> & { readonly example?: string }): Setting<T | undefined> {
  return { ...parts, presence: "optional" };
}

/** A port; 0 lets the operating system choose. */
export const portText: z.ZodType<number, string> = wholeNumber(0, 65_535);

/** A whole number within bounds. */
export function wholeNumber(least: number, most: number): z.ZodType<number, string> {
  const words = `must be a whole number from ${least} to ${most}`;
  return z
    .string()
    .regex(/^\d{1,15}$/, words)
    .transform(Number)
    .refine((value) => value >= least && value <= most, words);
}

/** Where a service is: host:port. */
export const addressText: z.ZodType<string, string> = z
  .string()
  .regex(/^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+):\d{1,5}$/, "must be host:port");

/** The name or number of a network interface to listen on. */
export const hostText: z.ZodType<string, string> = z
  .string()
  .regex(/^[A-Za-z0-9._:-]+$/, "must be a host name or an IP address");

/** A PostgreSQL connection string that names a user and a database. */
export const databaseUrlText: z.ZodType<string, string> = z.string().refine(
  (text) => {
    const url = URL.canParse(text) ? new URL(text) : undefined;
    return (
      /^postgres(ql)?:$/.test(url?.protocol ?? "") && url?.username !== "" && /^\/[^/]+$/.test(url?.pathname ?? "")
    );
  },
  { error: "must be postgresql://user:password@host:port/database", abort: true },
);

/** The addresses of a broker: one, or several of a cluster with commas between. */
export const natsUrlText: z.ZodType<string, string> = z
  .string()
  .refine(
    (text) => text.split(",").every((part) => URL.canParse(part) && ["nats:", "tls:"].includes(new URL(part).protocol)),
    "must be nats://host:port, or several with commas between",
  );

/** A path in the file system; a relative one starts where the program was started. */
export const pathText: z.ZodType<string, string> = z.string();

/** Any text that is not empty. */
export const anyText: z.ZodType<string, string> = z.string();

/** The origins of web pages that may call a service, with commas between. */
export const originsText: z.ZodType<readonly string[], string> = z
  .string()
  .transform((text) => text.split(",").map((origin) => origin.trim()))
  .refine(
    (origins) => origins.every((origin) => URL.canParse(origin) && new URL(origin).origin === origin),
    "must be origins such as https://console.example, with commas between",
  );

/** One of a few words. */
export function oneOf<const T extends string>(words: readonly T[]): z.ZodType<T, string> {
  return z
    .string()
    .refine((text): text is T => words.some((word) => word === text), `must be one of ${words.join(", ")}`);
}
