import { setTimeout as sleep } from "node:timers/promises";
import type { Exit } from "#platform/embedded/server-process.ts";

/** A server that runs and can be stopped. */
export interface RunningServer {
  readonly pid: number;
  readonly exited: Promise<Exit>;
  stop(): Promise<void>;
}

export interface SupervisedOptions<S extends RunningServer> {
  /** How people call it. */
  readonly title: string;
  readonly start: () => Promise<S>;
  /** Told the process id whenever it changes; undefined while it is down. */
  readonly onPid: (pid: number | undefined) => void;
  /** Told in a sentence what happened to it. */
  readonly say: (sentence: string) => void;
}

const shortestPauseMs = 250;
const longestPauseMs = 15_000;
/** A server that ran so long was well, and its next death is a new story. */
const wellAfterMs = 30_000;

/** A server that is started again whenever it dies. A class because it remembers the server and how often it died. */
export class Supervised<S extends RunningServer> {
  readonly #options: SupervisedOptions<S>;
  readonly #stopping = new AbortController();
  #server: S | undefined;
  #watching: Promise<void> | undefined;

  constructor(options: SupervisedOptions<S>) {
    this.#options = options;
  }

  /**
   * Starts it, and watches over it from then on.
   * @throws what the first start throws: only a server that once ran is started again.
   */
  async start(): Promise<S> {
    const server = await this.#begin();
    this.#watching = this.#watch(server);
    return server;
  }

  /** Stops it for good. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#server?.stop();
    await this.#watching;
    // A start that was under way when we were told to stop.
    await this.#server?.stop();
    this.#options.onPid(undefined);
  }

  async #begin(): Promise<S> {
    const server = await this.#options.start();
    this.#server = server;
    this.#options.onPid(server.pid);
    return server;
  }

  async #watch(first: S): Promise<void> {
    let server = first;
    let pauseMs = shortestPauseMs;
    for (;;) {
      const startedAt = performance.now();
      const exit = await server.exited;
      if (this.#stopping.signal.aborted) return;
      this.#options.onPid(undefined);
      if (performance.now() - startedAt > wellAfterMs) pauseMs = shortestPauseMs;
      this.#options.say(`${this.#options.title} ${exitWords(exit)}; starting it again`);
      const next = await this.#revive(pauseMs);
      if (!next) return;
      server = next;
      pauseMs = Math.min(pauseMs * 2, longestPauseMs);
    }
  }

  /** Tries until it runs again; undefined when told to stop meanwhile. */
  async #revive(firstPauseMs: number): Promise<S | undefined> {
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
      const { signal } = this.#stopping;
      await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return undefined;
      try {
        const server = await this.#begin();
        this.#options.say(`${this.#options.title} runs again`);
        return server;
      } catch (error) {
        // Not rethrown: the reason it cannot start may pass, and whoever watches is told.
        const words = error instanceof Error ? error.message : String(error);
        this.#options.say(`${this.#options.title} could not be started: ${words}; trying again`);
      }
    }
  }
}

/** How a server ended, as the end of a sentence. */
export function exitWords({ code, signal }: Exit): string {
  return signal === null ? `ended with code ${code}` : `was ended by ${signal}`;
}
