/** A step of the cut-over or of the way back, and how long it took. */
export interface PhaseTime {
  readonly phase: string;
  readonly seconds: number;
}

/** Does steps one after the other and notes how long each took. A class because it remembers the times. */
export class Phases {
  readonly #times: PhaseTime[] = [];
  readonly #onPhase: (phase: string) => void;

  constructor(onPhase: (phase: string) => void = () => undefined) {
    this.#onPhase = onPhase;
  }

  /** Every step that has ended, in order. */
  get times(): readonly PhaseTime[] {
    return this.#times;
  }

  /** Does one step. @param phase such as "freeze the old database", for people. */
  async run<T>(phase: string, step: () => Promise<T>): Promise<T> {
    this.#onPhase(phase);
    const startMs = performance.now();
    try {
      return await step();
    } finally {
      this.#times.push({ phase, seconds: (performance.now() - startMs) / 1_000 });
    }
  }
}
