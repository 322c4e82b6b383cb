import type { ServiceImpl } from "@connectrpc/connect";
import { type Health, HealthCheckResponse_ServingStatus as Status } from "#gen/grpc/health/v1/health_pb.ts";
import { raceAbort } from "#platform/rpc/abort.ts";
import { notFound } from "#platform/rpc/refusal.ts";

/** Whether something works, as the health protocol spells it. */
export type HealthStatus = "SERVING" | "NOT_SERVING";

/**
 * Knows what works. The name "" is the service as a whole: its own database and schema. `broker` is the message broker,
 * without which the service works on.
 */
export interface HealthSource {
  statuses(): ReadonlyMap<string, HealthStatus>;
  /** @returns stops listening. */
  onChange(listener: () => void): () => void;
}

/**
 * Answers grpc.health.v1. The full name of each registered service is a name for "". A class because it remembers who
 * waits for a change; `close` lets go of the source.
 */
export class HealthDesk {
  readonly #source: HealthSource;
  readonly #serviceNames: ReadonlySet<string>;
  readonly #stopListening: () => void;
  #change = Promise.withResolvers<void>();
  #isDraining = false;

  constructor(source: HealthSource, serviceNames: Iterable<string>) {
    this.#source = source;
    this.#serviceNames = new Set(serviceNames);
    this.#stopListening = source.onChange(() => this.#announce());
  }

  /** Says from now on that nothing is served here: the service is about to stop. */
  drain(): void {
    this.#isDraining = true;
    this.#announce();
  }

  close(): void {
    this.#stopListening();
  }

  /** The service of the protocol. */
  readonly service: ServiceImpl<typeof Health> = {
    check: ({ service }) => {
      const status = this.#statusOf(service);
      if (status === undefined) throw notFound("service", service.slice(0, 200));
      return { status };
    },
    watch: ({ service }, { signal }) => this.#watch(service, signal),
    list: () => ({
      statuses: Object.fromEntries(
        this.#names().map((name) => [name, { status: this.#statusOf(name) ?? Status.UNKNOWN }]),
      ),
    }),
  };

  async *#watch(name: string, signal: AbortSignal): AsyncGenerator<{ status: Status }> {
    let last: Status | undefined;
    for (;;) {
      // Taken before the status is read, so that no change falls between the two.
      const change = this.#change.promise;
      const status = this.#statusOf(name) ?? Status.SERVICE_UNKNOWN;
      if (status !== last) yield { status };
      last = status;
      await raceAbort(change, signal);
    }
  }

  #statusOf(name: string): Status | undefined {
    const statuses = this.#source.statuses();
    const status = statuses.get(name) ?? (this.#serviceNames.has(name) ? statuses.get("") : undefined);
    if (status === undefined) return undefined;
    return status === "SERVING" && !this.#isDraining ? Status.SERVING : Status.NOT_SERVING;
  }

  #names(): readonly string[] {
    return [...new Set([...this.#source.statuses().keys(), ...this.#serviceNames])];
  }

  #announce(): void {
    this.#change.resolve();
    this.#change = Promise.withResolvers<void>();
  }
}
