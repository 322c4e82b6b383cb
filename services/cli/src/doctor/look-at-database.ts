import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Client, DatabaseError } from "pg";
import { serviceTitles } from "#platform/config/settings.ts";
import { openDatabase } from "#platform/database/database.ts";
import { schemaDifferences } from "#platform/database/schema-differences.ts";
import { schemaText } from "#platform/database/schema-text.ts";
import type { ServiceName } from "#platform/service-name.ts";
import { createLog } from "#platform/telemetry/log.ts";
import { type Finding, problem, warning, well } from "./finding.ts";

/** One silo's database, as its service logs in to it. */
export interface DatabaseAtHand {
  readonly name: ServiceName;
  readonly address: string;
  readonly url: string;
}

/** Looks at one database: whether it answers, its clock, its schema, and what waits in it. */
export async function lookAtDatabase(root: string, database: DatabaseAtHand): Promise<readonly Finding[]> {
  const subject = `${serviceTitles[database.name]}'s database`;
  const client = new Client({ connectionString: database.url, connectionTimeoutMillis: 3_000, query_timeout: 5_000 });
  // What the query below throws tells what there is to tell.
  client.on("error", () => undefined);
  try {
    await client.connect();
    const findings = [await clock(subject, client), ...(await schema(root, subject, database))];
    // Tables can only be asked for what waits in them where they are there.
    return findings.some(({ grade }) => grade === "problem")
      ? findings
      : [...findings, ...(await waiting(subject, client, database.name))];
  } catch (error) {
    return [notAnswering(subject, database.address, error)];
  } finally {
    await client.end().catch(() => undefined);
  }
}

function notAnswering(subject: string, address: string, error: unknown): Finding {
  const code = error instanceof DatabaseError ? error.code : undefined;
  if (code === "28P01" || code === "28000")
    return problem(
      subject,
      `refuses the service's name and password at ${address}`,
      "Correct the credentials in its DATABASE_URL",
    );
  if (code === "3D000")
    return problem(subject, `does not exist at ${address}`, 'Run "npx medport setup" with an administrator\'s URL');
  const text = error instanceof Error ? error.message || error.name : String(error);
  return problem(
    subject,
    `does not answer at ${address}: ${text}`,
    'Start it ("npm start" starts the embedded one), and check address and firewall',
  );
}

const largestClockDifferenceMs = 2_000;

async function clock(subject: string, client: Client): Promise<Finding> {
  const before = Date.now();
  const { rows } = await client.query<{ now: Date }>("select clock_timestamp() as now");
  const after = Date.now();
  const differenceMs = Math.abs((rows[0]?.now.getTime() ?? 0) - (before + after) / 2);
  if (differenceMs <= largestClockDifferenceMs)
    return well(subject, `answers within ${after - before} ms, and its clock agrees with ours`);
  return warning(
    subject,
    `its clock differs from ours by ${Math.round(differenceMs / 1_000)} s`,
    "Synchronize the clocks of both machines: tokens and times depend on them",
  );
}

async function schema(root: string, subject: string, { name, url }: DatabaseAtHand): Promise<readonly Finding[]> {
  const expected = await readFile(join(root, "services", name, "migrations", "schema.txt"), "utf8");
  const database = await openDatabase({
    url,
    service: name,
    entities: [],
    poolSize: 1,
    log: createLog({ service: "doctor", level: "silent" }),
  });
  try {
    const differences = schemaDifferences(await schemaText(database), expected);
    if (differences.length === 0) return [well(`${subject}, schema`, "is what the service expects")];
    return differences.map((difference) =>
      problem(
        `${subject}, schema`,
        difference,
        'Start again ("npx medport down", "npm start"), which applies migrations; undo what was changed by hand',
      ),
    );
  } finally {
    await database.close();
  }
}

interface Waiting {
  readonly what: string;
  readonly sql: string;
  readonly advice: string;
}

const everywhere: readonly Waiting[] = [
  {
    what: "events that wait for the broker for more than 30 s",
    sql: "select count(*)::int as count from outbox_event where published_at is null and occurred_at < now() - interval '30 seconds'",
    advice: "See whether the broker answers and the service runs; they are sent when both do",
  },
  {
    what: "records that take no more events because one of theirs failed",
    sql: "select count(*)::int as count from inbox_cursor where blocked",
    advice: "Read inbox_dead.error, mend the cause, and redrive the event",
  },
];

const inEms: readonly Waiting[] = [
  {
    what: "units held for more than a minute for a trip whose outcome is not known",
    sql: "select count(*)::int as count from assignment where state = 'HELD' and created_at < now() - interval '1 minute'",
    advice: "See whether Hospital answers EMS; they are resolved when it does",
  },
];

async function waiting(subject: string, client: Client, name: ServiceName): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const { what, sql, advice } of name === "ems" ? [...everywhere, ...inEms] : everywhere) {
    const { rows } = await client.query<{ count: number }>(sql);
    const count = rows[0]?.count ?? 0;
    findings.push(count === 0 ? well(subject, `no ${what}`) : warning(subject, `${count} ${what}`, advice));
  }
  return findings;
}
