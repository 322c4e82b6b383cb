import { readFile, readdir } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import type { DescMethod, DescService, Message } from "@bufbuild/protobuf";
import { startTestMesh, type TestMesh } from "../mesh/mesh.builder.ts";
import { Silos } from "../model/silos.ts";
import { breakDatabases } from "./broken-databases.ts";
import { filledRequest, requestWithOnly, textPaths } from "./filler.ts";
import { handlingOf, handlings } from "./handling.ts";
import { assignedTrip, furnish, liveTrips, type Scene, type Traces, waitingTrip } from "./life.ts";
import { searchDatabases, searchErrors, searchLog, searchServerLog, searchStreams } from "./places.ts";
import { findServices, textFieldsOf } from "./request-fields.ts";
import { breaches } from "./rules.ts";
import { FacilityService } from "#gen/medport/hospital/v1/facility_service_pb.ts";
import { type Caller, type Person, Witness } from "./witness.ts";

// A word that means nothing is sent in every text of every request, and looked for everywhere afterwards. Where it is
// found, other people's texts would be found, too.

let mesh: TestMesh;
let scene: Scene;
let silos: Silos;
let services: readonly DescService[];
const parts = new AsyncDisposableStack();

beforeAll(async () => {
  services = await findServices();
  mesh = parts.use(await startTestMesh());
  silos = parts.use(Silos.open(mesh.databases));
  scene = await openScene(parts.use(new Witness(mesh.addresses)));
}, 120_000);
afterAll(() => parts.disposeAsync());

async function openScene(witness: Witness): Promise<Scene> {
  const person = (organization: string): Promise<Person> => {
    const account = mesh.accounts.find((candidate) => candidate.organization === organization);
    if (!account) throw new Error(`the sample region has nobody of ${organization}`);
    return witness.logIn(account.email, account.password);
  };
  const hospital = await person("UPMC Altoona");
  const { facilities } = await hospital.of(FacilityService).listFacilities({ pageSize: 500 });
  const inBlair = facilities.filter(({ county }) => county === "Blair");
  const [agency, otherAgency] = [await person("Blair Valley EMS"), await person("Juniata Ridge Ambulance")];
  return {
    ...{ witness, hospital, agency, otherAgency, center: await person("Center") },
    originId: inBlair.find(({ hospitalId }) => hospitalId === hospital.user.organizationId)?.id ?? "",
    destinationId: inBlair.find(({ type }) => type === "REHAB_FACILITY")?.id ?? "",
  };
}

describe("every text that somebody can send", () => {
  it("has been thought of", () => {
    const fields = textFieldsOf(services.flatMap(({ methods }) => methods));
    const forgotten = fields.filter(({ name, takesSentences }) => takesSentences && !handlingOf(name));
    expect(forgotten).toEqual([]);
    const names = new Set(fields.filter(({ takesSentences }) => takesSentences).map(({ name }) => name));
    expect([...handlings.keys()].filter((name) => !names.has(name))).toEqual([]);
  });

  it("is kept in one silo, if the contract calls it free text", async () => {
    const free = await fieldsCalledFreeText();
    expect(free.length).toBeGreaterThan(8);
    const sent = free.filter((name) => handlings.has(name));
    expect(sent.length).toBeGreaterThan(5);
    expect(sent.filter((name) => handlingOf(name)?.kind !== "stays")).toEqual([]);
  });
});

