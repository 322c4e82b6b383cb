import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { createUnitOfWork, type UnitOfWork } from "#platform/database/unit-of-work.ts";
import { newId } from "#platform/id.ts";
import { reasonOf } from "#platform/rpc/refusal.ts";
import { type CenterDatabase, openCenterDatabase } from "../center.builder.ts";
import { createPasswordHasher, type PasswordHasher } from "../passwords/password.hasher.ts";
import { createAccount, goodPassword } from "./account.builder.ts";
import {
  addFirstAdmin,
  checkPerson,
  type CheckedPerson,
  type DescribedPerson,
  releaseEmail,
  reserveEmail,
} from "./account.creation.ts";
import { findUser } from "./user.store.ts";
import type { UserId } from "./user.ts";

let silo: CenterDatabase;
let hasher: PasswordHasher;
let unitOfWork: UnitOfWork;

beforeAll(async () => {
  silo = await openCenterDatabase("center account creation");
  hasher = await createPasswordHasher({ cost: 4 });
  unitOfWork = createUnitOfWork({ database: silo.database, service: "center", clock: () => new Date(), newId });
});
afterAll(async () => silo[Symbol.asyncDispose]());

async function refusalOf(call: Promise<unknown>): Promise<string | undefined> {
  return call.then(
    () => "answered",
    (error: unknown) => reasonOf(error),
  );
}

function described(over: Partial<DescribedPerson> = {}): DescribedPerson {
  return {
    email: ` ${newId()}@Altoona.Example `,
    name: " Ada Admin ",
    password: goodPassword,
    mustChangePassword: true,
    ...over,
  };
}

const reserve = (email: string, holder: string) =>
  silo.database.transaction((tx) => reserveEmail(tx, email, holder, new Date()));
const release = (holder: string) => silo.database.transaction((tx) => releaseEmail(tx, holder));
const addAdmin = (person: CheckedPerson, reservedBy?: string) =>
  unitOfWork.system("test.add-admin", (work) =>
    addFirstAdmin(
      work,
      { person, membership: { userType: "CENTER" }, id: newId() as UserId },
      reservedBy === undefined ? {} : { reservedBy },
    ),
  );

describe("checking a person", () => {
  it("trims, takes the address in lower case, and keeps a hash in the password's place", async () => {
    const person = described();
    const checked = await checkPerson(person, hasher);
    expect(checked).toEqual({
      email: person.email.trim().toLowerCase(),
      name: "Ada Admin",
      passwordHash: expect.stringMatching(/^\$2b\$/),
      mustChangePassword: true,
    });
  });

  it.each([
    ["a blank name", "admin.name", { name: " " }],
    ["a short password", "admin.password", { password: "only 14 chars!" }],
    [
      "the own address for a password",
      "admin.password",
      { email: "someone.long@x.example", password: "Someone.Long@x.example" },
    ],
  ])("refuses %s and names %s", async (_what, field, over) => {
    const call = checkPerson(described(over), hasher, "admin.");
    await expect(call).rejects.toMatchObject({ rawMessage: expect.stringContaining(field) });
    expect(await refusalOf(call)).toBe("VALIDATION_FAILED");
  });
});

describe("a reserved e-mail address", () => {
  it("goes to its holder's account alone, and is reserved no more afterwards", async () => {
    const person = await checkPerson(described(), hasher);
    const holder = newId();
    await reserve(person.email, holder);
    expect(await refusalOf(addAdmin(person))).toBe("RESOURCE_EXISTS");
    expect(await refusalOf(addAdmin(person, newId()))).toBe("RESOURCE_EXISTS");
    expect(await refusalOf(reserve(person.email, newId()))).toBe("RESOURCE_EXISTS");
    const { id } = await addAdmin(person, holder);
    expect(await findUser(silo.database.fork(), id)).toMatchObject({
      email: person.email,
      roles: ["orgAdmin"],
      mustChangePassword: true,
    });
    expect(await refusalOf(reserve(person.email, holder))).toBe("RESOURCE_EXISTS");
    expect(await refusalOf(reserve(`${newId()}@altoona.example`, holder))).toBe("answered");
  });

  it("may be asked for again by its holder", async () => {
    const [email, holder] = [`${newId()}@altoona.example`, newId()];
    await reserve(email, holder);
    expect(await refusalOf(reserve(email, holder))).toBe("answered");
  });

  it("is free again when its holder gives it back", async () => {
    const [email, holder] = [`${newId()}@altoona.example`, newId()];
    await reserve(email, holder);
    await release(holder);
    await release(holder);
    expect(await refusalOf(reserve(email, newId()))).toBe("answered");
  });

  it("cannot be one that an account has", async () => {
    const { email } = await createAccount(silo.database);
    expect(await refusalOf(reserve(email, newId()))).toBe("RESOURCE_EXISTS");
  });

  it("goes to one of many who want it at once, for an account or for later", async () => {
    const person = await checkPerson(described(), hasher);
    const answers = await Promise.all([
      refusalOf(reserve(person.email, newId())),
      refusalOf(addAdmin(person)),
      refusalOf(reserve(person.email, newId())),
      refusalOf(addAdmin(person)),
    ]);
    expect(answers.toSorted()).toEqual(["RESOURCE_EXISTS", "RESOURCE_EXISTS", "RESOURCE_EXISTS", "answered"]);
  });
});
