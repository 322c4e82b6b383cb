import { setTimeout as sleep } from "node:timers/promises";

export interface EventuallyOptions {
  /** How long to keep trying; 5 seconds unless said otherwise. */
  readonly withinMs?: number;
  readonly everyMs?: number;
}

/**
 * Tries an assertion until it holds, and answers what it returned.
 * @throws the assertion's last error when the time is over.
 */
export async function eventually<T>(
  assertion: () => T | Promise<T>,
  { withinMs = 5_000, everyMs = 20 }: EventuallyOptions = {},
): Promise<T> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    try {
      return await assertion();
    } catch (error) {
      if (performance.now() > deadline) throw error;
    }
    await sleep(everyMs);
  }
}
