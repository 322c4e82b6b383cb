import type { CompiledQuery, ControlConnectionProvider, DatabaseConnection, QueryResult } from "kysely";
import { Client, type ClientConfig } from "pg";

type Abortable = Parameters<DatabaseConnection["executeQuery"]>[1];

/**
 * A connection whose statements can be given up in silence. When a statement's signal aborts, Kysely throws the
 * signal's reason at once, cancels the statement on the server, and writes to the console how that went. Nobody waits
 * for it any more, and its words are not fit for our log. A class because Kysely wants one object for each connection.
 */
export class QuietConnection implements DatabaseConnection {
  readonly #connection: DatabaseConnection;

  constructor(connection: DatabaseConnection) {
    this.#connection = connection;
  }

  async executeQuery<R>(query: CompiledQuery, options?: Abortable): Promise<QueryResult<R>> {
    try {
      return await this.#connection.executeQuery<R>(query, options);
    } catch (error) {
      if (!options?.signal?.aborted) throw error;
      return { rows: [] };
    }
  }

  streamQuery<R>(query: CompiledQuery, chunkSize: number, options?: Abortable): AsyncIterableIterator<QueryResult<R>> {
    return this.#connection.streamQuery<R>(query, chunkSize, options);
  }

  async collectSessionInfo(): Promise<void> {
    await this.#connection.collectSessionInfo?.();
  }

  async cancelQuery(provider: ControlConnectionProvider): Promise<void> {
    try {
      await this.#connection.cancelQuery?.(provider);
    } catch {
      // The statement has ended by itself, or the server is gone; if neither, statement_timeout ends it.
    }
  }
}

/**
 * A client whose loss is never an unhandled event, which would end the process. The pool listens to its own clients;
 * nobody listens to those that Kysely opens to cancel a statement.
 */
export class QuietClient extends Client {
  constructor(config?: string | ClientConfig) {
    super(config);
    this.on("error", () => undefined);
  }
}
