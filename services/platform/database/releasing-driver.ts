import { type Configuration, PostgreSqlConnection, PostgreSqlDriver } from "@mikro-orm/postgresql";
import { CompiledQuery, type DatabaseConnection, type Driver, type TransactionSettings } from "kysely";
import type { PoolConfig } from "pg";
import { isCancelledStatement } from "./database-error.ts";
import { QuietConnection } from "./quiet-connection.ts";

/**
 * Kysely's driver, made safe to lose its server. A class because it remembers which connections are lent out.
 *
 * Kysely forgets to give a connection back when BEGIN, COMMIT or ROLLBACK itself fails, as each does once the server is
 * gone: after as many failures as the pool has places, the pool would be empty for ever. And it takes a COMMIT at its
 * word, though PostgreSQL answers the COMMIT of a failed transaction with a rollback and no error.
 */
export class ReleasingDriver implements Driver {
  readonly #driver: Driver;
  readonly #lent = new Map<DatabaseConnection, DatabaseConnection>();

  constructor(driver: Driver) {
    this.#driver = driver;
  }

  init(...args: Parameters<Driver["init"]>): Promise<void> {
    return this.#driver.init(...args);
  }

  async acquireConnection(...args: Parameters<Driver["acquireConnection"]>): Promise<DatabaseConnection> {
    const connection = await this.#driver.acquireConnection(...args);
    const quiet = new QuietConnection(connection);
    this.#lent.set(quiet, connection);
    return quiet;
  }

  async beginTransaction(connection: DatabaseConnection, settings: TransactionSettings): Promise<void> {
    await this.#orRelease(connection, () => this.#driver.beginTransaction(connection, settings));
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    // Not released on failure: whoever could not commit rolls back next. `select 1` fails where an earlier statement
    // has failed and somebody swallowed the error, and then nothing after it in the same message is run.
    await connection.executeQuery(CompiledQuery.raw("select 1; commit"));
  }

  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    const rollback = (): Promise<void> => this.#driver.rollbackTransaction(connection);
    await this.#orRelease(connection, async () => {
      try {
        await rollback();
      } catch (error) {
        // The cancellation of an earlier statement came late, and hit this one. Without a second try the connection
        // would go back into the pool with a transaction in it.
        if (!isCancelledStatement(error)) throw error;
        await rollback();
      }
    });
  }

  async savepoint(...args: Parameters<NonNullable<Driver["savepoint"]>>): Promise<void> {
    await this.#driver.savepoint?.(...args);
  }

  async rollbackToSavepoint(...args: Parameters<NonNullable<Driver["rollbackToSavepoint"]>>): Promise<void> {
    await this.#driver.rollbackToSavepoint?.(...args);
  }

  async releaseSavepoint(...args: Parameters<NonNullable<Driver["releaseSavepoint"]>>): Promise<void> {
    await this.#driver.releaseSavepoint?.(...args);
  }

  async releaseConnection(...[connection, ...rest]: Parameters<Driver["releaseConnection"]>): Promise<void> {
    // The pool throws at a second release, and some of Kysely's paths do release after a failed rollback.
    const lent = this.#lent.get(connection);
    if (!lent) return;
    this.#lent.delete(connection);
    await this.#driver.releaseConnection(lent, ...rest);
  }

  destroy(...args: Parameters<Driver["destroy"]>): Promise<void> {
    return this.#driver.destroy(...args);
  }

  async #orRelease(connection: DatabaseConnection, statement: () => Promise<void>): Promise<void> {
    try {
      await statement();
    } catch (error) {
      await this.releaseConnection(connection);
      throw error;
    }
  }
}

class ReleasingConnection extends PostgreSqlConnection {
  override createKyselyDialect(overrides: PoolConfig): ReturnType<PostgreSqlConnection["createKyselyDialect"]> {
    const dialect = super.createKyselyDialect(overrides);
    const createDriver = dialect.createDriver.bind(dialect);
    dialect.createDriver = () => new ReleasingDriver(createDriver());
    return dialect;
  }
}

/** MikroORM's driver for PostgreSQL, over connections that always find their way back into the pool. */
export class ReleasingPostgreSqlDriver extends PostgreSqlDriver {
  protected override readonly connection: PostgreSqlConnection;

  constructor(config: Configuration) {
    super(config);
    this.connection = new ReleasingConnection(config);
  }
}
