import { createContextValues } from "@connectrpc/connect";
import { describe, expect, it } from "@jest/globals";
import { reasonOf } from "#platform/rpc/refusal.ts";
import { aUser } from "./auth.builder.ts";
import { callerKey, callerOf, userOf } from "./caller.ts";

describe("who is calling", () => {
  it("is nobody until the server has said otherwise", () => {
    expect(callerOf({ values: createContextValues() })).toEqual({});
  });

  it("is the person behind a service", () => {
    const user = { ...aUser(), token: "token" };
    const values = createContextValues().set(callerKey, { user, service: "ems" });
    expect(userOf({ values })).toBe(user);
  });

  it("is refused as TOKEN_MISSING where a person is demanded and a service calls on its own", () => {
    const values = createContextValues().set(callerKey, { service: "ems" });
    const refusals: unknown[] = [];
    try {
      userOf({ values });
    } catch (error) {
      refusals.push(reasonOf(error));
    }
    expect(refusals).toEqual(["TOKEN_MISSING"]);
  });
});
