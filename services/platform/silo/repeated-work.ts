import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "#platform/telemetry/log.ts";

/** Something to be done again and again. */
export interface RepeatedWorkOptions {
  /** What the log calls it, such as `heartbeat`. */
  readonly name: string;
  readonly everyMs: number;
  readonly work: () => Promise<void>;
  readonly log: Logger;
}

/** Does something now and again and again, until disposed; what is under way then is finished first. */
export function startRepeatedWork({ name, everyMs, work, log }: RepeatedWorkOptions): AsyncDisposable {
  const stop = new AbortController();
  const repeat = async (): Promise<void> => {
    let isFailing = false;
    while (!stop.signal.aborted) {
      try {
        await work();
        isFailing = false;
      } catch (error) {
        // Not rethrown: the next round tries again. Logged once, however long the database is away.
        if (!isFailing) log.warn({ event: "repeated_work.failed", name, error });
        isFailing = true;
      }
      await sleep(everyMs, undefined, { signal: stop.signal }).catch(() => undefined);
    }
  };
  const life = repeat();
  return {
    [Symbol.asyncDispose]: () => {
      stop.abort();
      return life;
    },
  };
}
