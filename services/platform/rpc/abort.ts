/**
 * Waits for work, but no longer than until the signal aborts.
 * @throws the signal's reason if it aborts first. The work is not stopped by that; it must listen to a signal itself,
 *   and what becomes of it afterwards no longer interests anybody.
 */
export async function raceAbort<T>(work: PromiseLike<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const onAbort = (): void => aborted.reject(signal.reason);
  if (signal.aborted) onAbort();
  else signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

/** The items of a stream, until the signal aborts; then it fails with the signal's reason, however long an item takes. */
export function abortable<T>(items: AsyncIterable<T>, signal: AbortSignal): AsyncIterable<T> {
  return {
    async *[Symbol.asyncIterator]() {
      const iterator = items[Symbol.asyncIterator]();
      let finished = false;
      try {
        for (;;) {
          const item = await raceAbort(iterator.next(), signal);
          if (item.done) {
            finished = true;
            return;
          }
          yield item.value;
        }
      } finally {
        // Not awaited: a generator that hangs between two items takes notice only when it goes on. What it throws then
        // comes after the answer has been given.
        if (!finished) iterator.return?.()?.then(undefined, () => undefined);
      }
    },
  };
}

/** Waits for a number of milliseconds, or until the signal aborts. @throws the signal's reason. */
export async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  const elapsed = Promise.withResolvers<void>();
  const timer = setTimeout(elapsed.resolve, ms);
  try {
    await (signal ? raceAbort(elapsed.promise, signal) : elapsed.promise);
  } finally {
    clearTimeout(timer);
  }
}
