import type { ClientBase } from "pg";
import { serviceNames } from "#platform/service-name.ts";
import type { SiloClients } from "./close-silos.ts";

/** Hands the relays the Imported events that were held back until the cut-over. Answers how many. May be repeated. */
export async function releaseHeldEvents(silos: SiloClients): Promise<number> {
  const counts = await Promise.all(serviceNames.map((service) => release(silos[service])));
  return counts.reduce((sum, count) => sum + count, 0);
}

async function release(silo: ClientBase): Promise<number> {
  const { rowCount } = await silo.query("update outbox_event set published_at = null where published_at = 'infinity'");
  return rowCount ?? 0;
}
