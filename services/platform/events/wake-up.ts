/**
 * Lets a loop sleep until somebody has work for it. A class because it remembers a call that came while nobody slept;
 * without that, a hint between "nothing to do" and "sleep" would cost a whole interval.
 */
export class WakeUp {
  #called = false;
  #rouse: (() => void) | undefined;

  /** Ends the current sleep, or the next one at once. May be called at any time, any number of times. */
  wake(): void {
    this.#called = true;
    this.#rouse?.();
  }

  /** Sleeps until woken, at most so long. One loop sleeps at a time. */
  async sleep(longestMs: number): Promise<void> {
    if (!this.#called) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, longestMs);
        this.#rouse = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.#rouse = undefined;
    this.#called = false;
  }
}
