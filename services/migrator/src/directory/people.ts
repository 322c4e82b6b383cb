import type { LegacyAgencyUser, LegacyUser } from "../legacy/legacy-rows.ts";
import type { Issue, Moved } from "../moved.ts";
import { type Account, accountFrom, accountIssues, nameOf } from "./accounts.ts";
import type { DirectoryEvidence, DirectoryInput, MoveOptions, Person } from "./directory.ts";
import { oneAgencyUserPerEmail, oneUserPerEmail } from "./emails.ts";
import { findRegistrations, normalEmail } from "./registrations.ts";
import { type Hospitals, isRealAgency } from "./hospitals.ts";
import { type AgenciesByEmail, agenciesByEmail, agencyOf, hospitalOf, type Membership } from "./memberships.ts";
import { issuesOf, joinMoved, merged, quarantined } from "./moved-rows.ts";
import { decideRole, decideRoleByGuide, type RoleDecision } from "./roles.ts";

/** Everybody in tables User and AgencyUser, and the accounts that come of them. */
export interface People {
  readonly users: ReadonlyMap<string, Person>;
  readonly agencyUsers: ReadonlyMap<string, Person>;
  readonly accounts: readonly Account[];
  readonly moved: Moved;
}

/** What the rules about people go by. */
export interface PeopleContext {
  readonly evidence: DirectoryEvidence;
  readonly options: MoveOptions;
  readonly hospitals: Hospitals;
}

/** A row of table User, and whom it works for. */
interface DecidedUser extends RoleDecision {
  readonly row: LegacyUser;
  readonly membership: Membership;
}

/** Decides who gets an account and for whom it acts (R-ROLE, R-HOSPUSER, R-AGENCYUSER, R-EMAIL). */
export function resolvePeople(input: DirectoryInput, context: PeopleContext): People {
  const users = oneUserPerEmail(input.users);
  const agencyUsers = oneAgencyUserPerEmail(input.agencyUsers);
  const agencies = agenciesByEmail(
    input.agencies.filter((agency) => isRealAgency(agency, context.hospitals)),
    [...agencyUsers.kept.values()],
  );
  const decide = userDecider(input, context, agencies);
  const kept = [...users.kept.values()].map(decide);
  const byEmail = new Map(kept.map((user) => [normalEmail(user.row.email), user]));
  const userIds = new Set(input.users.map(({ id }) => id));
  const joined = new Map<string, LegacyAgencyUser>();
  const outcomes: Outcome[] = [...agencyUsers.kept].map(([email, row]) => {
    const rival = byEmail.get(email);
    if (rival && rival.type !== "EMS") return lostAgencyUser(row, "EMAIL_OF_USER");
    if (userIds.has(row.id) && rival?.row.id !== row.id) return lostAgencyUser(row, "ID_TAKEN");
    if (rival) joined.set(rival.row.id, row);
    return movedAgencyUser(row, { agencies, options: context.options });
  });
  return peopleFrom([
    ...kept.map((user) => outcomeOf(user, joined.get(user.row.id), { agencies, options: context.options })),
    ...users.lost.map(({ row, reason }) => lostUser(decide(row), reason)),
    ...outcomes,
    ...agencyUsers.lost.map(({ row, reason }) => lostAgencyUser(row, reason)),
  ]);
}

/** What comes of one row. */
interface Outcome {
  readonly table: "User" | "AgencyUser";
  readonly id: string;
  readonly person: Person;
  readonly account?: Account;
  readonly moved: Moved;
}

interface OutcomeContext {
  readonly agencies: AgenciesByEmail;
  readonly options: MoveOptions;
}

function peopleFrom(outcomes: readonly Outcome[]): People {
  const personsOf = (table: Outcome["table"]): ReadonlyMap<string, Person> =>
    new Map(outcomes.filter((it) => it.table === table).map(({ id, person }) => [id, person]));
  return {
    users: personsOf("User"),
    agencyUsers: personsOf("AgencyUser"),
    accounts: outcomes.flatMap(({ account }) => account ?? []),
    moved: joinMoved(outcomes.map(({ moved }) => moved)),
  };
}

