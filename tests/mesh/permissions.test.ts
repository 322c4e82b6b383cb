import type { DescMethod } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { Decision } from "#gen/medport/audit/v1/audit_entry_pb.ts";
import { Role, UserType } from "#gen/medport/policy/v1/principal_pb.ts";
import type { Caller } from "#platform/auth/caller.ts";
import { userTypeFromProto } from "#platform/auth/principal.ts";
import { aCallingUser } from "#platform/database/handler-context.builder.ts";
import { newId } from "#platform/id.ts";
import { assertAuthorized } from "#platform/rpc/authorization.ts";
import { type ServiceName, serviceNames } from "#platform/service-name.ts";
import { firstAdminEmail } from "../../services/cli/src/sample/accounts.ts";
import type { MeshOfUser } from "../../services/client/connect-mesh.ts";
import { type ForeignRecords, openFields, type StrangersCall, strangersCalls } from "./foreign-records.table.ts";
import { arrangeForeignRecords } from "./foreign-records.builder.ts";
import { startTestMesh, type TestMesh } from "./mesh.builder.ts";
import { doors, type Row, type ServiceDoor } from "./permissions.table.ts";
import { type Door, everyDoor, idFieldsOf, type Learned, type RawCalls, rawCalls } from "./raw-calls.builder.ts";

const password = "seven violet otters";
const hospitalName = "Mount Nittany Medical Center";
/** It serves none of the counties where the foreign records are. */
const agencyName = "Elk Timber Ambulance";

const kinds = { hospital: UserType.HOSPITAL, ems: UserType.EMS, center: UserType.CENTER } as const;
type Kind = keyof typeof kinds;
const kindNames = ["hospital", "ems", "center"] as const satisfies readonly Kind[];
const roles = { v: Role.VIEWER, b: Role.BILLING, d: Role.DISPATCHER, a: Role.ORG_ADMIN } as const;
const letters = ["v", "b", "d", "a"] as const satisfies readonly (keyof typeof roles)[];

let test: TestMesh;
let raw: RawCalls;
let overseer: MeshOfUser;
let all: readonly Door[];
let records: ForeignRecords;
const emails = new Map<string, string>();

beforeAll(async () => {
  test = await startTestMesh();
  raw = rawCalls(test.addresses);
  overseer = await logIn(firstAdminEmail);
  all = await everyDoor();
  const organizations = {
    hospital: await organizationOf(hospitalName),
    ems: await organizationOf(agencyName),
    center: "",
  } as const;
  for (const kind of kindNames) {
    for (const letter of letters) emails.set(kind + letter, await person(kind, organizations[kind], roles[letter]));
  }
  records = await arrangeForeignRecords({ overseer, logInTo: async (name) => logIn(emailOf(name)) });
}, 60_000);
afterAll(async () => {
  raw[Symbol.dispose]();
  await test[Symbol.asyncDispose]();
});

function emailOf(organization: string): string {
  const account = test.accounts.find((candidate) => candidate.organization === organization);
  if (!account) throw new Error(`the sample region has nobody of ${organization}`);
  return account.email;
}

function logIn(email: string): Promise<MeshOfUser> {
  const account = test.accounts.find((candidate) => candidate.email === email);
  return test.mesh.login(email, account?.password ?? password);
}

async function organizationOf(name: string): Promise<string> {
  return (await logIn(emailOf(name))).user.organizationId;
}

async function person(kind: Kind, organizationId: string, role: Role): Promise<string> {
  const email = `${newId()}@people.example`;
  await overseer.center.users.createUser({
    ...{ email, password, organizationId, name: "Pat Person", userType: kinds[kind], roles: [role] },
  });
  return email;
}

async function tokenOf(kind: Kind, letter: keyof typeof roles): Promise<string> {
  const email = emails.get(kind + letter) ?? "";
  const { session } = await test.mesh.center.auth.login({ email, password });
  return session?.accessToken ?? "";
}

/** The reasons that come from the door itself; all others come from behind it. */
const shut: readonly string[] = ["METHOD_NOT_ALLOWED", "TOKEN_MISSING"];