describe("what people write", () => {
  const outcomes: Outcome[] = [];
  const atOnce = 8;

  it("is nowhere but where it belongs, after whole lives of trips, refusals and failures", async () => {
    const furniture = await furnish(scene);
    const over = await liveTrips(scene);
    const [waiting, assigned] = [await waitingTrip(scene), await assignedTrip(scene)];
    await silos.settle(new Date());
    {
      await using broken = await breakDatabases(mesh.databases);
      for (const ids of [waiting, assigned]) await everybodyAsksForEverything({ ...furniture, ...ids });
      await broken.mend();
    }
    for (const ids of [over, waiting, assigned]) await everybodyAsksForEverything({ ...furniture, ...ids });
    await everybodyAsksForEverything({});
    await wordsInWrongPlaces();
    await silos.settle(new Date());

    const { words, errors } = scene.witness;
    const finds = [
      ...(await searchDatabases(mesh, words.pattern)),
      ...(await searchStreams(mesh, words.pattern)),
      ...searchLog(mesh, words.pattern),
      ...(await searchServerLog(mesh, words.pattern)),
      ...searchErrors(errors, words.pattern),
    ];
    expect(breaches(words, finds)).toEqual([]);

    // What was not sent, or was not taken anywhere, or failed in no way, would prove nothing.
    const taken = new Set(words.all().flatMap(({ field, outcome }) => (outcome === "taken" ? [field] : [])));
    const mustBeTaken = [...handlings].filter(([, { kind }]) => kind !== "is never taken").map(([field]) => field);
    expect(mustBeTaken.filter((field) => !taken.has(field))).toEqual([]);
    const kept = new Set(finds.map(({ found }) => words.suspicionOf(found).what));
    const mustBeKept = [...handlings].filter(([, { kind }]) => kind === "stays" || kind === "travels");
    expect(mustBeKept.filter(([field]) => !kept.has(`what was sent in ${field}`)).map(([field]) => field)).toEqual([]);
    expect(kept).toContain("a patient's pseudonym");
    for (const reason of ["VALIDATION_FAILED", "METHOD_NOT_ALLOWED", "RESOURCE_NOT_FOUND", "INTERNAL"]) {
      expect(outcomes.map(({ said }) => said)).toContain(reason);
    }
  }, 300_000);

  interface Outcome {
    readonly method: string;
    readonly said: string;
  }

  /** Calls every method in everybody's name, with something in every field. */
  async function everybodyAsksForEverything(traces: Traces): Promise<void> {
    const places = { origin_facility_id: scene.originId, destination_facility_id: scene.destinationId };
    const ids: Traces = { ...traces, ...places, key: "consent.window_minutes", value: "5", category: "" };
    const own = { hospital_id: "", agency_id: "", organization_id: "" };
    const people = [
      [scene.hospital, { ...ids, hospital_id: "", organization_id: "" }],
      [scene.agency, { ...ids, ...own, hospital_id: ids["hospital_id"] ?? "" }],
      [scene.otherAgency, { ...ids, ...own }],
      [scene.center, { ...ids, organization_id: ids["hospital_id"] ?? "" }],
    ] as const;
    for (const method of services.flatMap(({ methods }) => methods)) {
      if (isKeptAlone(method)) continue;
      for (const [person, known] of people) await call(person, method, filledRequest(method.input, known));
    }
  }

  /** Calls every method with a word in one field at a time, also where no words belong. */
  async function wordsInWrongPlaces(): Promise<void> {
    const all = services.flatMap(({ methods }) => methods);
    const misplaced = all.flatMap((method) =>
      textPaths(method.input).map((path) => [method, requestWithOnly(method.input, path)] as const),
    );
    for (const { careless } of [scene.hospital, scene.agency, scene.center]) {
      for (let from = 0; from < misplaced.length; from += atOnce) {
        await Promise.all(
          misplaced.slice(from, from + atOnce).map(([method, request]) => call(careless, method, request)),
        );
      }
    }
  }

  async function call(person: Caller, method: DescMethod, request: Message): Promise<void> {
    const said = await scene.witness.call(person, method, request);
    outcomes.push({ method: `${method.parent.typeName}/${method.name}`, said });
  }
});

/** Calls that would end the sessions, or the organizations, in whose name the others are made. */
function isKeptAlone({ name, parent }: DescMethod): boolean {
  return parent.name === "AuthService" && name !== "Login";
}

/** Fields of requests above which the contract says that they are free text. */
async function fieldsCalledFreeText(): Promise<readonly string[]> {
  const folder = new URL("../../proto/medport/", import.meta.url);
  const files = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith(".proto"));
  const found = await Promise.all(
    files.map(async (file) => {
      const text = await readFile(new URL(file, folder), "utf8");
      const name = /^package medport\.([a-z0-9.]+);$/m.exec(text)?.[1] ?? "";
      return text.split(/^message /m).flatMap((message) => {
        const fields = message.matchAll(/\/\/ Free text[^\n]*\n(?: *\/\/[^\n]*\n)* *(?:repeated )?string (\w+) = /g);
        return [...fields].map(([, field]) => `${name}.${/^\w+/.exec(message)?.[0]}.${field}`);
      });
    }),
  );
  return found.flat();
}
