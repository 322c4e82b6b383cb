/** Crockford's alphabet: no letters that are taken for digits when somebody reads the code out. */
const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/** How many random bytes go into a patient's pseudonym: 120 bits, so that nobody guesses one or meets one twice. */
export const patientIdBytes = 15;

/**
 * Makes a pseudonym for a patient, such as P-3KQ7... with 24 characters after the dash. It is derived from nothing.
 * @param random `patientIdBytes` bytes from a cryptographic generator.
 */
export function patientIdFrom(random: Uint8Array): string {
  if (random.length !== patientIdBytes) throw new Error(`a patient id is made of ${patientIdBytes} bytes`);
  let bits = random.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);
  let text = "";
  for (let digit = 0; digit < (patientIdBytes * 8) / 5; digit++, bits >>= 5n)
    text = (alphabet[Number(bits & 31n)] ?? "") + text;
  return `P-${text}`;
}
