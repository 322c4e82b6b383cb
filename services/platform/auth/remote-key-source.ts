import type { Client } from "@connectrpc/connect";
import type { CryptoKey } from "jose";
import type { AuthService } from "#gen/medport/center/v1/auth_service_pb.ts";
import { Reason } from "#gen/medport/errors/v1/reason_pb.ts";
import { parsePublicJwk, type PublicJwk } from "./jwk.ts";
import { keysById, type KeySource } from "./key-source.ts";
import type { PublishedKeys } from "./published-keys.ts";
import type { Clock } from "#platform/clock.ts";
import { refuse } from "#platform/rpc/refusal.ts";
import type { Logger } from "#platform/telemetry/log.ts";

/** However many unknown key ids arrive, the issuer is asked at most once in this time. */
const fetchPauseMs = 30_000;
/** Keys that the issuer has withdrawn are forgotten within this time. */
const refreshMs = 5 * 60_000;
/** While no key at all is known the service can do nothing for anybody, so it asks more often. */
const firstKeysRetryMs = 1_000;

/** A source of keys that follows their issuer; dispose it to stop. */
export interface RemoteKeySource extends KeySource, AsyncDisposable {}

/** What a remote key source needs. */
export interface RemoteKeySourceOptions {
  /** Asks the issuer; see `fetchSigningKeys`. */
  readonly fetchKeys: (signal: AbortSignal) => Promise<readonly PublicJwk[]>;
  /** The copy in the own database, by which tokens can be verified after a restart while the issuer is down. */
  readonly copy: PublishedKeys;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Starts to follow the issuer's keys: the copy answers at once, and the issuer is asked in the background. */
export async function startRemoteKeySource(options: RemoteKeySourceOptions): Promise<RemoteKeySource> {
  const source = new FollowingKeySource(options);
  await source.start();
  return source;
}

/** Asks Center for its keys. @throws as the client does, and Error if the answer holds something that is no key. */
export async function fetchSigningKeys(
  client: Pick<Client<typeof AuthService>, "listSigningKeys">,
  signal: AbortSignal,
): Promise<readonly PublicJwk[]> {
  const { keys } = await client.listSigningKeys({}, { signal, timeoutMs: 5_000 });
  return keys.map(({ keyId, x, y }) => {
    const key = parsePublicJwk({ kty: "EC", crv: "P-256", kid: keyId, x, y });
    if (!key) throw new Error("the issuer published something that is not a P-256 key");
    return key;
  });
}

/** Follows the issuer's keys. A class because it remembers them and owns a timer. */
class FollowingKeySource implements RemoteKeySource {
  readonly #options: RemoteKeySourceOptions;
  readonly #stop = new AbortController();
  #keys: ReadonlyMap<string, CryptoKey> = new Map();
  #askedAtMs = Number.NEGATIVE_INFINITY;
  #refreshing: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: RemoteKeySourceOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    this.#keys = await keysById(await this.#options.copy.load());
    void this.#refresh();
  }

  async find(kid: string): Promise<CryptoKey | undefined> {
    const known = this.#keys.get(kid);
    if (known) return known;
    if (this.#refreshing || this.#mayAsk()) await this.#refresh();
    if (this.#keys.size === 0) throw refuse(Reason.DEPENDENCY_DOWN, "the keys of user tokens are not known yet");
    return this.#keys.get(kid);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    clearTimeout(this.#timer);
    await this.#refreshing;
  }

  #mayAsk(): boolean {
    return this.#options.clock().getTime() - this.#askedAtMs >= fetchPauseMs;
  }

  /** Asks once however many wait for the answer. Never rejects: what is known stays known. */
  #refresh(): Promise<void> {
    this.#refreshing ??= this.#ask().finally(() => {
      this.#refreshing = undefined;
      this.#schedule();
    });
    return this.#refreshing;
  }

  async #ask(): Promise<void> {
    this.#askedAtMs = this.#options.clock().getTime();
    try {
      const published = await this.#options.fetchKeys(this.#stop.signal);
      if (published.length === 0) throw new Error("the issuer published no key");
      this.#keys = await keysById(published);
      await this.#options.copy.replace(published);
    } catch (error) {
      // Not rethrown: those already known still verify, and the timer asks again.
      if (!this.#stop.signal.aborted) this.#options.log.warn({ event: "keys.refresh_failed", err: error });
    }
  }

  #schedule(): void {
    clearTimeout(this.#timer);
    if (this.#stop.signal.aborted) return;
    const waitMs = this.#keys.size === 0 ? firstKeysRetryMs : refreshMs;
    this.#timer = setTimeout(() => void this.#refresh(), waitMs).unref();
  }
}
