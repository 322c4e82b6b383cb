/** A message of any live board. */
interface AnyMessage {
  readonly cursor: string;
}

/** A board that a test watches. */
export interface Watching<Message extends AnyMessage> extends AsyncDisposable {
  /** The next so many messages; waits for them. */
  next(count?: number): Promise<readonly Message[]>;
  /** The newest cursor. */
  cursor(): string;
  /** The error with which the stream ends, whatever comes before. */
  end(): Promise<unknown>;
}

/**
 * Watches a board for a test.
 * @param open opens the stream; it is given up by the signal when the test disposes of this.
 */
export function watching<Message extends AnyMessage>(
  open: (signal: AbortSignal) => AsyncIterable<Message>,
): Watching<Message> {
  const stop = new AbortController();
  const stream = open(stop.signal)[Symbol.asyncIterator]();
  let cursor = "";
  const one = async (): Promise<Message> => {
    const next = await stream.next();
    if (next.done === true) throw new Error("the stream has ended without an error");
    cursor = next.value.cursor || cursor;
    return next.value;
  };
  return {
    next: async (count = 1) => {
      const all: Message[] = [];
      while (all.length < count) all.push(await one());
      return all;
    },
    cursor: () => cursor,
    end: async () => {
      for (;;) {
        try {
          await one();
        } catch (error) {
          return error;
        }
      }
    },
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await stream.return?.().catch(() => undefined);
    },
  };
}
