import { afterAll, beforeAll, beforeEach, describe, expect, it } from "@jest/globals";
import { openSiloDatabase, type SiloDatabase } from "#platform/database/database.builder.ts";
import { reasonOf } from "#platform/rpc/refusal.ts";
import { eventually } from "#platform/testing/eventually.ts";
import { generatePrivateJwk, type PublicJwk, publicJwkFrom } from "./jwk.ts";
import { createPublishedKeys, type PublishedKeys } from "./published-keys.ts";
import { type RemoteKeySource, startRemoteKeySource } from "./remote-key-source.ts";

let silo: SiloDatabase;
let copy: PublishedKeys;
let first: PublicJwk;
let second: PublicJwk;

beforeAll(async () => {
  silo = await openSiloDatabase("published keys");
  copy = createPublishedKeys(silo.database, () => new Date());
  first = publicJwkFrom(await generatePrivateJwk());
  second = publicJwkFrom(await generatePrivateJwk());
});
beforeEach(() => copy.replace([]));
afterAll(async () => silo[Symbol.asyncDispose]());

/** The issuer as seen from here: what it answers, and how often it was asked. */
class Issuer {
  keys: readonly PublicJwk[] | "down" = [];
  asked = 0;

  readonly fetchKeys = async (): Promise<readonly PublicJwk[]> => {
    this.asked += 1;
    await new Promise((resolve) => setTimeout(resolve, 5));
    if (this.keys === "down") throw new Error("the issuer is out of reach");
    return this.keys;
  };
}

class Time {
  nowMs = Date.UTC(2026, 2, 1);
  readonly clock = (): Date => new Date(this.nowMs);
}

function start(issuer: Issuer, time = new Time()): Promise<RemoteKeySource> {
  return startRemoteKeySource({ fetchKeys: issuer.fetchKeys, copy, clock: time.clock, log: silo.database.log });
}

async function refusalOf(found: Promise<unknown>): Promise<string | undefined> {
  return found.then(
    () => "found",
    (error: unknown) => reasonOf(error),
  );
}

describe("following an issuer's keys", () => {
  it("knows what the issuer has published", async () => {
    const issuer = new Issuer();
    issuer.keys = [first];
    await using source = await start(issuer);
    expect(await source.find(first.kid)).toMatchObject({ type: "public", algorithm: { namedCurve: "P-256" } });
    expect(await source.find(second.kid)).toBeUndefined();
  });

  it("says DEPENDENCY_DOWN while no key is known at all, and asks until there is one", async () => {
    const issuer = new Issuer();
    issuer.keys = "down";
    await using source = await start(issuer);
    expect(await refusalOf(source.find(first.kid))).toBe("DEPENDENCY_DOWN");
    issuer.keys = [first];
    await eventually(async () => expect(await refusalOf(source.find(first.kid))).toBe("found"));
  });

  it("knows the keys again after a restart while the issuer is down", async () => {
    const issuer = new Issuer();
    issuer.keys = [first, second];
    await using before = await start(issuer);
    await before.find(first.kid);
    await before[Symbol.asyncDispose]();
    issuer.keys = "down";
    await using source = await start(issuer);
    expect(await source.find(first.kid)).toBeDefined();
    expect(await source.find(second.kid)).toBeDefined();
  });

  it("fails closed for a new key while the issuer is down", async () => {
    await copy.replace([first]);
    const issuer = new Issuer();
    issuer.keys = "down";
    await using source = await start(issuer);
    expect(await source.find(second.kid)).toBeUndefined();
  });

  it("learns of a new key when somebody brings it, half a minute after it last asked", async () => {
    const issuer = new Issuer();
    const time = new Time();
    issuer.keys = [first];
    await using source = await start(issuer, time);
    await source.find(first.kid);
    issuer.keys = [second, first];
    expect(await source.find(second.kid)).toBeUndefined();
    time.nowMs += 30_000;
    expect(await source.find(second.kid)).toBeDefined();
    expect(await source.find(first.kid)).toBeDefined();
  });

  it("forgets a key that the issuer has withdrawn, in the copy too", async () => {
    const issuer = new Issuer();
    const time = new Time();
    issuer.keys = [first, second];
    await using source = await start(issuer, time);
    await source.find(first.kid);
    issuer.keys = [second];
    time.nowMs += 30_000;
    await source.find("unknown");
    expect(await source.find(first.kid)).toBeUndefined();
    expect((await copy.load()).map((key) => key.kid)).toEqual([second.kid]);
  });

  it("asks once for ten thousand tokens with unknown keys, and once more after half a minute", async () => {
    const issuer = new Issuer();
    const time = new Time();
    issuer.keys = [first];
    await using source = await start(issuer, time);
    const storm = () => Promise.all(Array.from({ length: 10_000 }, (_, index) => source.find(`unknown-${index}`)));
    await storm();
    expect(issuer.asked).toBe(1);
    time.nowMs += 30_000;
    await storm();
    expect(issuer.asked).toBe(2);
  });
});
