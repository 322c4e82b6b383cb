import type { LegacyAgencyUser, LegacyUser } from "../legacy/legacy-rows.ts";
import { byText, type DatedRow, groupBy, timeOf, whyUnusable } from "./moved-rows.ts";
import { normalEmail } from "./registrations.ts";

/** Rows of one table, each with an address of its own, and those that cannot be accounts. */
export interface OnePerEmail<Row> {
  /** By address, in lower case. */
  readonly kept: ReadonlyMap<string, Row>;
  /** With the reason for the quarantine. */
  readonly lost: readonly { readonly row: Row; readonly reason: string }[];
}

/** Of users whose addresses differ in nothing but case, the one that changed last keeps it (R-EMAIL). */
export function oneUserPerEmail(users: readonly LegacyUser[]): OnePerEmail<LegacyUser> {
  return onePerEmail(users, (one, other) => later(one.updatedAt, other.updatedAt) || byText(one.id, other.id));
}

/** Of agencies' users whose addresses differ in nothing but case, the one that logged in last keeps it. */
export function oneAgencyUserPerEmail(users: readonly LegacyAgencyUser[]): OnePerEmail<LegacyAgencyUser> {
  return onePerEmail(
    users,
    (one, other) =>
      later(one.lastLogin, other.lastLogin) || later(one.updatedAt, other.updatedAt) || byText(one.id, other.id),
  );
}

function onePerEmail<Row extends DatedRow & { readonly email: string }>(
  rows: readonly Row[],
  compare: (one: Row, other: Row) => number,
): OnePerEmail<Row> {
  const lost: { row: Row; reason: string }[] = [];
  const fit = rows.filter((row) => {
    const reason = whyNoAccount(row);
    if (reason !== undefined) lost.push({ row, reason });
    return reason === undefined;
  });
  const kept = new Map<string, Row>();
  for (const [email, group] of groupBy(fit, (row) => normalEmail(row.email))) {
    const [first, ...others] = group.toSorted(compare);
    if (first) kept.set(email, first);
    lost.push(...others.map((row) => ({ row, reason: "EMAIL_TAKEN" })));
  }
  return { kept, lost };
}

function whyNoAccount(row: DatedRow & { readonly email: string }): string | undefined {
  return whyUnusable(row) ?? (normalEmail(row.email) === "" ? "EMAIL_BLANK" : undefined);
}

/** Latest first, never last. */
function later(one: Date | null, other: Date | null): number {
  return timeOf(other) - timeOf(one);
}
