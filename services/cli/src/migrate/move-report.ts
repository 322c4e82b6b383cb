import { z } from "zod";
import { serviceNames } from "#platform/service-name.ts";
import { readResult } from "../../../migrator/src/report/kept-results.ts";
import { type Findings, readReport } from "../../../migrator/src/report/read-report.ts";
import type { MoveReport, StepDuration, TableSums } from "../../../migrator/src/report/report.ts";
import { type MoveAtWork, withSiloClients } from "./move-at-work.ts";
import type { MoveParts } from "./move-parts.ts";

const count = z.number();
const keptDurations = z.array(z.object({ step: z.string(), rows: count, seconds: count }));
/** What a verification came to, as it is kept. */
export const keptVerification = z.object({
  verified: z.boolean(),
  at: z.string().nullable(),
  differences: count,
  tables: z.array(z.object({ name: z.string(), rows: count, missing: count, extra: count, different: count })),
  checks: z.array(z.object({ name: z.string(), ok: z.boolean(), found: count })),
  found: z
    .array(z.object({ table: z.string(), pk: z.string(), kind: z.string(), column: z.string().optional() }))
    .default([]),
});
const keptBalance = z.object({
  tables: z.array(
    z.object({
      ...{ name: z.string(), read: count, migrated: count, merged: count, quarantined: count, archived: count },
    }),
  ),
});
const keptHashes = z.array(z.object({ silo: z.enum(serviceNames), table: z.string(), hash: z.string() }));
const keptSwitch = z.object({ phases: z.array(z.object({ phase: z.string(), seconds: count })) });

/** What is known already, and need not be read. */
interface Known {
  readonly tables?: readonly TableSums[] | undefined;
  readonly durations?: readonly StepDuration[];
  readonly findings?: Findings | undefined;
}

/** Gathers the report from the databases, and from what the commands came to. */
export function readMoveReport(
  parts: Pick<MoveParts, "readRun" | "readBalance">,
  { sourceUrl, ownerUrls }: Pick<MoveAtWork, "sourceUrl" | "ownerUrls">,
  known: Known = {},
): Promise<MoveReport> {
  return withSiloClients(ownerUrls, async (silos) => {
    const { center } = silos;
    const run = await parts.readRun(silos);
    if (!run && !known.tables) throw new Error('nothing was moved yet: "npx medport migrate run" begins');
    const balance = keptBalance.safeParse((await readResult(center, "balance"))?.content).data;
    const verified = await readResult(center, "verify");
    const durations = known.durations ?? keptDurations.safeParse((await readResult(center, "run"))?.content).data ?? [];
    return readReport(silos, {
      now: new Date(),
      findings: known.findings,
      batchId: run?.batchId ?? null,
      phase: run?.phase ?? null,
      startedAt: run?.startedAt ?? null,
      finishedAt: run?.finishedAt ?? null,
      options: run?.options ?? {},
      // As of the moment at which it was counted: people go on writing.
      tables: known.tables ?? balance?.tables ?? (await parts.readBalance(sourceUrl, silos)),
      verification: keptVerification.safeParse(verified?.content).data ?? null,
      durations: [...durations, ...(await switchDurations(center))],
      hashes: keptHashes.safeParse((await readResult(center, "hashes"))?.content).data ?? [],
    });
  });
}

async function switchDurations(center: Parameters<typeof readResult>[0]): Promise<readonly StepDuration[]> {
  const kept = await Promise.all([readResult(center, "cutover"), readResult(center, "rollback")]);
  return kept.flatMap((result, index) => {
    const { data } = keptSwitch.safeParse(result?.content);
    const name = index === 0 ? "cutover" : "rollback";
    return (data?.phases ?? []).map(({ phase, seconds }) => ({ step: `${name}: ${phase}`, rows: 0, seconds }));
  });
}
