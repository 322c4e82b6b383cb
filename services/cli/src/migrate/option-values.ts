import { InvalidArgumentError } from "commander";

/** Reads an option that is a whole number, from the least on. */
export function wholeNumberFrom(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d{1,12}$/.test(text) || value < least) {
      throw new InvalidArgumentError(`It must be a whole number from ${least} on.`);
    }
    return value;
  };
}

/**
 * Reads how much of the rows may be bad: a share such as 0.1%.
 * @returns a fraction between 0 and 1.
 */
export function shareFrom(text: string): number {
  const value = Number(text.replace(/%$/, ""));
  if (!/^\d+(\.\d+)?%$/.test(text) || value > 100) throw new InvalidArgumentError("It must be a share such as 0.1%.");
  return value / 100;
}
