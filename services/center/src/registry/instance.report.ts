import type { Work } from "#platform/database/unit-of-work.ts";
import type { IdSource } from "#platform/id.ts";
import type { ServiceName } from "#platform/service-name.ts";
import { serviceChanged } from "./registered-service.events.ts";
import { lockRegisteredServiceByName, saveRegisteredService } from "./registered-service.store.ts";
import { instanceName, type RegisteredService, type RegisteredServiceId } from "./registered-service.ts";

/** What an instance says of itself. */
export interface InstanceReport {
  readonly service: ServiceName;
  /** host:port where it answers. */
  readonly address: string;
  /** What it runs. */
  readonly release: string;
  readonly newId: IdSource;
}

/** Enters an instance in the registry, or what is new about it, and tells the world if there is anything new. */
export async function reportInstance(work: Work, report: InstanceReport): Promise<RegisteredService> {
  const { service, address, release, newId } = report;
  const { tx, now } = work;
  const name = instanceName(service, address);
  const known = await lockRegisteredServiceByName(tx, name);
  const isSame = known?.status === "ACTIVE" && known.release === release;
  const entry: RegisteredService = {
    id: known?.id ?? (newId() as RegisteredServiceId),
    name,
    type: "MESH",
    status: "ACTIVE",
    address,
    release,
    lastHeartbeatTime: now,
    version: (known?.version ?? 0) + (isSame ? 0 : 1),
    createTime: known?.createTime ?? now,
  };
  if (isSame) return entry;
  await saveRegisteredService(tx, entry, { now });
  work.emit(serviceChanged(entry, now));
  work.touched("service", entry.id);
  return entry;
}
