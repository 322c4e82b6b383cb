import { type AdminSession, identifier, literal, openAdminSession } from "./admin-session.ts";
import { type DatabaseLogin, loginFromUrl, urlOfDatabase } from "./database-url.ts";

export interface ProvisionOptions {
  /** A role that may create roles and databases, in a database that exists, such as `postgres`. */
  readonly adminUrl: string;
  /** Whom migrations are to log in as. */
  readonly ownerUrl: string;
  /** Whom the service is to log in as: the same database; the owner's role as well, if there is to be only one. */
  readonly appUrl: string;
}

/**
 * Makes a silo's database and its roles what the URLs say, whether they exist or not; passwords are set again. Nobody
 * else may connect to the database, and the application's role may not make tables there.
 */
export async function provisionSilo({ adminUrl, ownerUrl, appUrl }: ProvisionOptions): Promise<void> {
  const owner = loginFromUrl(ownerUrl);
  const app = loginFromUrl(appUrl);
  if (owner.database !== app.database)
    throw new Error("the owner's URL and the application's name different databases");
  const admin = loginFromUrl(adminUrl);
  if ([owner.role, app.role].includes(admin.role)) throw new Error("the administrator's role cannot be a silo's own");

  // One lock for the whole cluster, because roles belong to all of its databases.
  await using session = await openAdminSession(adminUrl, "medport.provision");
  const isSuperuser = await isTrue(session, "select rolsuper as answer from pg_roles where rolname = current_user");
  for (const login of owner.role === app.role ? [owner] : [owner, app]) await provisionRole(session, login);
  if (!isSuperuser) await session.run(`grant ${identifier(owner.role)} to current_user`);
  await provisionDatabase(session, owner);

  const database = identifier(owner.database);
  await session.run(`revoke all on database ${database} from public`);
  if (app.role !== owner.role) {
    await session.run(`revoke all on database ${database} from ${identifier(app.role)}`);
    await session.run(`grant connect on database ${database} to ${identifier(app.role)}`);
  }
  if (isSuperuser) await keepValuesOutOfServerLog(session, database);
  await provisionSchema(urlOfDatabase(adminUrl, owner.database), { owner, app });
}

async function provisionRole(session: AdminSession, { role, password }: DatabaseLogin): Promise<void> {
  const exists = await isTrue(session, "select count(*) > 0 as answer from pg_roles where rolname = $1", [role]);
  const verb = exists ? "alter" : "create";
  await session.run(
    `${verb} role ${identifier(role)} with login nocreatedb nocreaterole password ${literal(password)}`,
  );
}

async function provisionDatabase(session: AdminSession, owner: DatabaseLogin): Promise<void> {
  const [database, role] = [identifier(owner.database), identifier(owner.role)];
  const exists = await isTrue(session, "select count(*) > 0 as answer from pg_database where datname = $1", [
    owner.database,
  ]);
  await session.run(
    exists
      ? `alter database ${database} owner to ${role}`
      : `create database ${database} owner ${role} template template0 encoding 'UTF8'`,
  );
}

/** MikroORM writes values into its statements, and PostgreSQL writes a failed statement into its log: not this one's. */
async function keepValuesOutOfServerLog(session: AdminSession, database: string): Promise<void> {
  await session.run(`alter database ${database} set log_min_error_statement = 'panic'`);
  await session.run(`alter database ${database} set log_error_verbosity = 'terse'`);
}

async function provisionSchema(
  url: string,
  { owner, app }: { readonly owner: DatabaseLogin; readonly app: DatabaseLogin },
): Promise<void> {
  await using session = await openAdminSession(url, "medport.provision");
  // From PostgreSQL 15 on this is how it starts; a database that was upgraded from an older one lets everybody create.
  await session.run("revoke create on schema public from public");
  await session.run(`alter schema public owner to ${identifier(owner.role)}`);
  if (app.role !== owner.role) await session.run(`revoke create on schema public from ${identifier(app.role)}`);
}

async function isTrue(session: AdminSession, sql: string, values: readonly unknown[] = []): Promise<boolean> {
  const [row] = await session.run(sql, values);
  return row?.["answer"] === true;
}
