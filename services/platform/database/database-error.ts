import { DriverException, OptimisticLockError } from "@mikro-orm/postgresql";

/**
 * What PostgreSQL objected to, without the values it objected to: its own messages and details quote them, and they may
 * be a patient's. A class so that the edge can tell it from other errors.
 */
export class DatabaseFailure extends Error {
  /** PostgreSQL's five characters, such as 23505. */
  readonly code: string;
  readonly constraint: string | undefined;
  readonly table: string | undefined;

  constructor(code: string, { constraint, table, stack }: FailureOrigin) {
    super(`PostgreSQL ${code}${constraint ? ` by ${constraint}` : ""}${table ? ` on ${table}` : ""}`);
    this.name = "DatabaseFailure";
    this.code = code;
    this.constraint = constraint;
    this.table = table;
    const frames = stack?.split("\n").filter((line) => line.trimStart().startsWith("at ")) ?? [];
    this.stack = [`${this.name}: ${this.message}`, ...new Set(frames)].join("\n");
  }
}

interface FailureOrigin {
  readonly constraint?: string | undefined;
  readonly table?: string | undefined;
  readonly stack?: string | undefined;
}

/** PostgreSQL's code for an error, such as 23505; undefined if it did not come from the server. */
export function sqlStateOf(error: unknown): string | undefined {
  const code = property(error, "code");
  return typeof code === "string" && /^[0-9A-Z]{5}$/.test(code) ? code : undefined;
}

/** The constraint that a change would break, such as account_email_key; undefined if the error is about something else. */
export function violatedConstraint(error: unknown): string | undefined {
  const constraint = property(error, "constraint");
  return sqlStateOf(error)?.startsWith("23") && typeof constraint === "string" ? constraint : undefined;
}

/** True if two transactions got in each other's way and PostgreSQL gave one of them up: running it again is right. */
export function isTransientConflict(error: unknown): boolean {
  return conflictCodes.has(sqlStateOf(error) ?? "");
}

/** True if somebody else changed the row between reading and writing it, or holds it for too long. */
export function isConcurrentChange(error: unknown): boolean {
  return isTransientConflict(error) || error instanceof OptimisticLockError || sqlStateOf(error) === lockNotAvailable;
}

/** True if the outbox took no event: a move keeps a silo closed by its row security until the switch. */
export function isClosedSilo(error: unknown): boolean {
  if (sqlStateOf(error) !== insufficientPrivilege || !(error instanceof Error)) return false;
  return (property(error, "table") ?? closedTable(error)) === "outbox_event";
}

/** True if PostgreSQL ended the statement: it ran into statement_timeout, or its caller left. */
export function isCancelledStatement(error: unknown): boolean {
  return sqlStateOf(error) === queryCanceled;
}

/**
 * True if the database could not be reached, would not let us in, or went away. What it was doing then is unknown: a
 * change may have been made.
 */
export function isConnectionFailure(error: unknown): boolean {
  const state = sqlStateOf(error);
  // 25P03: the server ended a session that sat in a transaction; 08: connection; 28: login; 57P: it stops or starts.
  if (state && (/^(08|28|57P)/.test(state) || ["25P03", "25P04", "3D000", "53300"].includes(state))) return true;
  const code = property(error, "code");
  if (typeof code === "string" && networkCodes.has(code)) return true;
  // A Unix socket that is not there; any other missing file is not about the database.
  if (code === "ENOENT" && property(error, "syscall") === "connect") return true;
  return error instanceof Error && lostConnectionMessages.some((pattern) => pattern.test(error.message));
}

/** The same error, or a DatabaseFailure in its place if its text may quote values. To be called before anyone logs it. */
export function withoutValues(error: unknown): unknown {
  const code = sqlStateOf(error);
  if (code === undefined || error instanceof DatabaseFailure || !(error instanceof Error)) return error;
  return new DatabaseFailure(code, {
    constraint: text(property(error, "constraint")),
    table: text(property(error, "table")) ?? closedTable(error),
    stack: error.stack,
  });
}

/**
 * What to throw in place of an error of a work that listened to the signal: the signal's reason if that ended it, and
 * otherwise the error without values. MikroORM wraps the reason of an aborted statement in an exception of its own.
 */
export function errorToThrow(error: unknown, signal: AbortSignal | undefined): unknown {
  const isWrapped = error instanceof DriverException && sqlStateOf(error) === undefined && !isConnectionFailure(error);
  return signal?.aborted && (isWrapped || isCancelledStatement(error)) ? signal.reason : withoutValues(error);
}

/** PostgreSQL names the table of a row that a policy refuses in its message alone. */
function closedTable({ message }: Error): string | undefined {
  return /row-level security policy for table "(\w+)"/.exec(message)?.[1];
}

const lockNotAvailable = "55P03";
const insufficientPrivilege = "42501";
const queryCanceled = "57014";
const conflictCodes: ReadonlySet<string> = new Set(["40001", "40P01"]);

const networkCodes: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "ECONNABORTED",
  "EPIPE",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND",
  "EAI_AGAIN",
]);

// pg gives these no code. They are its own words in client.js and pg-pool, and Kysely's for a pool that was closed.
const lostConnectionMessages: readonly RegExp[] = [
  /^Connection terminated/,
  /^timeout exceeded when trying to connect/,
  /^Client has encountered a connection error and is not queryable/,
  /^Client was closed and is not queryable/,
  /^Cannot use a pool after calling end on the pool/,
  /^driver has already been destroyed/,
  /^PostgreSQL does not answer/,
];

function property(error: unknown, name: string): unknown {
  return typeof error === "object" && error !== null ? Reflect.get(error, name) : undefined;
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}
