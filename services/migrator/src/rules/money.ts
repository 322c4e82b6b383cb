import type { Reading } from "./reading.ts";

/** The largest amount that a column of type numeric(10,2) takes, in hundredths. */
const maxHundredths = 9_999_999_999n;

/**
 * A float of the old database as a decimal with two places (R-MONEY): of its shortest decimal text, a half goes to the even
 * neighbour. What is negative, no number, or too large for numeric(10,2) becomes null, with an issue.
 */
export function moneyFrom(amount: number | null): Reading<string | null> {
  if (amount === null) return { value: null };
  if (!Number.isFinite(amount)) return { value: null, issue: "AMOUNT_NOT_A_NUMBER" };
  if (amount < 0) return { value: null, issue: "AMOUNT_NEGATIVE" };
  const hundredths = hundredthsFrom(amount);
  if (hundredths > maxHundredths) return { value: null, issue: "AMOUNT_TOO_LARGE" };
  const digits = hundredths.toString().padStart(3, "0");
  return { value: `${digits.slice(0, -2)}.${digits.slice(-2)}` };
}

/** The digits of the shortest text of a number, which is what people wrote, and how many of them are decimals. */
function digitsOf(amount: number): { readonly digits: bigint; readonly decimals: number } {
  const [mantissa = "", exponent = "0"] = Math.abs(amount).toString().split("e");
  const [whole = "", fraction = ""] = mantissa.split(".");
  return { digits: BigInt(whole + fraction), decimals: fraction.length - Number(exponent) };
}

function hundredthsFrom(amount: number): bigint {
  const { digits, decimals } = digitsOf(amount);
  if (decimals <= 2) return digits * 10n ** BigInt(2 - decimals);
  const unit = 10n ** BigInt(decimals - 2);
  const [whole, rest] = [digits / unit, (digits % unit) * 2n];
  const isUp = rest > unit || (rest === unit && whole % 2n === 1n);
  return isUp ? whole + 1n : whole;
}
