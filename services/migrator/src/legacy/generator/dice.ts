/** Numbers that look like chance and are the same for the same seed. */
export interface Dice {
  /** A whole number from 0 up to, not including, `below`. */
  readonly whole: (below: number) => number;
  /** True with this probability. */
  readonly chance: (probability: number) => boolean;
  /** One of these. @throws Error if there is none. */
  readonly pick: <Thing>(things: readonly Thing[]) => Thing;
}

/** Dice of the kind mulberry32. */
export function createDice(seed: number): Dice {
  let state = seed >>> 0;
  const random = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const whole = (below: number): number => Math.floor(random() * below);
  return {
    whole,
    chance: (probability) => random() < probability,
    pick: (things) => nth(things, whole(things.length)),
  };
}

/** The thing of this index, counted round and round. @throws Error if there is none. */
export function nth<Thing>(things: readonly Thing[], index: number): Thing {
  const thing = things[index % things.length];
  if (thing === undefined) throw new Error("there is nothing to choose from");
  return thing;
}
