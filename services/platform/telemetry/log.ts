import { type DestinationStream, destination as fileDestination, pino } from "pino";

/** One thing that happened: its name, and what it is about. No prose, and nothing about a patient. */
export interface LogEntry {
  /** What happened, as `<room>.<what>`, such as `relay.fenced`. */
  readonly event: string;
  readonly [field: string]: unknown;
}

/** Writes entries to the log. */
export interface Logger {
  debug(entry: LogEntry): void;
  info(entry: LogEntry): void;
  warn(entry: LogEntry): void;
  error(entry: LogEntry): void;
  /** A log whose every entry has these fields too. */
  child(fields: Readonly<Record<string, unknown>>): Logger;
}

/** The levels of the log, the most talkative first. `silent` writes nothing. */
export const logLevels = ["debug", "info", "warn", "error", "silent"] as const;

/** Entries of this level and above are written. */
export type LogLevel = (typeof logLevels)[number];

export interface LogOptions {
  /** Whose log it is; stands in every entry. */
  readonly service: string;
  readonly level: LogLevel;
  /** Where the lines go; the standard output unless a test wants to read them. */
  readonly destination?: DestinationStream;
}

/**
 * Opens a log: one line of JSON for each entry, written at once, so that the last words before a crash are there.
 * Errors may stand in the fields `err` and `error`.
 */
export function createLog({
  service,
  level,
  destination = fileDestination({ fd: 1, sync: true }),
}: LogOptions): Logger {
  return pino(
    {
      level,
      base: { service },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: errorFields, error: errorFields },
      redact: { paths: secretFields.flatMap((field) => [field, `*.${field}`]), censor: "[redacted]" },
    },
    destination,
  );
}

const secretFields = ["password", "token", "authorization", "privateKey"];

/** What is safe to keep of an error: its other properties may hold a row's values or a whole request. */
function errorFields(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  return {
    type: error.name,
    message: error.message,
    ...("code" in error && { code: error.code }),
    stack: error.stack,
    ...(error.cause !== undefined && { cause: errorFields(error.cause) }),
  };
}
