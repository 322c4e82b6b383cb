import type { Client } from "pg";
import { asOfNow } from "../../../migrator/src/capture/as-of-now.ts";
import { cutOver, type CutOverResult, giveUpCutOver } from "../../../migrator/src/cutover/cut-over.ts";
import { ReverseApplier } from "../../../migrator/src/cutover/reverse-applier.ts";
import { type Compared, switchSteps } from "../../../migrator/src/cutover/switch-steps.ts";
import { rollBack, type RollBackResult } from "../../../migrator/src/cutover/roll-back.ts";
import type { Overrides } from "../../../migrator/src/directory/overrides.ts";
import { countQuarantinedOpenTrips } from "../../../migrator/src/report/findings.ts";
import { readHashes } from "../../../migrator/src/report/hashes.ts";
import { keepResult } from "../../../migrator/src/report/kept-results.ts";
import { isBalanced, type MoveReport, type VerificationSummary } from "../../../migrator/src/report/report.ts";
import { lockMove } from "../../../migrator/src/work/run.ts";
import { type MoveAtWork, showing, withSiloClients } from "./move-at-work.ts";
import type { CopyOptions, CopyOutcome, MoveParts } from "./move-parts.ts";
import { readMoveReport } from "./move-report.ts";
import { withClient } from "./with-client.ts";

/** What a part of the move works with: the databases, and whom to tell. */
export type MoveDatabases = Pick<MoveAtWork, "sourceUrl" | "ownerUrls" | "signal" | "progress" | "json">;

/** How rows are to be moved. */
export type RunChoice = Pick<CopyOptions, "rolePolicy" | "strict" | "overrides" | "dryRun" | "maxQuarantine">;

/** Copies everything, and answers what became of it. */
export async function runOnce(parts: MoveParts, move: MoveDatabases, choice: RunChoice): Promise<MoveReport> {
  await expectNoSwitch(parts, move);
  const title = choice.dryRun ? "Finding out what would be" : "Moving";
  const { durations, tables, findings } = await copying(move, title, choice, parts.runMove);
  if (choice.dryRun) return readMoveReport(parts, move, { durations, tables, findings });
  await withSiloClients(move.ownerUrls, async ({ center }) => {
    await keepResult(center, "run", durations);
    await keepResult(center, "balance", { tables });
  });
  return readMoveReport(parts, move);
}

/**
 * Moves once more what is in quarantine, by the same rules as the run.
 * @param overrides what somebody knows better by now; what the run was told, if absent.
 */
export async function retryOnce(parts: MoveParts, move: MoveDatabases, overrides?: Overrides): Promise<MoveReport> {
  await expectNoSwitch(parts, move);
  const before = await withSiloClients(move.ownerUrls, parts.readMoveOptions);
  const choice = { ...before, overrides, dryRun: false, maxQuarantine: 1 };
  const { tables } = await copying(move, "Moving what waits in quarantine", choice, parts.retryQuarantined);
  await withSiloClients(move.ownerUrls, ({ center }) => keepResult(center, "balance", { tables }));
  return readMoveReport(parts, move);
}

/** @throws Error if people work with the silos already, whose rows a copy would take back. */
async function expectNoSwitch(parts: MoveParts, { ownerUrls }: MoveDatabases): Promise<void> {
  const run = await withSiloClients(ownerUrls, parts.readRun);
  if (run?.phase === "CUT_OVER") {
    throw new Error(
      'People work with the silos since the switch: nothing is copied any more. "npx medport migrate status" tells more',
    );
  }
  if (run?.phase === "ROLLED_BACK")
    throw new Error("This move was taken back. Move the old database anew, into empty silos");
}

function copying(
  move: MoveDatabases,
  title: string,
  choice: RunChoice,
  copy: (options: CopyOptions) => Promise<CopyOutcome>,
): Promise<CopyOutcome> {
  const { sourceUrl, ownerUrls: siloUrls, signal } = move;
  return showing(move, title, (onProgress) =>
    copy({ ...choice, sourceUrl, siloUrls, signal, onProgress: ({ step, ...done }) => onProgress(step, done) }),
  );
}

/** Brings over what has changed by now, and compares all rows with what the rules, stated again, say of them. */
export async function verifyOnce(parts: MoveParts, move: MoveDatabases): Promise<MoveReport> {
  await expectNoSwitch(parts, move);
  await underMoveLock(move, () =>
    withSourceClients(move, ([source, reader]) =>
      withSiloClients(move.ownerUrls, async (written) => {
        await parts.expectPlanned(source);
        const applier = parts.createChangeApplier(
          { source: reader, silos: written },
          await parts.readMoveOptions(written),
        );
        await asOfNow(source, applier, (snapshotId) => comparing(parts, move, { snapshotId }));
      }),
    ),
  );
  await withSiloClients(move.ownerUrls, async (silos) => keepResult(silos.center, "hashes", await readHashes(silos)));
  return readMoveReport(parts, move);
}

/**
 * Makes the old database read-only and opens the silos.
 * @throws TripsLeftBehind, unless open trips may stay in quarantine; SidesDiffer.
 */