function userDecider(
  input: DirectoryInput,
  { evidence, options, hospitals }: PeopleContext,
  agencies: AgenciesByEmail,
): (row: LegacyUser) => DecidedUser {
  const registrations = findRegistrations(hospitals);
  const preferring = new Set(input.preferences.map(({ hospitalId }) => hospitalId));
  const adding = new Set(input.agencies.map(({ addedBy }) => addedBy));
  return (row) => {
    const override = options.overrides.users.get(normalEmail(row.email));
    const isRegistrant = registrations.byEmail(row).size > 0 || registrations.byTime(row).size > 0;
    const origins = evidence.originsByCreator.get(row.id) ?? [];
    const decision =
      options.rolePolicy === "guide"
        ? decideRoleByGuide(row.role, override)
        : decideRole(row.role, {
            override,
            isRegistrant,
            hasPreferences: preferring.has(row.id),
            hasAddedAgencies: adding.has(row.id),
            hasCreatedTrips: origins.length > 0,
          });
    const found = { override, registrations, origins, hospitals: hospitals.facilities };
    switch (decision.type) {
      case "HOSPITAL":
        return { ...decision, row, membership: hospitalOf(row, found) };
      case "EMS":
        return { ...decision, row, membership: agencyOf(row.email, override, agencies) };
      default:
        return { ...decision, row, membership: { organizationId: null } };
    }
  };
}

/** @param same the agency's user of the same address, if there is one: both are one account (R-EMAIL). */
function outcomeOf(user: DecidedUser, same: LegacyAgencyUser | undefined, context: OutcomeContext): Outcome {
  const { row, type, membership, issue } = user;
  const source = { table: "User", pk: row.id };
  if (same) {
    const person = agencyPerson(same, { hasAccount: true, agencies: context.agencies });
    return { table: "User", id: row.id, person, moved: merged(source, same.id, "SAME_EMAIL") };
  }
  const { options } = context;
  const isActive = row.isActive && !(options.strict && issue === "ROLE_AMBIGUOUS");
  const { organizationId } = membership;
  const account = accountFrom(row, { type, organizationId, isActive, importedAt: options.importedAt });
  const moved: Moved = {
    rows: [{ table: "center.user_account", row: account }],
    verdicts: [{ ...source, fate: "MIGRATED" }],
    issues: [...decisionIssues(user), ...accountIssues(source, row)],
  };
  return { table: "User", id: row.id, person: personFrom(user, true), account, moved };
}

function decisionIssues({ row, type, issue, membership }: DecidedUser): readonly Issue[] {
  const source = { table: "User", pk: row.id };
  const rule = type === "EMS" ? "R-AGENCYUSER" : "R-HOSPUSER";
  return [...issuesOf(source, "R-ROLE", issue), ...issuesOf(source, rule, membership.issue)];
}

function personFrom({ row, type, membership }: DecidedUser, hasAccount: boolean): Person {
  return {
    userId: row.id,
    hasAccount,
    type,
    hospitalId: type === "HOSPITAL" ? membership.organizationId : null,
    agencyId: type === "EMS" ? membership.organizationId : null,
    email: normalEmail(row.email),
    name: nameOf(row),
  };
}

function lostUser(user: DecidedUser, reason: string): Outcome {
  const source = { table: "User", pk: user.row.id };
  return { table: "User", id: user.row.id, person: personFrom(user, false), moved: quarantined(source, reason) };
}

function movedAgencyUser(row: LegacyAgencyUser, { agencies, options }: OutcomeContext): Outcome {
  const source = { table: "AgencyUser", pk: row.id };
  const person = agencyPerson(row, { hasAccount: true, agencies });
  const { isActive } = row;
  const membership = {
    type: "EMS",
    organizationId: person.agencyId,
    isActive,
    importedAt: options.importedAt,
  } as const;
  const account = accountFrom(row, membership);
  const moved: Moved = {
    rows: [{ table: "center.user_account", row: account }],
    verdicts: [{ ...source, fate: "MIGRATED" }],
    issues: [
      ...issuesOf(source, "R-AGENCYUSER", person.agencyId === null ? "USER_NO_AGENCY" : undefined),
      ...accountIssues(source, row),
    ],
  };
  return { table: "AgencyUser", id: row.id, person, account, moved };
}

/** @param agencies absent for who has no account, and so acts for nobody. */
function agencyPerson(
  row: LegacyAgencyUser,
  { hasAccount, agencies }: { readonly hasAccount: boolean; readonly agencies?: AgenciesByEmail },
): Person {
  const isKnown = agencies?.has(row.agencyId) ?? true;
  return {
    userId: row.id,
    hasAccount,
    type: "EMS",
    hospitalId: null,
    agencyId: isKnown ? row.agencyId : null,
    email: normalEmail(row.email),
    name: nameOf(row),
  };
}

function lostAgencyUser(row: LegacyAgencyUser, reason: string): Outcome {
  const person = agencyPerson(row, { hasAccount: false });
  return { table: "AgencyUser", id: row.id, person, moved: quarantined({ table: "AgencyUser", pk: row.id }, reason) };
}
