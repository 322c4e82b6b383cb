import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { z } from "zod";
import { projectRoot } from "../../services/cli/src/project-root.ts";
import { aFreshCopy, type FreshCopy, readmeBlocks } from "./fresh-copy.builder.ts";

const status = z.object({
  services: z.array(z.object({ name: z.string(), address: z.string(), status: z.string() })),
  databases: z.array(z.object({ name: z.string(), ok: z.boolean() })),
  broker: z.object({ ok: z.boolean() }),
});
const login = z.object({ session: z.object({ accessToken: z.string() }) });
const region = z.object({
  accounts: z.array(z.object({ email: z.string(), password: z.string(), userType: z.string() })),
});

describe("the README", () => {
  let copy: FreshCopy;
  let addresses: Readonly<Record<string, string>> = {};
  let account = { email: "", password: "" };
  let token = "";

  beforeAll(async () => {
    copy = await aFreshCopy();
    // `npm start` without its terminal: the same command, left running in the background.
    const started = await copy.run("npm", "start", "--", "--detach");
    if (started.code !== 0) throw new Error(`npm start ended with ${started.code}: ${started.stderr}`);
    const asked = await copy.run("npx", "medport", "status", "--json");
    const { services } = status.parse(JSON.parse(asked.stdout));
    addresses = Object.fromEntries(services.map(({ name, address }) => [name, address]));
    const text = await readFile(join(copy.root, ".medport/secrets/sample-region.json"), "utf8");
    const coordinator = region.parse(JSON.parse(text)).accounts.find(({ userType }) => userType === "HOSPITAL");
    account = coordinator ?? account;
    token = await logIn();
  }, 180_000);
  afterAll(async () => {
    await copy[Symbol.asyncDispose]();
  }, 60_000);

  it("names two commands, and the second is what continuous integration runs", async () => {
    const commands = (await readmeBlocks("sh")).map((block) => block.trim());
    expect(commands).toContain("npm start");
    expect(commands).toContain("npm test");
    expect(await readFile(join(projectRoot, ".ci/run"), "utf8")).toMatch(/\bnpm test\b/);
  });

  it("promises a healthy mesh after npm start", async () => {
    const asked = await copy.run("npx", "medport", "status", "--json");
    const answer = status.parse(JSON.parse(asked.stdout));
    expect(asked.code).toBe(0);
    expect(answer.services.map((service) => service.status)).toEqual(["SERVING", "SERVING", "SERVING"]);
    expect(answer.databases.every(({ ok }) => ok)).toBe(true);
    expect(answer.broker.ok).toBe(true);
  });

  it("promises a trip that comes to its end", async () => {
    expect((await readmeBlocks("sh")).join("\n")).toContain("npx medport demo");
    const played = await copy.run("npx", "medport", "demo", "--json");
    expect(played).toMatchObject({ code: 0 });
    expect(JSON.parse(played.stdout)).toMatchObject({ ok: true, trip: { status: "COMPLETED" } });
  }, 120_000);

  it("promises a plan for every column of an old database", async () => {
    expect((await readmeBlocks("sh")).join("\n")).toContain("npx medport migrate plan");
    const told = await copy.run("npx", "medport", "migrate", "plan", "--json");
    expect(told).toMatchObject({ code: 0 });
    const { tables } = z
      .object({ tables: z.array(z.object({ columns: z.array(z.unknown()) })) })
      .parse(JSON.parse(told.stdout));
    // Three of them join two others by two columns each.
    expect([tables.length, tables.flatMap(({ columns }) => columns).length]).toEqual([38 + 3, 520 + 6]);
  });

  it("promises a doctor who finds nothing wrong", async () => {
    const examined = await copy.run("npx", "medport", "doctor");
    expect(examined.stdout).not.toContain("PROBLEM");
    expect(examined.code).toBe(0);
  });

  it("shows calls for grpcurl that a client with reflection alone can make", async () => {
    const calls = (await callsOf("grpcurl")).map(asBufCurl);
    expect(calls.length).toBeGreaterThanOrEqual(3);
    for (const call of calls) {
      const answer = await copy.run("npx", ...call);
      expect({ call, ...answer }).toMatchObject({ code: 0 });
    }
  }, 60_000);

  it("shows calls for curl that answer", async () => {
    const calls = await callsOf("curl");
    expect(calls.length).toBeGreaterThanOrEqual(1);
    for (const call of calls) {
      const { url, headers, body } = requestOfCurl(call);
      const response = await fetch(url, { method: "POST", headers, body });
      expect({ call, status: response.status }).toEqual({ call, status: 200 });
    }
  });

  it("shows programs that run", async () => {
    const programs = await readmeBlocks("ts");
    expect(programs.length).toBe(2);
    for (const [index, program] of programs.entries()) {
      const given = `const token = ${JSON.stringify(token)}; const { email, password } = ${JSON.stringify(account)}; void token; void email; void password;`;
      const file = join(copy.root, `readme-${index}.ts`);
      // A program of the README ends when the reader's does; this one ends when it has done what is shown.
      await writeFile(
        file,
        `${withAddresses(program)}\n${given}`.replace(
          /^((?:import[^\n]*\n)+)(.*)\n(const token = .*)$/s,
          "$1$3\n$2\nprocess.exit(0);\n",
        ),
      );
      const ran = await copy.run("node", file);
      expect({ program, ...ran }).toMatchObject({ code: 0 });
    }
  });

  async function logIn(): Promise<string> {
    const response = await fetch(`http://${addresses["center"]}/medport.center.v1.AuthService/Login`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(account),
    });
    return login.parse(await response.json()).session.accessToken;
  }

  /** The README's calls of a program, with what is real here in the place of what it leaves open. */
  async function callsOf(program: string): Promise<readonly string[]> {
    const lines = (await readmeBlocks("sh")).flatMap((block) => block.split("\n"));
    const { email, password } = account;
    return lines
      .filter((line) => line.startsWith(`${program} `))
      .map((line) => withAddresses(line).replace("EMAIL", email).replace("PASSWORD", password).replace("TOKEN", token));
  }

  function withAddresses(text: string): string {
    return text
      .replaceAll("localhost:50051", addresses["hospital"] ?? "")
      .replaceAll("localhost:50052", addresses["ems"] ?? "")
      .replaceAll("localhost:50053", addresses["center"] ?? "");
  }
});

/** A line of a shell, taken apart at its blanks; what stands in single quotes is one word. */
function wordsOf(line: string): readonly string[] {
  return [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? "");
}

/** The same call for `buf curl`, another client that knows nothing but what reflection tells it. */
function asBufCurl(line: string): readonly string[] {
  const [, ...words] = wordsOf(line);
  const at = words.findIndex((word) => /^[\d.]+:\d+$/.test(word));
  const options = words.slice(0, at).filter((word) => word !== "-plaintext");
  const [address = "", target = ""] = words.slice(at);
  const common = ["buf", "curl", "--protocol", "grpc", "--http2-prior-knowledge"];
  if (target === "list") return [...common, "--list-methods", `http://${address}`];
  return [...common, ...options, `http://${address}/${target}`];
}

function requestOfCurl(line: string): {
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly body: string;
} {
  const words = wordsOf(line);
  const after = (flag: string): readonly string[] =>
    words.flatMap((word, index) => (word === flag ? [words[index + 1] ?? ""] : []));
  const headers = Object.fromEntries(
    after("-H").map((header) => {
      const [name = "", value = ""] = header.split(/:\s*/);
      return [name, value];
    }),
  );
  return { url: words.find((word) => word.startsWith("http://")) ?? "", headers, body: after("-d")[0] ?? "" };
}
