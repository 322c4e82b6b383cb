import type { ClientBase } from "pg";
import type { MoveOptions } from "../../directory/directory.ts";
import { noOverrides } from "../../directory/overrides.ts";
import { readDirectory } from "../../directory/read-directory.ts";
import { resolveDirectory } from "../../directory/resolve-directory.ts";
import { moveDossier } from "../../dossier/move-dossier.ts";
import { readDossiers } from "../../dossier/read-dossiers.ts";
import { claimUnits } from "../../dossier/unit-claims.ts";
import type { Moved } from "../../moved.ts";

/** What the rules say about an old database. */
export interface RulesSay {
  /** Kinds of issues, sorted. */
  readonly kinds: readonly string[];
  /** As `table pk reason`, sorted. */
  readonly quarantined: readonly string[];
  /** Accounts by e-mail address. */
  readonly accounts: ReadonlyMap<string, { readonly user_type: string; readonly hospital_id: string | null }>;
  /** Rows with a verdict. */
  readonly decided: number;
}

const options: MoveOptions = {
  ...{ rolePolicy: "evidence", strict: false, overrides: noOverrides },
  importedAt: new Date("2026-03-01T00:00:00Z"),
};

/** Lets the rules decide about a whole old database. */
export async function askRules(client: ClientBase): Promise<RulesSay> {
  await client.query("begin isolation level repeatable read read only");
  const { input, evidence } = await readDirectory(client);
  const { directory, moved, moveUnits } = resolveDirectory(input, evidence, options);
  const claims = await claimUnits(readDossiers(client, { isUnderway: true }), directory);
  const parts: Moved[] = [moved, moveUnits(new Set(claims.keys()))];
  for await (const dossier of readDossiers(client)) {
    parts.push(moveDossier(dossier, directory, { unitClaims: claims, options }));
  }
  await client.query("commit");
  const verdicts = parts.flatMap((part) => part.verdicts);
  const accounts = parts
    .flatMap(({ rows }) => rows)
    .flatMap((it) => (it.table === "center.user_account" ? it.row : []));
  return {
    kinds: [...new Set(parts.flatMap(({ issues }) => issues.map(({ kind }) => kind)))].toSorted(),
    quarantined: verdicts.flatMap((it) => (it.fate === "QUARANTINED" ? quarantineLine(it) : [])).toSorted(),
    accounts: new Map(accounts.map((account) => [account.email, account])),
    decided: verdicts.length,
  };
}

/** A row in quarantine, or one that is expected there, as a line. */
export function quarantineLine({ table, pk, reason }: { table: string; pk: string; reason?: string }): string {
  return `${table} ${pk} ${reason}`;
}
