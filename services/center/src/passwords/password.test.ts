import { describe, expect, it } from "@jest/globals";
import { checkNewPassword, checkReplacement } from "./password.ts";

function verdict(password: string, personal: readonly string[] = []): string {
  const decision = checkNewPassword(password, personal);
  return decision.ok ? "taken" : decision.problem;
}

describe("a new password", () => {
  it("is refused with 14 characters and taken with 15", () => {
    expect(verdict("vexing-quartz1")).toContain("at least 15 characters");
    expect(verdict("vexing-quartz12")).toBe("taken");
  });

  it("is counted in characters, not in bytes or halves of characters", () => {
    expect(verdict("💧🌲🔥🪨🌙☂️🎻")).toContain("at least 15 characters");
    expect(verdict("ħëłłø wörłd ŧëä")).toBe("taken");
  });

  it("is taken with 72 bytes and refused with 73, since bcrypt would cut it", () => {
    const phrase = "Seven violet otters drummed on the harbour wall until the tide came in.";
    expect(verdict(phrase.padEnd(72, "!"))).toBe("taken");
    expect(verdict(phrase.padEnd(73, "!"))).toContain("at most 72 bytes");
    expect(verdict("ö".repeat(10).concat("seven violet otters drummed on the harbour wall until"))).toContain(
      "72 bytes",
    );
  });

  it("is refused with a NUL character, where bcrypt would stop reading", () => {
    expect(verdict("short\0but longer than fifteen")).toContain("NUL");
  });

  it("may have spaces, any script, and no digit or sign at all", () => {
    expect(verdict("seven violet otters")).toBe("taken");
    expect(verdict("семь выдр играют")).toBe("taken");
  });

  it.each([
    "passwordpassword",
    "PasswordPassword",
    "qwertyuiop12345",
    "correct horse battery staple",
    "aaaaaaaaaaaaaaaa",
    "abcabcabcabcabcab",
    "12345678901234567",
    "abcdefghijklmnop",
    "zyxwvutsrqponmlk",
    "Hospital2026!!!!",
    "MedPort-2026-2026",
    "medport hospital dispatch",
    "2026-11-23 10:45:00",
  ])("is refused when it is guessed first: %s", (password) => {
    expect(verdict(password)).toContain("guessed first");
  });

  it("is refused when it is the person's own e-mail address", () => {
    expect(verdict("Ann.Lee@example.org", ["ann.lee@example.org"])).toContain("guessed first");
  });

  it("is taken when 20 random letters and digits", () => {
    expect(verdict("xK7mQ2vR9tW4zN8pL3cJ")).toBe("taken");
  });
});

describe("a password in another's place", () => {
  it("must be another, and good enough by itself", () => {
    const [present, next] = ["seven violet otters", "nine amber herons wade"];
    expect(checkReplacement(present, present)).toMatchObject({ ok: false });
    expect(checkReplacement("only 14 chars!", present)).toMatchObject({ ok: false });
    expect(checkReplacement(next, present, [next])).toMatchObject({ ok: false });
    expect(checkReplacement(next, present)).toEqual({ ok: true });
  });
});
