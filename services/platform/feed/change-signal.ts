/** How many are woken before the process looks after its connections again. */
const wokenAtOnce = 100;

/**
 * Tells many at once that something is there for them. Nothing is kept for those who do not wait: they look for
 * themselves when they are ready. A class because it knows who waits.
 */
export class ChangeSignal {
  #waiting = new Set<() => void>();
  #count = 0;

  /** How often something was announced. To be read before one looks, so that nothing falls between look and wait. */
  get count(): number {
    return this.#count;
  }

  /** Wakes everybody who waits. */
  announce(): void {
    this.#count += 1;
    const woken = [...this.#waiting];
    this.#waiting = new Set();
    wakeFrom(woken, 0);
  }

  /**
   * Waits until something is announced that was not counted yet, but no longer than so many milliseconds.
   * @param seen the count before the last look.
   * @throws the signal's reason if that aborts first.
   */
  async wait(seen: number, longestMs: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#count !== seen || longestMs <= 0) return;
    const done = Promise.withResolvers<void>();
    const wake = (): void => done.resolve();
    const abort = (): void => done.reject(signal.reason);
    const timer = setTimeout(wake, longestMs);
    signal.addEventListener("abort", abort, { once: true });
    this.#waiting.add(wake);
    try {
      await done.promise;
    } finally {
      // Everything is taken back: somebody may wait again and again for a day on which nothing happens.
      clearTimeout(timer);
      signal.removeEventListener("abort", abort);
      this.#waiting.delete(wake);
    }
  }
}

function wakeFrom(waiting: readonly (() => void)[], start: number): void {
  for (const wake of waiting.slice(start, start + wokenAtOnce)) wake();
  if (start + wokenAtOnce < waiting.length) setImmediate(() => wakeFrom(waiting, start + wokenAtOnce));
}
