/** An agency's units in one demonstration. A class because it remembers which are out, and who waits for one. */
export class UnitPool {
  readonly #free: string[];
  readonly #waiting: ((unitId: string) => void)[] = [];

  constructor(unitIds: readonly string[]) {
    if (unitIds.length === 0) throw new Error("an agency without a unit cannot play");
    this.#free = [...unitIds];
  }

  /** Lends a unit for as long as `work` runs; waits in line while all are out. */
  async withUnit<T>(work: (unitId: string) => Promise<T>): Promise<T> {
    const unitId = this.#free.pop() ?? (await new Promise<string>((resolve) => this.#waiting.push(resolve)));
    try {
      return await work(unitId);
    } finally {
      const next = this.#waiting.shift();
      if (next) next(unitId);
      else this.#free.push(unitId);
    }
  }
}
