import type { Logger as OrmLogger, LoggerNamespace, LogContext } from "@mikro-orm/postgresql";
import type { Logger } from "#platform/telemetry/log.ts";

/**
 * What MikroORM has to say, in our log. Queries are never logged: it writes the values into their text. What is left are
 * the connections that broke.
 */
export function ormLog(log: Logger): OrmLogger {
  return {
    // Told at every start and for every lookup; of use only to who works on the ORM.
    log: () => undefined,
    logQuery: () => undefined,
    setDebugMode: () => undefined,
    isEnabled: (_namespace: LoggerNamespace, _context?: LogContext) => false,
    warn: (_namespace, message) => log.warn({ event: "database.connection_lost", message: firstLine(message) }),
    error: (_namespace, message) => log.error({ event: "database.orm_error", message: firstLine(message) }),
  };
}

/** PostgreSQL's details, which quote values, begin on the second line. */
function firstLine(message: string): string {
  return message.split("\n", 1)[0] ?? "";
}