async function knock({ method, silos }: Door, token: string | undefined): Promise<string> {
  const learned = await Promise.all(silos.map((silo) => raw.call(silo, method, {}, token)));
  const [outcome = "", ...others] = new Set(learned.map(({ reason }) => (shut.includes(reason) ? reason : "open")));
  if (others.length > 0) throw new Error(`${method.name} is open in one silo and shut in another`);
  return outcome;
}

/** Which of these roles get past the doors: a row of the table, as it is in fact. */
async function openTo(kind: Kind, doorsInOrder: readonly Door[]): Promise<ReadonlyMap<string, string>> {
  const open = new Map(doorsInOrder.map(({ name }) => [name, ""]));
  for (const letter of letters) {
    const token = await tokenOf(kind, letter);
    for (const door of doorsInOrder) {
      const outcome = await knock(door, token);
      if (outcome === "open") open.set(door.name, (open.get(door.name) ?? "") + letter);
      else expect([door.name, outcome]).toEqual([door.name, "METHOD_NOT_ALLOWED"]);
    }
  }
  return open;
}

function rowOf(name: string): Row {
  const door = doors[name];
  if (door === "public") return ["vbda", "vbda", "vbda"];
  return door === undefined || "services" in door ? ["", "", ""] : door;
}

/** What the policy says of services, tried without the wire: a test has no service's key. */
function serviceDoorOf(method: DescMethod): ServiceDoor {
  const people = (kind: Kind, letter: keyof typeof roleNames) =>
    aCallingUser({ userType: userTypeFromProto(kinds[kind]) ?? "CENTER", roles: [roleNames[letter]] });
  const isOpen = (caller: Caller): boolean => {
    try {
      assertAuthorized(method, caller);
      return true;
    } catch {
      // A refusal is the other answer to the question.
      return false;
    }
  };
  const isOpenFor = (service: ServiceName): boolean =>
    kindNames.some((kind) => letters.some((letter) => isOpen({ service, user: people(kind, letter) })));
  const services = serviceNames.filter(isOpenFor);
  const [service] = services;
  const column = (kind: Kind): string =>
    letters.filter((letter) => service && isOpen({ service, user: people(kind, letter) })).join("");
  const alone = serviceNames.filter((name) => isOpen({ service: name }));
  expect(alone).toEqual(alone.length === 0 ? [] : services);
  return { services, alone: alone.length > 0, row: [column("hospital"), column("ems"), column("center")] };
}

const roleNames = { v: "viewer", b: "billing", d: "dispatcher", a: "orgAdmin" } as const;

describe("the doors of the mesh", () => {
  it("are all in the table, and no others", () => {
    expect(all.map(({ name }) => name).toSorted()).toEqual(Object.keys(doors).toSorted());
  });

  it("open to those whom the table names", async () => {
    // Last, because it ends the session that knocks.
    const isLogout = ({ name }: Door) => name.endsWith("/Logout");
    const inOrder = [...all.filter((door) => !isLogout(door)), ...all.filter(isLogout)];
    const open = await Promise.all(kindNames.map((kind) => openTo(kind, inOrder)));
    const table = inOrder.map(({ name }) => [name, open.map((column) => column.get(name))]);
    expect(table).toEqual(inOrder.map(({ name }) => [name, rowOf(name)]));
  }, 60_000);

  it("stay shut to nobody in particular, but for the public ones", async () => {
    const outcomes = await Promise.all(all.map(async (door) => [door.name, await knock(door, undefined)]));
    const expected = all.map(({ name }) => [name, doors[name] === "public" ? "open" : "TOKEN_MISSING"]);
    expect(outcomes).toEqual(expected);
  });

  it("that are for services open to those alone, and to the people behind them whom the table names", () => {
    const serviceDoors = Object.entries(doors).filter(([, door]) => typeof door === "object" && "services" in door);
    const found = serviceDoors.map(([name]) => {
      const door = all.find((candidate) => candidate.name === name);
      return [name, door && serviceDoorOf(door.method)];
    });
    expect(found).toEqual(serviceDoors);
  });

  it("leave an entry in the audit log when they stay shut", async () => {
    const token = await tokenOf("hospital", "v");
    const shutToViewers = all.filter(({ name }) => !rowOf(name)[0].includes("v"));
    for (const door of shutToViewers) await knock(door, token);
    const email = emails.get("hospitalv") ?? "";
    const { user } = await test.mesh.login(email, password);
    const filter = { userId: user.id };
    const denied = new Set<string>();
    for (let pageToken = ""; ; ) {
      const page = await overseer.center.audit.listAuditEntries({ filter, pageSize: 500, pageToken });
      for (const { action, reason } of page.entries) if (reason === "METHOD_NOT_ALLOWED") denied.add(action);
      pageToken = page.nextPageToken;
      if (pageToken === "") break;
    }
    expect([...denied].toSorted()).toEqual(shutToViewers.map(({ name }) => `medport.${name}`).toSorted());
  });
});

