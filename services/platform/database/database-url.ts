/** Who logs in where. */
export interface DatabaseLogin {
  readonly role: string;
  readonly password: string;
  readonly database: string;
}

/**
 * Reads a PostgreSQL URL.
 * @throws Error that does not repeat the URL, because it holds a password.
 */
export function loginFromUrl(url: string): DatabaseLogin {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  const database = decodeURIComponent(parsed?.pathname.slice(1) ?? "");
  const role = decodeURIComponent(parsed?.username ?? "");
  if (!parsed || !/^postgres(ql)?:$/.test(parsed.protocol) || role === "" || database === "") {
    throw new Error("not a database URL of the form postgresql://role:password@host:port/database");
  }
  return { role, password: decodeURIComponent(parsed.password), database };
}

/** The same server and login, another database. */
export function urlOfDatabase(url: string, database: string): string {
  const changed = new URL(url);
  changed.pathname = `/${encodeURIComponent(database)}`;
  return changed.href;
}
