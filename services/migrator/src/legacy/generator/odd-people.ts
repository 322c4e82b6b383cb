import type { LegacyAgencyUser, LegacyUser } from "../legacy-rows.ts";
import { firstDay, lastDay, later } from "./calendar.ts";
import type { NewRow } from "./insert-rows.ts";
import { domainOf, emailOf, personName } from "./names.ts";
import type { OddBook } from "./odd-book.ts";
import { passwordHash } from "./passwords.ts";
import { facilityRow } from "./plain-places.ts";
import { userRow } from "./plain-people.ts";

/** Row numbers from here on are of names that plain rows do not use. */
const apart = 5_000;

/** A time so late that no plain hospital was registered then. */
function calmTime(index: number): Date {
  return later(firstDay, 50_000 + index * 9);
}

/** Somebody in table User about whom nothing is known, but for `over`. */
export function addUser(book: OddBook, kind: string, over: Partial<NewRow<LegacyUser>> = {}): NewRow<LegacyUser> {
  const index = apart + book.number();
  const email = emailOf(index, domainOf("center", index));
  const user = userRow({ id: book.id("User"), email, createdAt: calmTime(index), ...over }, index);
  book.rows.User.push(user);
  book.mark(kind, user.id);
  book.person(kind, user.email);
  return user;
}

/** Somebody of the first agency, but for `over`. */
export function addAgencyUser(
  book: OddBook,
  kind: string,
  over: Partial<NewRow<LegacyAgencyUser>> = {},
): NewRow<LegacyAgencyUser> {
  const index = apart + book.number();
  const row: NewRow<LegacyAgencyUser> = {
    id: book.id("AgencyUser"),
    agencyId: book.plain("TransportAgency", 0),
    email: emailOf(index, domainOf("ems", 0)),
    password: passwordHash(index),
    name: personName(index),
    role: "STAFF",
    phone: null,
    isActive: true,
    lastLogin: null,
    createdAt: calmTime(index),
    updatedAt: later(lastDay, -index),
    ...over,
  };
  book.rows.AgencyUser.push(row);
  book.mark(kind, row.id);
  book.person(kind, row.email);
  return row;
}

/** People in doubt, people twice, and people who cannot be moved (R-ROLE, R-HOSPUSER, R-AGENCYUSER, R-EMAIL). */
export function addOddPeople(book: OddBook): void {
  addUser(book, "ADMIN_WITHOUT_EVIDENCE", { role: "ADMIN" });
  addUser(book, "COORDINATOR_WITHOUT_EVIDENCE");
  addUser(book, "BILLING_STAFF_WITHOUT_EVIDENCE", { role: "BILLING_STAFF" });
  addUser(book, "NAMELESS", { name: null });
  addUser(book, "BLANK_NAME", { name: "  " });
  addUser(book, "SWITCHED_OFF", { isActive: false });
  addUser(book, "NO_ADDRESS", { email: "root" });
  addUser(book, "SPACES_AROUND_ADDRESS", { email: "  Wanda.Wide@Medport-Center.example " });
  addUser(book, "FOREIGN_HASH", { password: "$2y$10$abcdefghijklmnopqrstuuW8w3cT4lq0m1Yk7vQ9e2n5r8t1u4x7z" });
  addUser(book, "PLAIN_PASSWORD", { password: "changeme" });
  addUser(book, "HANDMADE_ID", { id: "user_demo-1" });
  addUser(book, "NO_EMAIL", { email: "   " });
  book.quarantine("User", book.rows.User.at(-1)?.id ?? "", "EMAIL_BLANK");
  addRegistrants(book);
  addTwins(book);
  addAgencyPeople(book);
}

/** People whose account came about when a hospital did. */
function addRegistrants(book: OddBook): void {
  for (const [kind, seconds] of [
    ["REGISTERED_JUST_IN_TIME", 10],
    ["REGISTERED_TOO_LATE", 10.001],
  ] as const) {
    const index = apart + book.number();
    const createdAt = calmTime(index);
    const name = `${domainOf("hospital", index).split("-")[0] ?? ""} Valley Hospital`;
    const hospital = facilityRow({ id: book.id("Facility"), name, type: "HOSPITAL", createdAt }, index);
    book.rows.Facility.push(hospital);
    addUser(book, kind, { createdAt: later(createdAt, seconds / 60) });
  }
  const twin = facilityRow({ id: book.id("Facility"), type: "HOSPITAL", createdAt: calmTime(8_000) }, apart);
  const email = `Office@${domainOf("hospital", 8_000)}`;
  const other = facilityRow({ ...twin, id: book.id("Facility"), createdAt: calmTime(8_001) }, apart);
  book.rows.Facility.push({ ...twin, email }, { ...other, email: email.toLowerCase() });
  addUser(book, "ADDRESS_OF_TWO_HOSPITALS", { email: email.toUpperCase() });
}

/** People with the same address but for case. */
function addTwins(book: OddBook): void {
  const [early, late] = [later(lastDay, -900), later(lastDay, -100)];
  addUser(book, "TWIN_THAT_STAYS", { email: "Toni.Twin@medport-center.example", updatedAt: late });
  const twin = addUser(book, "TWIN_THAT_WAITS", { email: "toni.twin@medport-center.example", updatedAt: early });
  book.quarantine("User", twin.id, "EMAIL_TAKEN");
  const email = "crew.phone@shared-radio.example";
  addAgencyUser(book, "AGENCY_TWIN_THAT_STAYS", { email, lastLogin: late });
  const agencyTwin = addAgencyUser(book, "AGENCY_TWIN_THAT_WAITS", { email: email.toUpperCase(), lastLogin: early });
  book.quarantine("AgencyUser", agencyTwin.id, "EMAIL_TAKEN");
  const user = addUser(book, "USER_WITH_AGENCY_RIVAL", { email: "Paula.Place@medport-center.example" });
  const rival = addAgencyUser(book, "RIVAL_OF_USER", { email: user.email.toLowerCase() });
  book.quarantine("AgencyUser", rival.id, "EMAIL_OF_USER");
  const sameId = addAgencyUser(book, "ID_OF_USER", { id: addUser(book, "USER_WITH_ID_RIVAL").id });
  book.quarantine("AgencyUser", sameId.id, "ID_TAKEN");
}

/** People of agencies in table User. */
function addAgencyPeople(book: OddBook): void {
  const role = "TRANSPORT_AGENCY";
  const own = addAgencyUser(book, "AGENCY_USER_IN_BOTH", { role: "ADMIN" });
  addUser(book, "USER_IN_BOTH", { role, email: ` ${own.email.toUpperCase()}` });
  addUser(book, "AGENCY_USER_OF_NOBODY", { role, email: "rescue.rita@gmail.com" });
  addUser(book, "AGENCY_USER_OF_TWO", { role, email: "otto@two-agencies.example" });
  addAgencyUser(book, "AGENCY_USER_SWITCHED_OFF", { isActive: false });
  addAgencyUser(book, "AGENCY_USER_BLANK_NAME", { name: " " });
}
