import { describe, expect, it } from "@jest/globals";
import { anAccount, betterPassword, goodPassword } from "../users/account.builder.ts";
import { decideLogin } from "./forced-change.ts";

const usual = anAccount();
const temporary = anAccount({ mustChangePassword: true });
const brought = { password: goodPassword, newPassword: "" };

describe("a login with the right password", () => {
  it("opens a session", () => {
    expect(decideLogin(usual, brought)).toEqual({ outcome: "OPEN" });
  });

  it("demands a new password where the present one is temporary", () => {
    expect(decideLogin(temporary, brought)).toEqual({ outcome: "DEMAND" });
  });

  it("takes a new one in its place", () => {
    expect(decideLogin(temporary, { ...brought, newPassword: betterPassword })).toEqual({ outcome: "CHANGE" });
  });

  it.each([
    ["the temporary one itself", goodPassword],
    ["one that is too short", "only 14 chars!"],
    ["the e-mail address", temporary.email.toUpperCase()],
  ])("refuses %s", (_what, newPassword) => {
    expect(decideLogin(temporary, { ...brought, newPassword })).toMatchObject({ outcome: "REFUSE" });
  });

  it("refuses a new one that nobody has asked for, good as it is", () => {
    expect(decideLogin(usual, { ...brought, newPassword: betterPassword })).toMatchObject({ outcome: "REFUSE" });
  });
});
