import { nth } from "./dice.ts";

/** The password of everybody in a generated database who can log in. */
export const legacyPassword = "legacy-password-1";

/** Of that password, with few rounds, so that tests log in quickly. */
const hashes = [
  "$2b$04$4TEjyUtXBDM.fkxTDyapBOZR.a3btWc6wr7jGZWcbsHeSJ/zXkgW2",
  "$2a$04$3o6.fFMbqhKZvf/5GR99GuzadZNaiPPAa6D92unNpr8pZKVwvpJNG",
  "$2b$04$EN4B0y39wN/P5MNtZQ.40OVHzF.Lp9h2EJ8fqlq0n/dOPhMhWad6S",
  "$2a$04$p0PyhclbJAi1lCTqqlfAEewW35q0gda/JkNn33pnb9TSKYJIL29lK",
];

/** The hash of person number `index`: half of them as older, half as newer libraries wrote it. */
export function passwordHash(index: number): string {
  return nth(hashes, index);
}