describe("a record of another organization", () => {
  it("is asked for in every field that names a record, or the field says why that tells nothing", () => {
    const named = all.flatMap((door) => idFieldsOf(door.method).map((field) => `${door.name} ${field}`));
    const tried = strangersCalls(records).map(({ door, field }) => `${door} ${field}`);
    const looked = new Set([...tried, ...Object.keys(openFields)]);
    expect(named.filter((field) => !looked.has(field))).toEqual([]);
    expect([...looked].filter((field) => !named.includes(field))).toEqual([]);
  });

  describe("when a stranger asks for it", () => {
    let asked: readonly Asked[];

    beforeAll(async () => {
      const tokens = { hospital: await tokenOf("hospital", "a"), ems: await tokenOf("ems", "a") } as const;
      const done: Asked[] = [];
      // One after another: at once they would wait for each other at the same few rows.
      for (const call of strangersCalls(records)) {
        const token = tokens[call.by];
        done.push({ call, real: await ask(call, call.foreign, token), missing: await ask(call, newId(), token) });
      }
      asked = done;
    }, 60_000);

    it("cannot be told from one that does not exist", () => {
      expect(asked.map(({ call, missing }) => [nameOf(call), missing])).toEqual(
        asked.map(({ call, real }) => [nameOf(call), real]),
      );
    });

    it("is not there, or nothing is found by it", () => {
      expect(asked.map(({ call, real }) => [nameOf(call), real.reason])).toEqual(
        asked.map(({ call }) => [nameOf(call), call.answer ?? "RESOURCE_NOT_FOUND"]),
      );
    });

    it("is named by an entry in the audit log", async () => {
      const refused = asked.filter(({ call }) => call.answer === undefined && !call.isFree);
      const found = await Promise.all(
        refused.map(async ({ call: { door, foreign } }) => {
          const filter = { entityId: foreign, action: `medport.${door}`, decision: Decision.DENIED };
          return (await overseer.center.audit.listAuditEntries({ filter, pageSize: 1 })).entries.length;
        }),
      );
      expect(refused.filter((_, index) => found[index] === 0).map(({ call }) => nameOf(call))).toEqual([]);
    });
  });
});

/** What a stranger learned. */
interface Asked {
  readonly call: StrangersCall;
  readonly real: Learned;
  readonly missing: Learned;
}

function nameOf({ door, field, by }: StrangersCall): string {
  return `${door} ${field} by ${by}`;
}

async function ask({ door: name, request }: StrangersCall, id: string, token: string): Promise<Learned> {
  const door = all.find((candidate) => candidate.name === name);
  const [silo] = door?.silos ?? [];
  if (!door || !silo) throw new Error(`there is no ${name}`);
  const { reason, message, details } = await raw.call(silo, door.method, request(id), token);
  return { reason, message: message.replaceAll(id, "ID"), details: comparable(details, id) };
}

/** Without the id, and without what differs from one call to the next anyway. */
function comparable(details: string, id: string): string {
  return details.replaceAll(id, "ID").replaceAll(/"(asOfTime|cursor|nextPageToken)":"[^"]*"/g, '"$1":""');
}
