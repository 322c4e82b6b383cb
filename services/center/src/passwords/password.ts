import { commonPasswords } from "./common-passwords.ts";

/** Shorter passwords are refused: a password is the only factor here (NIST SP 800-63B-4). */
export const minPasswordCharacters = 15;

/** bcrypt reads no further than this, so that a longer password would be cut without anybody noticing. */
export const maxPasswordBytes = 72;

/** Words that people of this system would think of first. Around one of them, digits and signs add nothing. */
const contextWords = ["medport", "hospital", "ambulance", "dispatcher", "dispatch", "transport", "center", "password"];

/** A password that meets the rules, as given: nothing is trimmed or changed. */
export type PasswordDecision = { readonly ok: true } | { readonly ok: false; readonly problem: string };

/**
 * Decides whether a new password is good enough. There are no rules on which kinds of characters it has.
 * @param personal what an attacker knows of the person: e-mail address and name.
 */
export function checkNewPassword(password: string, personal: readonly string[] = []): PasswordDecision {
  if (Array.from(password).length < minPasswordCharacters) {
    return { ok: false, problem: `must have at least ${minPasswordCharacters} characters` };
  }
  if (!fitsPasswordHash(password)) {
    return { ok: false, problem: `must have at most ${maxPasswordBytes} bytes of UTF-8, without a NUL character` };
  }
  if (isGuessable(password, personal)) return { ok: false, problem: "is among the passwords that are guessed first" };
  return { ok: true };
}

/** Decides whether a password may take the place of the one that its owner has now. */
export function checkReplacement(
  password: string,
  current: string,
  personal: readonly string[] = [],
): PasswordDecision {
  if (password === current) return { ok: false, problem: "must differ from the present one" };
  return checkNewPassword(password, personal);
}

/** Whether bcrypt sees all of the password. */
export function fitsPasswordHash(password: string): boolean {
  return Buffer.byteLength(password, "utf8") <= maxPasswordBytes && !password.includes("\0");
}

function isGuessable(password: string, personal: readonly string[]): boolean {
  const plain = password.toLowerCase();
  if (commonPasswords.has(plain) || isRepetition(plain) || isRun(plain)) return true;
  if (personal.some((text) => text.toLowerCase() === plain)) return true;
  const letters = plain.replaceAll(/\P{L}/gu, "");
  return withoutContext(letters).length === 0;
}

/** What is left of the letters when every context word is taken out; nothing for "Hospital-2026-2026". */
function withoutContext(letters: string): string {
  return contextWords.reduce((rest, word) => rest.replaceAll(word, ""), letters);
}

/** True for "abcabcabcabcabc": one piece of at most five characters, again and again. */
function isRepetition(text: string): boolean {
  return [1, 2, 3, 4, 5].some((length) => text.slice(0, length).repeat(text.length).startsWith(text));
}

/** True for "123456789012345" and "abcdefghijklmno": each character follows the one before, or the row starts again. */
function isRun(text: string): boolean {
  const codes = Array.from(text, (character) => character.codePointAt(0) ?? 0);
  const steps = codes.slice(1).map((code, index) => code - (codes[index] ?? 0));
  const alike = steps.filter((step) => step === 1 || step === -1 || step === -9 || step === 9).length;
  return alike >= steps.length - 1;
}
