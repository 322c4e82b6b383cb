/** Tells the time. Real in composition roots, frozen in tests, so that no rule reads the wall clock itself. */
export type Clock = () => Date;

/** The machine's clock. */
export const systemClock: Clock = () => new Date();