export async function cutOverOnce(
  parts: MoveParts,
  move: MoveDatabases,
  mayLeaveBehind: boolean,
): Promise<{ readonly report: MoveReport; readonly cutOver: CutOverResult }> {
  const { signal } = move;
  const done = await underMoveLock(move, () =>
    withSourceClients(move, ([source, snapshotSource, reader]) =>
      withSiloClients(move.ownerUrls, (silos) =>
        withSiloClients(move.ownerUrls, async (written) => {
          await parts.expectPlanned(source);
          const options = await parts.readMoveOptions(silos);
          const applier = parts.createChangeApplier({ source: reader, silos: written }, options);
          const compare = (compared: Compared): Promise<number> => comparing(parts, move, compared);
          return cutOver({
            ...{ source, silos, signal, mayLeaveBehind },
            countLeftBehind: () => countQuarantinedOpenTrips(silos),
            ...switchSteps({ snapshotSource, applier, compare, signal }),
            onPhase: (phase) => move.progress.say(`  ${phase}`),
          });
        }),
      ),
    ),
  );
  await withSiloClients(move.ownerUrls, ({ center }) => keepResult(center, "cutover", done));
  return { report: await readMoveReport(parts, move), cutOver: done };
}

/** Keeps others from moving meanwhile, whichever command they call. */
function underMoveLock<T>({ ownerUrls }: MoveDatabases, work: () => Promise<T>): Promise<T> {
  return withSiloClients(ownerUrls, async ({ center }) => {
    await lockMove(center);
    return work();
  });
}

/** Sessions of the old database. */
function withSourceClients<T>(
  { sourceUrl }: MoveDatabases,
  work: (clients: readonly [Client, Client, Client]) => Promise<T>,
): Promise<T> {
  const withOne = <R>(use: (client: Client) => Promise<R>): Promise<R> =>
    withClient("the old database", sourceUrl, use);
  return withOne((first) => withOne((second) => withOne((third) => work([first, second, third]))));
}

/**
 * Compares, and of a whole moment counts what became of every row. What is told of a verification is that of everything,
 * unless what changed afterwards is what differs.
 * @returns how many things are not as they should be.
 */
async function comparing(parts: MoveParts, move: MoveDatabases, compared: Compared): Promise<number> {
  const { sourceUrl, ownerUrls: siloUrls, signal } = move;
  const { scope, snapshotId } = compared;
  const found = await showing(move, scope ? "Verifying what has changed" : "Verifying", (onProgress) =>
    parts.verifyMove({
      ...{ sourceUrl, siloUrls, signal, ...compared },
      onProgress: ({ step, ...done }) => onProgress(step, done),
    }),
  );
  const tables =
    snapshotId === undefined
      ? []
      : await withSiloClients(siloUrls, (silos) => parts.readBalance(sourceUrl, silos, snapshotId));
  await withSiloClients(siloUrls, async ({ center }) => {
    if (!scope || !found.verified) await keepResult(center, "verify", withoutValues(found));
    if (snapshotId !== undefined) await keepResult(center, "balance", { tables });
  });
  const lost = tables.filter((table) => !isBalanced(table)).length;
  return lost + (found.verified ? 0 : Math.max(1, found.differences));
}

/** What is kept names rows and columns: what stands in them is the silo's that has them. */
function withoutValues(found: VerificationSummary): VerificationSummary {
  return { ...found, found: found.found.map(({ table, pk, kind, column }) => ({ table, pk, kind, column })) };
}

/** After a switch that was killed before the silos were open: people go on with the old database. */
export async function giveUpOnce(move: MoveDatabases): Promise<void> {
  await underMoveLock(move, () =>
    withClient("the old database", move.sourceUrl, (source) =>
      withSiloClients(move.ownerUrls, (silos) => giveUpCutOver({ source, silos })),
    ),
  );
}

/** Lets the old database take writes again, with what was done in the silos. */
export async function rollBackOnce(
  parts: MoveParts,
  move: MoveDatabases,
  allowProblems: boolean,
): Promise<{ readonly report: MoveReport; readonly rollBack: RollBackResult }> {
  const done = await underMoveLock(move, () =>
    withClient("the old database", move.sourceUrl, (source) =>
      withSiloClients(move.ownerUrls, (silos) =>
        rollBack({ source, silos, allowProblems, onPhase: (phase) => move.progress.say(`  ${phase}`) }),
      ),
    ),
  );
  await withSiloClients(move.ownerUrls, ({ center }) => keepResult(center, "rollback", done));
  return { report: await readMoveReport(parts, move), rollBack: done };
}

/** Carries what is done in the silos back to the old database, until somebody asks to stop. */
export async function followSilos(move: MoveDatabases): Promise<void> {
  await underMoveLock(move, () =>
    withClient("the old database", move.sourceUrl, (source) =>
      withSiloClients(move.ownerUrls, async (silos) => {
        const applier = await ReverseApplier.open({ source, silos });
        try {
          move.progress.say(
            "The old database follows the silos. Ctrl-C ends it; another call goes on where it stopped.",
          );
          await applier.follow(move.signal);
        } finally {
          await applier.close();
        }
      }),
    ),
  );
}
