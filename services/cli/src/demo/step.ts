import type { ServiceName } from "#platform/service-name.ts";

/** One thing that somebody in a story did, and how long the mesh took to answer. */
export interface Step {
  readonly story: string;
  readonly name: string;
  /** Who did it, such as "hospital coordinator". */
  readonly actor: string;
  /** The silos that took part; the first one answered the call. */
  readonly silos: readonly ServiceName[];
  readonly latencyMs: number;
}

/** What a story expected and did not find. */
export interface Disappointment {
  readonly story: string;
  readonly expected: string;
}

/** Collects what the stories did. Told of each step as it ends, so that a person can watch. */
export class Recorder {
  readonly steps: Step[] = [];
  readonly disappointments: Disappointment[] = [];
  readonly #onStep: (step: Step) => void;

  constructor(onStep: (step: Step) => void) {
    this.#onStep = onStep;
  }

  /** Does one step and keeps how long it took. A step that fails is not kept: its error ends the story. */
  async step<T>(what: Omit<Step, "latencyMs">, act: () => Promise<T>): Promise<T> {
    const startedAt = performance.now();
    const result = await act();
    const step = { ...what, latencyMs: performance.now() - startedAt };
    this.steps.push(step);
    this.#onStep(step);
    return result;
  }

  /** Notes that something is not as it should be; the demonstration goes on and ends with a failure. */
  expect(story: string, expected: string, holds: boolean): void {
    if (!holds) this.disappointments.push({ story, expected });
  }
}
