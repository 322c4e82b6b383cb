import { describe, expect, it } from "@jest/globals";
import { anAccount } from "./account.builder.ts";
import { decideDisabling, decideReset, decideUpdate, enabled, endOfTokens, withNewPassword } from "./user-change.ts";
import type { UserId } from "./user.ts";

const now = new Date("2026-03-01T12:00:00.250Z");
const nextSecond = new Date("2026-03-01T12:00:01Z");
const byAnother = { actor: "admin" as UserId, otherAdmins: 1, now };
const user = anAccount({ id: "user" as UserId, roles: ["dispatcher"], version: 3 });
const bySelf = { ...byAnother, actor: user.id };
const admin = anAccount({ id: "user" as UserId, roles: ["orgAdmin", "viewer"], version: 3 });

describe("changing an account's details", () => {
  it("counts the version up, and leaves tokens alone if only the name is new", () => {
    expect(decideUpdate(user, { name: "New Name" }, byAnother)).toEqual({
      ok: true,
      user: { ...user, name: "New Name", version: 4, updateTime: now },
    });
  });

  it("ends tokens that carry the former roles", () => {
    expect(decideUpdate(user, { roles: ["viewer"] }, byAnother)).toEqual({
      ok: true,
      user: { ...user, roles: ["viewer"], tokensValidFrom: nextSecond, version: 4, updateTime: now },
    });
  });

  it("changes nothing if everything is as wanted, in whatever order the roles are named", () => {
    expect(decideUpdate(admin, { name: admin.name, roles: ["viewer", "orgAdmin"] }, byAnother)).toEqual({
      ok: true,
      user: admin,
    });
    expect(decideUpdate(admin, {}, byAnother)).toEqual({ ok: true, user: admin });
  });

  it("lets people rename themselves and name the roles they have, and refuses them others", () => {
    expect(decideUpdate(user, { name: "New Name", roles: ["dispatcher"] }, bySelf)).toMatchObject({ ok: true });
    expect(decideUpdate(user, { roles: ["dispatcher", "orgAdmin"] }, bySelf)).toMatchObject({
      ok: false,
      reason: "ACTION_NOT_ALLOWED",
    });
  });

  it("keeps an organization's last admin one", () => {
    const alone = { ...byAnother, otherAdmins: 0 };
    expect(decideUpdate(admin, { roles: ["viewer"] }, alone)).toMatchObject({ ok: false, reason: "LAST_ADMIN" });
    expect(decideUpdate(admin, { roles: ["viewer"] }, byAnother)).toMatchObject({ ok: true });
    expect(decideUpdate(admin, { roles: ["orgAdmin", "billing"] }, alone)).toMatchObject({ ok: true });
    expect(decideUpdate({ ...admin, active: false }, { roles: ["viewer"] }, alone)).toMatchObject({ ok: true });
    expect(decideUpdate(user, { roles: ["viewer"] }, alone)).toMatchObject({ ok: true });
  });
});

describe("shutting an account", () => {
  it("ends its tokens", () => {
    expect(decideDisabling(user, byAnother)).toEqual({
      ok: true,
      user: { ...user, active: false, tokensValidFrom: nextSecond, version: 4, updateTime: now },
    });
  });

  it("changes nothing if it is shut", () => {
    const shut = { ...user, active: false };
    expect(decideDisabling(shut, byAnother)).toEqual({ ok: true, user: shut });
  });

  it("is refused for the own account, and for an organization's last admin", () => {
    expect(decideDisabling(user, bySelf)).toMatchObject({ ok: false, reason: "ACTION_NOT_ALLOWED" });
    expect(decideDisabling(admin, { ...byAnother, otherAdmins: 0 })).toMatchObject({ ok: false, reason: "LAST_ADMIN" });
    expect(decideDisabling(admin, byAnother)).toMatchObject({ ok: true });
  });
});

describe("opening an account", () => {
  it("lets nothing that was issued before count again", () => {
    const shut = { ...user, active: false, tokensValidFrom: nextSecond };
    expect(enabled(shut, now)).toEqual({ ...shut, active: true, version: 4, updateTime: now });
  });

  it("changes nothing if it is open", () => {
    expect(enabled(user, now)).toBe(user);
  });
});

describe("a temporary password", () => {
  it("ends tokens and demands a new one", () => {
    expect(decideReset(user, byAnother)).toEqual({
      ok: true,
      user: { ...user, mustChangePassword: true, tokensValidFrom: nextSecond, version: 4, updateTime: now },
    });
  });

  it("is not for the own account: its owner knows the present one", () => {
    expect(decideReset(user, bySelf)).toMatchObject({ ok: false, reason: "ACTION_NOT_ALLOWED" });
  });

  it("is one no more when its owner has chosen another", () => {
    const temporary = { ...user, mustChangePassword: true };
    expect(withNewPassword(temporary, now)).toEqual({
      ...user,
      mustChangePassword: false,
      version: 4,
      updateTime: now,
    });
  });
});

describe("the end of tokens", () => {
  it("lies behind every token that was issued until now, for these tell only the second", () => {
    expect(endOfTokens({}, new Date("2026-03-01T12:00:00.000Z"))).toEqual(nextSecond);
    expect(endOfTokens({}, new Date("2026-03-01T12:00:00.999Z"))).toEqual(nextSecond);
  });

  it("is later each time, for tokens may have been issued since", () => {
    const again = endOfTokens({ tokensValidFrom: nextSecond }, now);
    expect(again).toEqual(new Date("2026-03-01T12:00:02Z"));
  });

  it("does not care for a former end that is long past", () => {
    expect(endOfTokens({ tokensValidFrom: new Date(0) }, now)).toEqual(nextSecond);
  });
});
