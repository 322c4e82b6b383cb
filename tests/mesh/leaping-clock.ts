/** Goes like any clock, and further when it is told to; stands still for whoever compares what it says. */
export class LeapingClock {
  #leaptMs = 0;
  #frozenAt: Date | undefined;

  now(): Date {
    return this.#frozenAt ?? new Date(Date.now() + this.#leaptMs);
  }

  leap(ms: number): void {
    this.#leaptMs += ms;
  }

  freeze(): Date {
    this.#frozenAt = this.now();
    return this.#frozenAt;
  }
}
