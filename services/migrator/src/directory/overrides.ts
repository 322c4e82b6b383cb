import { z } from "zod";

/** Whom an account acts for, by an operator's word. Without an organization it is found by the rules. */
export type UserOverride =
  | { readonly type: "HOSPITAL"; readonly hospitalId?: string }
  | { readonly type: "EMS"; readonly agencyId?: string }
  | { readonly type: "CENTER" };

/** What an operator knows of a place. */
export interface FacilityOverride {
  /** Such as Blair. */
  readonly county?: string;
  /** Who owns it. */
  readonly hospitalId?: string;
}

/** What an operator knows better than the rules. */
export interface Overrides {
  /** By e-mail address, in lower case. */
  readonly users: ReadonlyMap<string, UserOverride>;
  /** By the facility's id. */
  readonly facilities: ReadonlyMap<string, FacilityOverride>;
}

/** The operator knows nothing better. */
export const noOverrides: Overrides = { users: new Map(), facilities: new Map() };

/** A file of overrides cannot be used. Its message names every problem, one a line. */
export class OverridesError extends Error {
  override readonly name = "OverridesError";
}

const id = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, "is not an id");
const county = z.string().trim().min(1, "is empty").max(100, "is longer than 100 characters");

const userShape = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("HOSPITAL"), hospitalId: id.exactOptional() }),
  z.strictObject({ type: z.literal("EMS"), agencyId: id.exactOptional() }),
  z.strictObject({ type: z.literal("CENTER") }),
]);

const fileShape = z.strictObject({
  users: z.record(z.string(), userShape).default({}),
  facilities: z
    .record(z.string(), z.strictObject({ county: county.exactOptional(), hospitalId: id.exactOptional() }))
    .default({}),
});

/**
 * Reads a file of overrides: `{"users": {"ann@example.org": {"type": "HOSPITAL", "hospitalId": "f1"}}, "facilities":
 * {"f2": {"county": "Blair", "hospitalId": "f1"}}}`.
 * @throws OverridesError naming every problem at once.
 */
export function parseOverrides(text: string): Overrides {
  const parsed = fileShape.safeParse(jsonFrom(text));
  if (!parsed.success) throw new OverridesError(parsed.error.issues.map(problemOf).join("\n"));
  const { users, facilities } = parsed.data;
  const repeated = repeatedEmails(Object.keys(users));
  if (repeated.length > 0)
    throw new OverridesError(repeated.map((email) => `users: ${email} is there twice`).join("\n"));
  return {
    users: new Map(Object.entries(users).map(([email, user]) => [normal(email), user])),
    facilities: new Map(Object.entries(facilities)),
  };
}

function jsonFrom(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new OverridesError("it is not JSON", { cause: error });
  }
}

function problemOf({ path, message }: z.core.$ZodIssue): string {
  return path.length === 0 ? message : `${path.map(String).join(".")}: ${message}`;
}

function repeatedEmails(emails: readonly string[]): readonly string[] {
  const seen = new Set<string>();
  return emails.map(normal).filter((email) => seen.size === seen.add(email).size);
}

function normal(email: string): string {
  return email.trim().toLowerCase();
}
