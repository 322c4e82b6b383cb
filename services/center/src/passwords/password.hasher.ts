import bcrypt from "bcrypt";
import { Reason } from "#gen/medport/errors/v1/reason_pb.ts";
import { refuse, retryInfo } from "#platform/rpc/refusal.ts";
import { fitsPasswordHash } from "./password.ts";

/** What one more step of bcrypt's cost means: twice the time. About a quarter of a second a hash at 12. */
const defaultCost = 12;
/** More hashes at once would take the processor from every other call. */
const maxConcurrent = 2;
/** Whoever would wait for more than these would miss the call's deadline anyway. */
const maxWaiting = 16;

/** Hashes and verifies passwords, never more than a few at once. */
export interface PasswordHasher {
  /** @throws Refusal RATE_LIMITED if too many are waiting. */
  hash(password: string): Promise<string>;
  /**
   * Runs work that verifies passwords, when its turn has come.
   * @throws Refusal RATE_LIMITED if too many are waiting.
   */
  inTurn<T>(work: (verifier: PasswordVerifier) => Promise<T>): Promise<T>;
}

/** Verifies and hashes passwords for who has a turn. */
export interface PasswordVerifier {
  /** Whether the password belongs to the hash. Takes as long without a hash, and answers no. */
  verify(password: string, hash: string | undefined): Promise<boolean>;
  /** Hashes without waiting for a turn of its own, which would never come while others do the same. */
  hash(password: string): Promise<string>;
  /** A new hash if the cost of the old one is lower than today's; undefined if it still stands. */
  rehash(password: string, hash: string): Promise<string | undefined>;
}

/** How hard hashing is. */
export interface PasswordHasherOptions {
  /** bcrypt's cost; 12 unless said otherwise. */
  readonly cost?: number;
}

/** Makes the hasher of a service; it works in the library's own threads. */
export async function createPasswordHasher({
  cost = defaultCost,
}: PasswordHasherOptions = {}): Promise<PasswordHasher> {
  // Verified in place of an account's hash where there is none, so that both take the same time.
  const dummyHash = await bcrypt.hash("no account has this password", cost);
  const turns = new Turns();
  const verifier: PasswordVerifier = {
    async verify(password, hash) {
      const comparable = fitsPasswordHash(password) ? password : "";
      const matches = await bcrypt.compare(comparable, hash ?? dummyHash);
      return matches && hash !== undefined && comparable === password;
    },
    hash: (password) => bcrypt.hash(password, cost),
    rehash: async (password, hash) => (bcrypt.getRounds(hash) < cost ? bcrypt.hash(password, cost) : undefined),
  };
  return {
    hash: (password) => turns.take(() => bcrypt.hash(password, cost)),
    inTurn: (work) => turns.take(() => work(verifier)),
  };
}

/** Lets a few work at once and a bounded number wait. A class because it remembers who waits. */
class Turns {
  #working = 0;
  readonly #waiting: (() => void)[] = [];

  async take<T>(work: () => Promise<T>): Promise<T> {
    await this.#enter();
    try {
      return await work();
    } finally {
      this.#leave();
    }
  }

  async #enter(): Promise<void> {
    if (this.#working < maxConcurrent) {
      this.#working += 1;
      return;
    }
    if (this.#waiting.length >= maxWaiting) {
      throw refuse(Reason.RATE_LIMITED, "too many logins at once", { details: [retryInfo(2_000)] });
    }
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** The place passes on to the next who waits, so that nobody slips in between. */
  #leave(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#working -= 1;
  }
}
