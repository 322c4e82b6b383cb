import { randomInt } from "node:crypto";
import type { ServiceName } from "#platform/service-name.ts";
import type { Handling } from "./handling.ts";

/** A word that means nothing anywhere: where it is found, it was carried. */
export interface PlantedWord {
  readonly word: string;
  /** The field in which it was sent. */
  readonly field: string;
  readonly handling: Handling;
  /** The silo that was called. */
  readonly silo: ServiceName;
  /** Undefined until the call was answered. */
  outcome?: "taken" | "refused";
}

/** The words that were sent. A class because it remembers them. */
export class PlantedWords {
  readonly #marker = `zq${letters(randomInt(26 ** 4), 4)}`;
  readonly #words = new Map<string, PlantedWord>();

  /** Makes a word for one field of one call. */
  plant(about: Omit<PlantedWord, "word" | "outcome">): PlantedWord {
    const planted = { ...about, word: `${this.#marker}${letters(this.#words.size, 6)}` };
    this.#words.set(planted.word, planted);
    return planted;
  }

  all(): readonly PlantedWord[] {
    return [...this.#words.values()];
  }

  /** The text that was sent last in a field. */
  lastIn(field: string): PlantedWord {
    const last = this.all().findLast((word) => word.field === field);
    if (!last) throw new Error(`nothing was sent in ${field}`);
    return last;
  }

  /** Matches every one of them, in whatever case, and what must not be found besides: see `Suspicion`. */
  get pattern(): string {
    return `${this.#marker}[a-z]{6}|${patientIdPattern}|${tokenPattern}`;
  }

  /** What a find is: a word that was sent, a patient's pseudonym, or an access token. */
  suspicionOf(found: string): Suspicion {
    const word = this.#words.get(found.toLowerCase());
    if (word) return { what: `what was sent in ${word.field}`, ...word };
    if (found.startsWith("P-")) {
      const handling: Handling = { kind: "stays", in: "hospital" };
      return { what: "a patient's pseudonym", handling, silo: "hospital", outcome: "taken" };
    }
    return { what: "an access token", handling: { kind: "vanishes" }, silo: "center", outcome: "taken" };
  }
}

/** Something that was found, and where it may be. */
export interface Suspicion extends Pick<PlantedWord, "handling" | "silo" | "outcome"> {
  readonly what: string;
}

const patientIdPattern = "P-[0-9A-HJKMNP-TV-Z]{24}";
const tokenPattern = "eyJ[A-Za-z0-9_-]{20,}";

function letters(number: number, length: number): string {
  let text = "";
  for (let rest = number; text.length < length; rest = Math.floor(rest / 26)) {
    text = String.fromCodePoint(97 + (rest % 26)) + text;
  }
  return text;
}
