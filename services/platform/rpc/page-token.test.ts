import { createHash } from "node:crypto";
import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "@jest/globals";
import { ListFacilitiesRequestSchema } from "#gen/medport/hospital/v1/facility_service_pb.ts";
import { aUser } from "#platform/auth/auth.builder.ts";
import { decodePageToken, encodePageToken, type KeysetValue, type PageScope } from "./page-token.ts";
import { reasonOf } from "./refusal.ts";

const user = { ...aUser(), token: "t" };
const scope: PageScope = { method: "x.v1.S/List", filter: { hospitalId: "h1", states: ["A", "B"] }, caller: { user } };
const keyset = ["2026-01-01T00:00:00.000Z", 42, null, true, "trip-1"];

function reasonFor(token: string, over: Partial<PageScope> = {}): string | undefined {
  try {
    decodePageToken(token, { ...scope, ...over });
    return undefined;
  } catch (error) {
    return reasonOf(error);
  }
}

describe("a page token", () => {
  it("brings back where the next page begins", () => {
    expect(decodePageToken(encodePageToken(keyset, scope), scope)).toEqual(keyset);
  });

  it("made by hand as we make it is good: what it holds cannot be trusted", () => {
    expect(decodePageToken(forgedAround('[1,"trip-1"]'), scope)).toEqual(["trip-1"]);
  });

  it("that is empty asks for the first page", () => {
    expect(decodePageToken("", scope)).toBeUndefined();
  });

  it("is good for the same filter in whatever order its fields stand", () => {
    const token = encodePageToken(keyset, scope);
    expect(reasonFor(token, { filter: { states: ["A", "B"], hospitalId: "h1" } })).toBeUndefined();
  });

  it("takes a request as its filter, times and large numbers included", () => {
    const filter = { ...create(ListFacilitiesRequestSchema, { hospitalId: "h1" }), since: timestampFromMs(5) };
    const token = encodePageToken(keyset, { ...scope, filter });
    expect(reasonFor(token, { filter })).toBeUndefined();
    expect(reasonFor(token, { filter: { ...filter, since: timestampFromMs(6_000) } })).toBe("PAGE_TOKEN_MISMATCH");
  });

  it.each<[string, Partial<PageScope>]>([
    ["another method", { method: "x.v1.S/ListOthers" }],
    ["another filter", { filter: { hospitalId: "h2", states: ["A", "B"] } }],
    ["another order of a list", { filter: { hospitalId: "h1", states: ["B", "A"] } }],
    ["another person", { caller: { user: { ...user, userId: "user-2" } } }],
    ["the same person in another organization", { caller: { user: { ...user, organizationId: "hospital-2" } } }],
    ["the same person through a service", { caller: { user, service: "center" } }],
    ["nobody", { caller: {} }],
  ])("is refused to %s", (_who, over) => {
    expect(reasonFor(encodePageToken(keyset, scope), over)).toBe("PAGE_TOKEN_MISMATCH");
  });

  it("that was altered, cut or made up is refused", () => {
    const token = encodePageToken(keyset, scope);
    const altered = `${token.slice(0, -2)}${token.endsWith("A") ? "B" : "A"}Q`;
    for (const bad of [altered, token.slice(0, 10), token.slice(0, -4), "x", "AAAA".repeat(20), "%%%"]) {
      expect([bad, reasonFor(bad)]).toEqual([bad, "PAGE_TOKEN_MISMATCH"]);
    }
  });

  it.each<[string, readonly unknown[]]>([
    ["holds what is no value of a key", [{ a: 1 }]],
    ["holds a list", [["trip-1"]]],
    ["holds a NUL", ["trip\0"]],
    ["holds half a surrogate pair", ["\ud800"]],
  ])("that its caller forged is refused if it %s", (_what, forged) => {
    expect(reasonFor(encodePageToken(forged as KeysetValue[], scope))).toBe("PAGE_TOKEN_MISMATCH");
  });

  it.each(["", "not JSON", "{}", "null", '"text"', "[]", "[2]", "[1,1e999]", "[1,"])(
    "that its caller forged around %j is refused",
    (payload) => {
      expect(reasonFor(forgedAround(payload))).toBe("PAGE_TOKEN_MISMATCH");
    },
  );
});

/** What a caller can make who knows this code: the digest has no key. */
function forgedAround(payload: string): string {
  const bytes = Buffer.from(payload, "utf8");
  const owner = [user.userId, user.organizationId, ""];
  const bound = JSON.stringify([1, scope.method, scope.filter, owner]);
  const digest = createHash("sha256").update(bound).update("\0").update(bytes).digest().subarray(0, 16);
  return Buffer.concat([digest, bytes]).toString("base64url");
}
