import type { Client } from "pg";
import { serviceNames } from "#platform/service-name.ts";
import { captureSchema } from "../capture/install-capture.ts";
import type { VerificationSummary } from "../report/report.ts";
import { findRun } from "../work/run.ts";
import { type BucketSums, type Difference, findDifferences, readBuckets, type TableFindings } from "./compare.ts";
import { actualSide, type Comparison, expectedSide } from "./comparison.ts";
import { archiveComparisons, archiveComparisonsOf } from "./expected/archives.ts";
import { ruledComparisons } from "./expected/every-comparison.ts";
import { type ExpectationOptions, prepareSilos, prepareSource, readRefused } from "./prepare-source.ts";
import { narrowOldTables, narrowSilos, showAllOfSilos, type VerifyScope } from "./scope.ts";
import { type SemanticCheck, semanticChecks } from "./semantic.ts";
import { openSessions, type VerifySessions, type VerifyUrls } from "./sessions.ts";

export interface VerifyProgress {
  readonly step: string;
  /** Comparisons that were made. */
  readonly rows: number;
  readonly total: number;
}

export interface VerifyRequest extends VerifyUrls {
  /** How the rows were to be moved; as the run notes it if absent. */
  readonly options?: ExpectationOptions;
  readonly signal: AbortSignal;
  readonly onProgress?: (progress: VerifyProgress) => void;
  /** How many differing rows of a table are told at most; all are counted. */
  readonly maxTold?: number;
  /** What has changed since everything was compared: only this is, but for people and organizations. */
  readonly scope?: VerifyScope;
}

/** What comparing everything came to. It names tables, keys and columns, and nothing that a person wrote. */
export interface Verification extends VerificationSummary {
  readonly tables: VerificationSummary["tables"];
  readonly checks: readonly SemanticCheck[];
  readonly found: readonly Difference[];
  /** Changes of the old database that were not carried over when it was looked at: so much may differ rightly. */
  readonly pendingChanges: number;
  readonly sourceRows: number;
  readonly seconds: number;
  readonly rowsPerSecond: number;
}

/**
 * Compares the silos with what the rules, stated a second time in SQL over the old database, say that they should hold:
 * every row of every table that the move fills, archives included. Changes nothing.
 * @throws Error if nothing was moved yet, or if people work with the silos already.
 */
export async function verifyMove(request: VerifyRequest): Promise<Verification> {
  const startedAt = performance.now();
  request.signal.throwIfAborted();
  await using sessions = await openSessions(request);
  const options = request.options ?? (await optionsOfRun(sessions));
  const pendingChanges = await countPending(sessions.source);
  const findings = await compareAll(request, sessions, options);
  request.signal.throwIfAborted();
  // They are about all trips together.
  const checks = request.scope ? [] : await semanticChecks(sessions.silos);
  return summaryOf({ findings, checks, pendingChanges, seconds: (performance.now() - startedAt) / 1_000 });
}

async function optionsOfRun({ silos }: VerifySessions): Promise<ExpectationOptions> {
  const run = await findRun(silos.center);
  if (!run) throw new Error('nothing was moved yet: "npx medport migrate run" begins');
  if (run.phase === "CUT_OVER") {
    throw new Error("people work with the silos since the switch: they are no longer what the old database says");
  }
  return run.options;
}

async function countPending(source: Client): Promise<number> {
  const { rows: there } = await source.query<{ there: boolean }>("select to_regclass($1) is not null as there", [
    `${captureSchema}.change`,
  ]);
  if (!there[0]?.there) return 0;
  const { rows } = await source.query<{ count: string }>(`select count(*) from ${captureSchema}.change`);
  return Number(rows[0]?.count ?? 0);
}

const isArchive: ReadonlySet<Comparison> = new Set(archiveComparisons);

interface Finding {
  readonly comparison: Comparison;
  readonly found: TableFindings;
}

/** Both sides' sums at once, each session on its own way through the list; then whatever differs. */
async function compareAll(
  { signal, onProgress, scope, maxTold = 1_000 }: VerifyRequest,
  sessions: VerifySessions,
  options: ExpectationOptions,
): Promise<readonly Finding[]> {
  const { source, archiveSource, silos } = sessions;
  const archived = scope ? archiveComparisonsOf(scope.changed.keys()) : archiveComparisons;
  const comparisons = [...ruledComparisons, ...archived];
  const prepared = prepareSource(source, options, await readRefused(sessions), scope);
  // Whoever needs it hears of its failure.
  prepared.catch(() => undefined);
  await (scope ? narrowSilos(silos, scope, await prepared) : showAllOfSilos(silos));
  await prepareSilos(sessions);
  if (scope) await narrowOldTables(archiveSource, scope);
  const [expected, actual] = [new Map<Comparison, BucketSums>(), new Map<Comparison, BucketSums>()];
  const total = comparisons.length * 2;
  const read = async (
    client: Client,
    list: readonly Comparison[],
    into: Map<Comparison, BucketSums>,
  ): Promise<void> => {
    for (const comparison of list) {
      signal.throwIfAborted();
      into.set(
        comparison,
        await readBuckets(client, into === expected ? expectedSide(comparison) : actualSide(comparison)),
      );
      onProgress?.({ step: `verify ${comparison.table}`, rows: expected.size + actual.size, total });
    }
  };
  await allOf([
    prepared.then(() => read(source, ruledComparisons, expected)),
    read(archiveSource, archived, expected),
    ...serviceNames.map((service) =>
      read(
        silos[service],
        comparisons.filter(({ silo }) => silo === service),
        actual,
      ),
    ),
  ]);
  const findings: Finding[] = [];
  for (const comparison of comparisons) {
    signal.throwIfAborted();
    const found = await findDifferences({
      ...{
        comparison,
        source: isArchive.has(comparison) ? archiveSource : source,
        silo: silos[comparison.silo],
        maxTold,
      },
      ...{ expected: expected.get(comparison) ?? new Map(), actual: actual.get(comparison) ?? new Map() },
    });
    findings.push({ comparison, found });
  }
  return findings;
}

/** Waits for all, so that nothing goes on behind a failure. */
async function allOf(works: readonly Promise<void>[]): Promise<void> {
  const results = await Promise.allSettled(works);
  const failed = results.find((result) => result.status === "rejected");
  if (failed) throw failed.reason;
}

function summaryOf({
  findings,
  checks,
  pendingChanges,
  seconds,
}: {
  readonly findings: readonly Finding[];
  readonly checks: readonly SemanticCheck[];
  readonly pendingChanges: number;
  readonly seconds: number;
}): Verification {
  const tables = [...Map.groupBy(findings, ({ found }) => found.name)].map(([name, own]) => {
    const sum = (of: (found: TableFindings) => number): number =>
      own.reduce((total, { found }) => total + of(found), 0);
    return {
      name,
      rows: sum(({ rows }) => rows),
      missing: sum(({ missing }) => missing),
      extra: sum(({ extra }) => extra),
      different: sum(({ different }) => different),
    };
  });
  const differences = tables.reduce((total, { missing, extra, different }) => total + missing + extra + different, 0);
  const sourceRows = findings.reduce(
    (total, { comparison, found }) => total + (isArchive.has(comparison) ? found.rows : 0),
    0,
  );
  return {
    verified: differences === 0 && checks.every(({ ok }) => ok),
    at: new Date().toISOString(),
    differences,
    tables,
    checks,
    found: findings.flatMap(({ found }) => found.differences),
    pendingChanges,
    sourceRows,
    seconds,
    rowsPerSecond: Math.round(sourceRows / seconds),
  };
}
