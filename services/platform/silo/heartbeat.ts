import { setTimeout as sleep } from "node:timers/promises";
import type { Client } from "@connectrpc/connect";
import type { ServiceRegistryService } from "#gen/medport/center/v1/service_registry_service_pb.ts";
import { system } from "#platform/rpc/peer.ts";
import { reasonOf } from "#platform/rpc/refusal.ts";
import type { Logger } from "#platform/telemetry/log.ts";

/** What an instance says of itself. */
export interface HeartbeatOptions {
  readonly registry: Pick<Client<typeof ServiceRegistryService>, "reportInstance">;
  /** host:port where the instance answers. */
  readonly address: string;
  readonly version: string;
  readonly log: Logger;
  /** Milliseconds from one to the next; 10 000 if absent. */
  readonly everyMs?: number;
}

/** Tells Center that this instance is there, now and again and again, until disposed. Center may be away meanwhile. */
export function startHeartbeat({
  registry,
  address,
  version,
  log,
  everyMs = 10_000,
}: HeartbeatOptions): AsyncDisposable {
  const stop = new AbortController();
  const { signal } = stop;
  const beat = async (): Promise<void> => {
    let wasHeard: boolean | undefined;
    while (!signal.aborted) {
      const reason = await registry.reportInstance({ address, version }, system({ signal, timeoutMs: 2_000 })).then(
        () => undefined,
        (error: unknown) => reasonOf(error) ?? String(error),
      );
      const isHeard = reason === undefined;
      // Once for each change: a Center that is away for an hour is one entry.
      if (!isHeard && wasHeard !== false && !signal.aborted) log.warn({ event: "heartbeat.unheard", reason });
      if (isHeard && wasHeard === false) log.info({ event: "heartbeat.heard" });
      wasHeard = isHeard;
      await sleep(everyMs, undefined, { signal }).catch(() => undefined);
    }
  };
  const life = beat();
  return {
    [Symbol.asyncDispose]: () => {
      stop.abort();
      return life;
    },
  };
}
