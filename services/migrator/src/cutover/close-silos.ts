import type { ClientBase } from "pg";
import { inPatientTransaction } from "../capture/in-transaction.ts";
import { type ServiceName, serviceNames } from "#platform/service-name.ts";

/** A connection to each silo, of the role that owns its tables. */
export type SiloClients = Readonly<Record<ServiceName, ClientBase>>;

/**
 * Keeps users from changing anything in the silos, from now on and for as long as it takes: before the cut-over, and
 * when the move is taken back. Every change of a silo comes with an event, and the outbox takes no events but from the
 * tables' owner: so services may be started and stopped, and read from. A service that logs in as the owner is not kept
 * from anything, and must be stopped. What was under way is waited for. May be repeated.
 */
export async function closeSilos(silos: SiloClients): Promise<void> {
  for (const service of serviceNames) {
    await inPatientTransaction(silos[service], () => silos[service].query(closeSql));
  }
}

/** Lets users change things again. May be repeated. */
export async function openSilos(silos: SiloClients): Promise<void> {
  for (const service of serviceNames) {
    await inPatientTransaction(silos[service], () => silos[service].query(openSql));
  }
}

/** Whether all silos are closed. */
export async function areSilosClosed(silos: SiloClients): Promise<boolean> {
  for (const service of serviceNames) {
    const { rows } = await silos[service].query(
      "select 1 from pg_class where oid = 'public.outbox_event'::regclass and relrowsecurity",
    );
    if (rows.length === 0) return false;
  }
  return true;
}

// Not a trigger: the services would take it for a fault of their schema, and say that they do not serve. The change waits
// for transactions that have written to the table, and those that have not yet will meet it.
const closeSql = `
  alter table public.outbox_event enable row level security;
  drop policy if exists medport_closed_read on public.outbox_event;
  drop policy if exists medport_closed_note on public.outbox_event;
  create policy medport_closed_read on public.outbox_event for select using (true);
  create policy medport_closed_note on public.outbox_event for update using (true)`;

const openSql = `
  alter table public.outbox_event disable row level security;
  drop policy if exists medport_closed_read on public.outbox_event;
  drop policy if exists medport_closed_note on public.outbox_event`;
