import { durationText, grouped } from "../../../migrator/src/report/figures.ts";
import { type Progress, type Step, terminalProgress } from "../embedded/progress.ts";

/** How far a part of the move has come. */
export interface RowsDone {
  readonly rows: number;
  /** How many there will be; undefined if nobody has counted. */
  readonly total?: number | undefined;
}

/** Turns counts into words, with the speed and the time that is left. A class because it remembers when it began. */
export class RowMeter {
  readonly #startedAtMs: number;
  readonly #firstRows: number;

  /** @param first what had been done before this process began. */
  constructor(nowMs: number, first = 0) {
    this.#startedAtMs = nowMs;
    this.#firstRows = first;
  }

  /** Such as: 120,000 of 1,000,000 rows, 45,000 rows/s, 20 s left. */
  words({ rows, total }: RowsDone, nowMs: number): string {
    const seconds = (nowMs - this.#startedAtMs) / 1_000;
    const rate = seconds > 0 ? (rows - this.#firstRows) / seconds : 0;
    const parts = [total === undefined ? `${grouped(rows)} rows` : `${grouped(rows)} of ${grouped(total)} rows`];
    if (rate > 0) parts.push(`${grouped(rate)} rows/s`);
    if (rate > 0 && total !== undefined && total > rows) parts.push(`${durationText((total - rows) / rate)} left`);
    return parts.join(", ");
  }
}

/** How often a line may change on a terminal, and be followed by another one elsewhere. */
const pauseMs = { terminal: 200, plain: 5_000 };

/** Lets words through only so often, and never the same twice. */
export function throttled(
  say: (words: string) => void,
  everyMs: number,
  now: () => number,
): (words: () => string) => void {
  let saidAt = Number.NEGATIVE_INFINITY;
  return (words) => {
    if (now() - saidAt < everyMs) return;
    saidAt = now();
    say(words());
  };
}

/** The progress of a command: on the terminal, or as plain lines to standard error where standard output is data. */
export function commandProgress(json: boolean): Progress {
  return json ? plainProgress() : terminalProgress();
}

/** How long to wait between two words about the same step. */
export function sayEveryMs(json: boolean): number {
  return !json && process.stdout.isTTY ? pauseMs.terminal : pauseMs.plain;
}

function plainProgress(): Progress {
  process.stderr.on("error", () => undefined);
  return {
    step: async <T>(title: string, work: (say: (detail: string) => void) => Promise<Step<T>>): Promise<T> => {
      const { value, words } = await work((detail) => console.error(`${title}: ${detail}`));
      console.error(words === undefined ? `${title}: done` : `${title}: ${words}`);
      return value;
    },
    say: (sentence) => console.error(sentence),
  };
}
