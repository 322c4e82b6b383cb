/** What many look at, and how it is read. */
export interface SharedLookOptions<Value> {
  /** Reads the values of these keys at once; a key without a value is left out. */
  readonly load: (keys: readonly string[]) => Promise<ReadonlyMap<string, Value>>;
  /** How many milliseconds a value may be old. */
  readonly maxAgeMs: number;
  /** Milliseconds on a clock that never jumps. */
  readonly nowMs?: () => number;
}

interface Look<Value> {
  readonly atMs: number;
  readonly value: Promise<Value | undefined>;
}

/**
 * Lets thousands look at the same few things for the price of one look now and then: a value is read once for all who
 * ask for it within its age, and the keys that are asked for in one moment are read together. A class because it
 * remembers what was seen.
 */
export class SharedLook<Value> {
  readonly #options: SharedLookOptions<Value>;
  readonly #nowMs: () => number;
  readonly #looks = new Map<string, Look<Value>>();
  #gathering: Map<string, PromiseWithResolvers<Value | undefined>> | undefined;

  constructor(options: SharedLookOptions<Value>) {
    this.#options = options;
    this.#nowMs = options.nowMs ?? (() => performance.now());
  }

  /** The value of a key, or undefined if it has none. @throws what `load` throws; the next who asks looks anew. */
  get(key: string): Promise<Value | undefined> {
    const known = this.#looks.get(key);
    if (known && this.#nowMs() - known.atMs < this.#options.maxAgeMs) return known.value;
    const { promise: value, ...asked } = Promise.withResolvers<Value | undefined>();
    this.#looks.set(key, { atMs: this.#nowMs(), value });
    this.#gather().set(key, { promise: value, ...asked });
    return value;
  }

  /** The keys that will be read together, with the next turn of the event loop. */
  #gather(): Map<string, PromiseWithResolvers<Value | undefined>> {
    if (this.#gathering) return this.#gathering;
    const asked = new Map<string, PromiseWithResolvers<Value | undefined>>();
    this.#gathering = asked;
    setImmediate(() => {
      this.#gathering = undefined;
      this.#forget();
      void this.#load(asked);
    });
    return asked;
  }

  async #load(asked: ReadonlyMap<string, PromiseWithResolvers<Value | undefined>>): Promise<void> {
    try {
      const found = await this.#options.load([...asked.keys()]);
      for (const [key, { resolve }] of asked) resolve(found.get(key));
    } catch (error) {
      for (const [key, { reject, promise }] of asked) {
        if (this.#looks.get(key)?.value === promise) this.#looks.delete(key);
        reject(error);
      }
    }
  }

  #forget(): void {
    const oldest = this.#nowMs() - this.#options.maxAgeMs;
    for (const [key, { atMs }] of this.#looks) if (atMs <= oldest) this.#looks.delete(key);
  }
}
